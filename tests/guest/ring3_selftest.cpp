// A short step into ring 3 and back: what only happens there.
#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/memory.h"
#include "kernel/selftest.h"
#include "libc/string.h"
#include "mm/physical_window.h"
#include "tests/guest/crash_catcher.h"

namespace quire::test {
namespace {

constexpr mm::PageNumber kUserPage{0x00400};
constexpr std::uint32_t kUserFlags = 2;  // interrupts off; bit 1 always reads 1

alignas(16) std::byte trap_stack[4096];
constinit std::uint32_t user_flags = kUserFlags;

// Runs the user page in ring 3 with its end as the stack. Comes back only by a trap.
void enter_ring3() {
    cpu::TaskState& tss = cpu::main_task_state();
    tss.esp0 = reinterpret_cast<std::uint32_t>(trap_stack + sizeof(trap_stack));
    asm volatile(
        "pushl %0\n pushl %1\n pushl %2\n pushl %3\n pushl %4\n iret"
        :
        : "i"(cpu::kUserData), "r"(start_of(kUserPage).raw() + mm::kPageSize - 16),
          "r"(user_flags), "i"(cpu::kUserCode), "r"(start_of(kUserPage).raw())
        : "memory");
}

// Puts `code` into a fresh frame that only ring 3 sees at kUserPage, and runs it.
std::optional<cpu::TrapFrame> run_in_ring3(kernel::SelfTest& test,
                                           std::span<const std::uint8_t> code,
                                           std::uint8_t expected_vector) {
    kernel::Memory& memory = *test.system().memory;
    auto allocated = memory.frames().allocate_zeroed();
    CHECK(allocated.ok());
    if (!allocated.ok()) return std::nullopt;
    mm::OwnedFrame frame = allocated.take();
    memcpy(mm::frame_bytes(frame.number()), code.data(), code.size());
    mm::PageDirectory& directory = memory.map().directory();
    CHECK(directory
              .map(kUserPage,
                   mm::Pte::for_frame(frame.number(), mm::Protection::UserReadWrite))
              .ok());
    const auto trap = catch_trap(expected_vector, enter_ring3);
    mm::FlushBatch batch(memory.frames());
    directory.unmap(kUserPage).join(batch);
    directory.retire_empty_tables(mm::PageRange::of(mm::PageNumber(0x400), mm::PageCount(1024)),
                                  batch);
    batch.flush();
    return trap;
}

SELFTEST(ring3_reaches_the_kernel_through_int_80) {
    static constexpr std::uint8_t kCode[] = {0xB8, 0x78, 0x56, 0x34, 0x12,  // mov eax, 0x12345678
                                             0xCD, 0x80};                   // int 0x80
    const auto frame = run_in_ring3(test, kCode, cpu::kSystemCallVector);
    CHECK(frame.has_value() && frame->from_user() && frame->eax == 0x12345678);
    CHECK(frame.has_value() && frame->cs == cpu::kUserCode && frame->user_ss == cpu::kUserData);
}

SELFTEST(ring3_may_not_touch_kernel_pages_or_stop_the_cpu) {
    static constexpr std::uint8_t kReadKernel[] = {0x36, 0xA1, 0x00, 0x80, 0x0B, 0xC0};  // [C00B8000]
    auto frame = run_in_ring3(test, kReadKernel, cpu::exception::kPageFault);
    CHECK(frame.has_value() && frame->error_code == 5 && cpu::read_cr2() == 0xC00B8000);
    static constexpr std::uint8_t kHalt[] = {0xF4};
    frame = run_in_ring3(test, kHalt, cpu::exception::kGeneralProtection);
    CHECK(frame.has_value() && frame->error_code == 0 && frame->from_user());
    static constexpr std::uint8_t kPort[] = {0xE4, 0x60};  // in al, 0x60
    frame = run_in_ring3(test, kPort, cpu::exception::kGeneralProtection);
    CHECK(frame.has_value() && frame->from_user());
}

// With CR0.AM and EFLAGS.AC, an unaligned access in ring 3 raises #AC (SDM 3A 6.15). QEMU's
// translator does not check alignment: there the code goes on to INT3.
SELFTEST(unaligned_access_in_ring3_raises_alignment_check) {
    static constexpr std::uint8_t kCode[] = {0x8B, 0x44, 0x24, 0x01,  // mov eax, [esp + 1]
                                             0xCC};                   // int3
    cpu::write_cr0(cpu::read_cr0() | cpu::kCr0AlignmentMask);
    user_flags = kUserFlags | cpu::kEflagsAlignmentCheck;
    const bool checks = !test.system().features.hypervisor();
    const auto frame = run_in_ring3(
        test, kCode, checks ? cpu::exception::kAlignmentCheck : cpu::exception::kBreakpoint);
    user_flags = kUserFlags;
    cpu::write_cr0(cpu::read_cr0() & ~cpu::kCr0AlignmentMask);
    CHECK(frame.has_value() && frame->from_user() && frame->error_code == 0);
    if (!checks) test.system().console.print("# #AC is not raised by this machine\n");
}

}  // namespace
}  // namespace quire::test
