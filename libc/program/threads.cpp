// pthread_create(3) to pthread_exit(3).
//
// Who gives a thread's stack back? If it is detached, the thread itself, as its last act; else who
// joins it, after the kernel has said that it has ended. One word decides, and only the first
// change of it counts:
//
//      Joinable --pthread_detach--> Detached     the thread unmaps itself
//      Joinable --its end---------> Ended        join (or a later detach) waits for the kernel and
//      unmaps
//
// This file calls the program, so its stack is aligned as the program's.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kernel/abi/clone.h"
#include "libc/program/call.h"
#include "libc/program/thread.h"

using quire::libc::Thread;

extern "C" {
long thread_clone(unsigned flags, void* stack, int* parent_tid, void* tls, int* child_tid);
[[noreturn]] void thread_unmap_and_exit(void* mapping, size_t size);
/// Hooks that start.cpp and fork look for.
int* thread_error_location() noexcept;
void thread_after_fork();
}

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kUsualStack = 256 * 1024;
constexpr unsigned kFlags = quire::abi::kCloneVm | quire::abi::kCloneFs | quire::abi::kCloneFiles |
                            quire::abi::kCloneSighand | quire::abi::kCloneThread |
                            quire::abi::kCloneSysvsem | quire::abi::kCloneSettls |
                            quire::abi::kCloneParentSettid | quire::abi::kCloneChildCleartid;

Thread first_thread = {};
bool has_several = false;  // a second thread has been made: gs is set
unsigned entry_number = 0;
int count = 1;

/// A segment that begins at the thread and has no end.
using Segment = quire::abi::UserDescriptor;
Segment segment_of(const Thread& thread, unsigned entry) {
    constexpr unsigned kWholeSpace = 0xFFFFF;  // in pages
    return {entry, static_cast<unsigned>(reinterpret_cast<uintptr_t>(&thread)), kWholeSpace,
            quire::abi::kDescriptor32Bit | quire::abi::kDescriptorLimitInPages |
                quire::abi::kDescriptorUseable};
}

/// Lets the kernel clear the thread's number at its end. Returns the number.
int register_tid(Thread& thread) {
    return static_cast<int>(system_call(SYS_set_tid_address, &thread.tid));
}

/// Gives the first thread its gs; false if the kernel refuses.
bool begin_several() {
    if (has_several) return true;
    first_thread.self = &first_thread;
    first_thread.tid = register_tid(first_thread);
    Segment segment = segment_of(first_thread, quire::abi::kDescriptorAnyEntry);
    if (system_call(SYS_set_thread_area, &segment) < 0) return false;
    entry_number = segment.entry;
    constexpr unsigned kUserRights = 3;
    asm volatile("movw %w0, %%gs" : : "r"(entry_number * 8 + kUserRights));
    has_several = true;
    return true;
}

/// The stack, below it a page that nobody may use, with a Thread at its top; or nullptr.
Thread* make_thread(size_t stack_size) {
    const size_t size = (stack_size + sizeof(Thread) + 2 * kPage - 1) / kPage * kPage;
    void* const mapping =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return nullptr;
    if (mprotect(mapping, kPage, PROT_NONE) != 0) {
        munmap(mapping, size);
        return nullptr;
    }
    constexpr size_t kAlignment = 64;
    const auto place =
        (reinterpret_cast<uintptr_t>(mapping) + size - sizeof(Thread)) / kAlignment * kAlignment;
    auto* const thread = reinterpret_cast<Thread*>(place);
    thread->self = thread;
    thread->mapping = mapping;
    thread->mapping_size = size;
    return thread;
}

/// Until the kernel has written that the thread has ended.
void wait_for_end(const Thread& thread) {
    for (;;) {
        const int tid = __atomic_load_n(&thread.tid, __ATOMIC_ACQUIRE);
        if (tid == 0) return;
        quire::libc::futex_wait(&thread.tid, tid);
    }
}

/// From Joinable to something else, once: true for who did it.
bool change_end(Thread& thread, int to) {
    int joinable = quire::libc::Joinable;
    return __atomic_compare_exchange_n(&thread.end, &joinable, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/// No signal may come to a thread without a stack, and the kernel must not write its end there.
[[noreturn]] void leave(Thread& thread) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    const bool is_joined = change_end(thread, quire::libc::Ended);
    if (!is_joined && thread.mapping != nullptr) {
        system_call(SYS_set_tid_address, nullptr);
        thread_unmap_and_exit(thread.mapping, thread.mapping_size);
    }
    for (;;)
        system_call(SYS_exit, 0);
}

void run(Thread* thread) {
    pthread_exit(thread->start(thread->argument));
}

Thread* thread_of(pthread_t thread) {
    return reinterpret_cast<Thread*>(thread);
}

}  // namespace

