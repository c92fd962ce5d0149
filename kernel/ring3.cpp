#include "kernel/ring3.h"

#include "cpu/descriptor_tables.h"
#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/guarded_call.h"
#include "kernel/panic.h"
#include "kernel/system.h"
#include "kernel/virtual_memory.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::kernel {
namespace {

constexpr mm::PageNumber kPage{0x00400};
constexpr mm::PageRange kTableRange =
    mm::PageRange::of(mm::PageNumber(0x00400), mm::PageCount(mm::kEntriesPerTable));

// Goes to the page by IRET. Traps come back on this stack, below what stands on it now.
void enter(void* eflags) {
    const std::uint32_t first = start_of(kPage).raw();
    std::uint32_t stack_pointer;
    asm volatile("movl %%esp, %0" : "=r"(stack_pointer));
    constexpr std::uint32_t kRoomForThisFunction = 128;
    cpu::main_task_state().esp0 = stack_pointer - kRoomForThisFunction;
    asm volatile("pushl %0\n pushl %1\n pushl %2\n pushl %3\n pushl %4\n iret"
                 :
                 : "i"(cpu::kUserData), "r"(first + mm::kPageSize - 16),
                   "r"(*static_cast<std::uint32_t*>(eflags) | cpu::kEflagsAlwaysSet),
                   "i"(cpu::kUserCode), "r"(first)
                 : "memory");
}

// The page is in the kernel's own directory; a program's may be loaded, where programs run. Whoever
// runs next loads its own again.
void load_kernel_directory() {
    System* const system = attached_system();
    if (system == nullptr || system->virtual_memory == nullptr) return;
    mm::UserMemory& memory = system->virtual_memory->user_memory();
    memory.load(memory.kernel().frame());
}

}  // namespace

Result<void> run_in_ring3(Memory& memory, std::span<const std::uint8_t> code,
                          std::uint32_t eflags) {
    mm::OwnedFrame frame = TRY(memory.frames().allocate_zeroed());
    memcpy(mm::frame_bytes(frame.number()), code.data(), code.size());
    mm::PageDirectory& directory = memory.map().directory();
    TRY(directory.map(kPage, mm::Pte::for_frame(frame.number(), mm::Protection::UserReadWrite)));

    load_kernel_directory();
    const auto before = cpu::set_system_call_handler(abandon_guarded_call);
    call_guarded(enter, &eflags);
    cpu::set_system_call_handler(before);

    mm::FlushBatch batch(memory.frames());
    directory.unmap(kPage).join(batch);
    directory.retire_empty_tables(kTableRange, batch);
    batch.flush();
    return {};
}

}  // namespace quire::kernel
