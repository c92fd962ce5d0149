#include "kernel/threads.h"

#include "cpu/descriptor_tables.h"
#include "cpu/fpu.h"
#include "cpu/irq.h"
#include "kernel/base/panic.h"
#include "kernel/virtual_memory.h"
#include "libc/string.h"

// switch_stacks(save, load): what a function must keep goes onto the old stack and comes back from
// the new one, and so does the place to return to.
//
// A new thread "returns" to one of the two others, with what it is to do in registers.
asm(R"(
    .text
    .globl switch_stacks
    .type switch_stacks, @function
switch_stacks:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, (%eax)
    movl %edx, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

    .globl kernel_thread_start
    .type kernel_thread_start, @function
kernel_thread_start:                    # ebx: entry, esi: its context
    call thread_begins
    sti
    movl %esi, %eax
    call *%ebx
    call kernel_thread_ends

    .globl user_thread_start
    .type user_thread_start, @function
user_thread_start:                      # esp: the TrapFrame
    call thread_begins
    .globl leave_to_ring3
leave_to_ring3:
    movl %esp, %eax
    call before_ring3
    jmp return_from_trap
)");

extern "C" void switch_stacks(std::uint32_t* save, std::uint32_t load);
extern "C" void kernel_thread_start();
extern "C" void user_thread_start();
extern "C" void thread_begins();
extern "C" [[noreturn]] void kernel_thread_ends();