Thread* quire::libc::this_thread() {
    if (!has_several) return &first_thread;
    Thread* self = nullptr;
    asm volatile("movl %%gs:0, %0" : "=r"(self));  // never before has_several has been looked at
    return self;
}

// The first thread keeps the errno that it has always had (start.cpp).
int* thread_error_location() noexcept {
    Thread* const self = quire::libc::this_thread();
    return self == &first_thread ? nullptr : &self->error_number;
}

// The child has one thread: the one that called fork.
void thread_after_fork() {
    count = 1;
    Thread& self = *quire::libc::this_thread();
    self.tid = register_tid(self);
}

int pthread_create(pthread_t* told, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
    const int error_before = errno;
    Thread* const thread =
        begin_several() ? make_thread(attributes != nullptr ? attributes->_stack_size : kUsualStack)
                        : nullptr;
    errno = error_before;
    if (thread == nullptr) return EAGAIN;
    thread->start = start;
    thread->argument = argument;
    if (attributes != nullptr && attributes->_is_detached != 0) thread->end = quire::libc::Detached;
    // What run() is called with stands at a multiple of 16, as the System V ABI for i386 has it.
    auto** const stack =
        reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(thread) / 16 * 16) - 5;
    stack[0] = reinterpret_cast<void*>(run);
    stack[1] = thread;
    Segment segment = segment_of(*thread, entry_number);
    *told = reinterpret_cast<pthread_t>(thread);
    __atomic_add_fetch(&count, 1, __ATOMIC_ACQ_REL);
    if (thread_clone(kFlags, stack, &thread->tid, &segment, &thread->tid) > 0) return 0;
    __atomic_sub_fetch(&count, 1, __ATOMIC_ACQ_REL);
    munmap(thread->mapping, thread->mapping_size);
    return EAGAIN;
}

// The last one ends the program, as if main had returned.
void pthread_exit(void* result) {
    Thread& self = *quire::libc::this_thread();
    self.result = result;
    quire::libc::destroy_values(self);
    if (__atomic_sub_fetch(&count, 1, __ATOMIC_ACQ_REL) == 0) exit(0);
    leave(self);
}

int pthread_join(pthread_t number, void** result) {
    Thread* const thread = thread_of(number);
    if (thread == quire::libc::this_thread()) return EDEADLK;
    if (__atomic_load_n(&thread->end, __ATOMIC_ACQUIRE) == quire::libc::Detached) return EINVAL;
    wait_for_end(*thread);
    if (result != nullptr) *result = thread->result;
    if (thread->mapping != nullptr) munmap(thread->mapping, thread->mapping_size);
    return 0;
}

int pthread_detach(pthread_t number) {
    Thread* const thread = thread_of(number);
    if (change_end(*thread, quire::libc::Detached)) return 0;
    if (__atomic_load_n(&thread->end, __ATOMIC_ACQUIRE) == quire::libc::Detached) return EINVAL;
    return pthread_join(number, nullptr);
}

pthread_t pthread_self() {
    return reinterpret_cast<pthread_t>(quire::libc::this_thread());
}
int pthread_equal(pthread_t left, pthread_t right) {
    return left == right ? 1 : 0;
}

int pthread_kill(pthread_t number, int signal) {
    const Thread* const thread = thread_of(number);
    const int tid = has_several ? __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE) : gettid();
    if (tid == 0) return ESRCH;
    return static_cast<int>(-system_call(SYS_tgkill, getpid(), tid, signal));
}
int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) {
    return static_cast<int>(-system_call(SYS_rt_sigprocmask, how, set, before, sizeof *set));
}

int pthread_attr_init(pthread_attr_t* attributes) {
    *attributes = {kUsualStack, PTHREAD_CREATE_JOINABLE};
    return 0;
}
int pthread_attr_destroy(pthread_attr_t*) {
    return 0;
}
int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t size) {
    constexpr size_t kMost = 1U << 30;
    if (size < PTHREAD_STACK_MIN || size > kMost) return EINVAL;
    attributes->_stack_size = size;
    return 0;
}
int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state) {
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED) return EINVAL;
    attributes->_is_detached = state;
    return 0;
}