namespace quire::kernel {
namespace {

constexpr std::uint32_t kSavedRegisters = 4;

constinit Threads* the_threads = nullptr;

// What switch_stacks() takes from the stack of a thread that runs for the first time.
struct FirstSwitch {
    std::uint32_t edi = 0, esi = 0, ebx = 0, ebp = 0;
    std::uint32_t start = 0;
    std::uint32_t end_of_backtrace[2] = {};
};
static_assert(offsetof(FirstSwitch, start) == kSavedRegisters * sizeof(std::uint32_t));

std::uint32_t address_of(void (*function)()) {
    return reinterpret_cast<std::uint32_t>(function);
}

// Puts `what` at the top of what is free on a new stack; returns the new top.
template <typename T>
std::uint32_t push(std::uint32_t top, const T& what) {
    memcpy(reinterpret_cast<void*>(top - sizeof(T)), &what, sizeof(T));
    return top - sizeof(T);
}

}  // namespace

Threads::Threads(Memory& memory, VirtualMemory& virtual_memory, const cpu::Features& features)
    : memory_(memory),
      virtual_memory_(virtual_memory),
      threads_(memory.slabs(), "task_struct"),
      stacks_(memory.slabs(), "kernel_stack") {
    the_threads = this;
    cpu::start_fpu(features);
    auto boot = threads_.allocate(0U, nullptr);
    auto idle = start_kernel_thread(
        "idle", [](void* threads) { static_cast<Threads*>(threads)->idle(); }, this);
    if (!boot.ok() || !idle.ok()) panic("no memory for the idle thread");
    idle_ = idle.value();
    scheduler_.remove(*idle_);  // it runs when nobody else does
    running_ = boot.value();
    running_->name = "boot";
    scheduler_.add_running(*running_);
}

// --- Stacks --------------------------------------------------------------------------------------

Result<KernelStack*> Threads::take_stack(const char* name) {
    if (KernelStack* kept = kept_stacks_.pop_front()) {
        --kept_count_;
        return kept;
    }
    TRY(virtual_memory_.reclaim().make_room(kStackPages));
    KernelStack* stack = TRY(stacks_.allocate());
    const Result<void> mapped = memory_.dynamic_area().map_stack(stack->range, kStackPages, name);
    if (!mapped.ok()) {
        stacks_.release(stack);
        return mapped.error();
    }
    ++stack_count_;
    return stack;
}

void Threads::return_stack(KernelStack* stack) {
    if (kept_count_ < kMostKeptStacks) {
        kept_stacks_.push_front(*stack);
        ++kept_count_;
        return;
    }
    memory_.dynamic_area().unmap(stack->range);
    stacks_.release(stack);
    --stack_count_;
}

// --- Making and ending ---------------------------------------------------------------------------

Result<Thread*> Threads::start_kernel_thread(const char* name, void (*entry)(void*),
                                             void* context) {
    Thread* thread = TRY(threads_.allocate(0U, nullptr));
    auto stack = take_stack("kernel stack");
    if (!stack.ok()) {
        threads_.release(thread);
        return stack.error();
    }
    thread->name = name;
    thread->stack = stack.value();
    FirstSwitch first;
    first.ebx = reinterpret_cast<std::uint32_t>(entry);
    first.esi = reinterpret_cast<std::uint32_t>(context);
    first.start = address_of(kernel_thread_start);
    // Room for registers, should it become a program.
    thread->saved_esp = push(thread->stack->top() - sizeof(cpu::TrapFrame), first);
    scheduler_.add(*thread);
    return thread;
}

Result<Thread*> Threads::create(Process& process, ProcessId tid, const cpu::TrapFrame& frame) {
    Thread* thread = TRY(threads_.allocate(tid, &process));
    auto stack = take_stack("kernel stack");
    if (!stack.ok()) {
        threads_.release(thread);
        return stack.error();
    }
    thread->stack = stack.value();
    FirstSwitch first;
    first.start = address_of(user_thread_start);
    const std::uint32_t top = push(thread->stack->top(), frame);
    // Above the place to start at is the frame at once.
    std::uint32_t esp = push(top, first.start);
    for (std::uint32_t i = 0; i < kSavedRegisters; ++i)
        esp = push(esp, std::uint32_t{0});
    thread->saved_esp = esp;
    return thread;
}

void Threads::undo(Thread& thread) {
    ASSERT(thread.scheduler == nullptr);
    release(thread);
}

void Threads::release(Thread& thread) {
    if (fpu_owner_ == &thread) fpu_owner_ = nullptr;
    if (thread.process_hook.is_linked()) thread.process_hook.unlink();
    if (thread.scheduler != nullptr) scheduler_.remove(thread);
    if (thread.stack != nullptr) return_stack(thread.stack);
    threads_.release(&thread);
}

cpu::TrapFrame& Threads::user_frame(Thread& thread) {
    return *reinterpret_cast<cpu::TrapFrame*>(thread.stack->top() - sizeof(cpu::TrapFrame));
}

void Threads::enter_program() {
    asm volatile("movl %0, %%esp\n jmp leave_to_ring3" : : "r"(&user_frame(*running_)) : "memory");
    __builtin_unreachable();
}

void Threads::end_current() {
    ASSERT(ended_ == nullptr && running_->active_space == nullptr);
    scheduler_.end_current();
    ended_ = running_;
    switch_away();
    panic("a thread that has ended runs");
}

// --- Switching -----------------------------------------------------------------------------------

void Threads::switch_away() {
    if (deferred_.is_pending()) deferred_.run();
    const cpu::InterruptGuard guard;
    Thread* next = scheduler_.next();
    if (next == nullptr) next = idle_;
    if (deferred_.is_pending()) next->must_look = true;  // it came just now
    if (next != running_) switch_to(*next);
}

void Threads::switch_to(Thread& next) {
    Thread& previous = *running_;
    running_ = &next;
    if (next.active_space != nullptr)
        virtual_memory_.user_memory().load(next.active_space->pages().directory().frame());
    if (next.stack != nullptr) cpu::main_task_state().esp0 = next.stack->top();
    if (next.process != nullptr && fpu_owner_ != &next) load_registers(next);
    switch_stacks(&previous.saved_esp, next.saved_esp);
    finish_switch();
}

// What the kernel leaves alone, and so still is as the program that ran last has it: FPU registers,
// and the descriptors of thread-local storage.
void Threads::load_registers(Thread& next) {
    for (std::uint32_t i = 0; i < Thread::kTlsEntries; ++i) {
        if (fpu_owner_ == nullptr || fpu_owner_->tls[i] != next.tls[i])
            cpu::set_tls_descriptor(i, next.tls[i]);
    }
    if (fpu_owner_ != nullptr) cpu::save_fpu(fpu_owner_->fpu.bytes.data());
    load_fpu(next);
}

// On the stack of the thread that runs now.
void Threads::finish_switch() {
    if (ended_ == nullptr) return;
    Thread& ended = *ended_;
    ended_ = nullptr;
    release(ended);
}

void Threads::use_space(mm::AddressSpace* space) {
    running_->active_space = space;
    const mm::PageDirectory& directory =
        space == nullptr ? virtual_memory_.user_memory().kernel() : space->pages().directory();
    virtual_memory_.user_memory().load(directory.frame());
}

void Threads::save_fpu(Thread& thread) {
    if (fpu_owner_ == &thread) cpu::save_fpu(thread.fpu.bytes.data());
}

void Threads::copy_fpu(Thread& from, Thread& to) {
    if (fpu_owner_ == &from) {
        cpu::save_fpu(to.fpu.bytes.data());
    } else {
        to.fpu = from.fpu;
    }
}

void Threads::load_fpu(Thread& thread) {
    if (running_ != &thread) return;
    cpu::load_fpu(thread.fpu.bytes.data());
    fpu_owner_ = &thread;
}

// Nobody is ready: frames are cleared for those who will ask for zeroed ones, then the CPU sleeps
// until an interrupt has left a note.
void Threads::idle() {
    for (;;) {
        deferred_.run();
        if (scheduler_.someone_is_ready()) {
            switch_away();
            continue;
        }
        if (memory_.frames().zero_one_ahead()) continue;
        cpu::disable_interrupts();
        if (deferred_.is_pending()) {
            cpu::enable_interrupts();
        } else {
            cpu::enable_interrupts_and_halt();
        }
    }
}

void Threads::check_invariants() {
    scheduler_.check_invariants();
    kept_stacks_.check_invariants();
    ASSERT(scheduler_.current() == (is_idle() ? nullptr : running_));
    for (Thread& thread : scheduler_.all())
        ASSERT(thread.process == nullptr || thread.stack != nullptr);
}

}  // namespace quire::kernel

using namespace quire::kernel;

void thread_begins() {
    the_threads->finish_switch();
}

void kernel_thread_ends() {
    the_threads->end_current();
}
