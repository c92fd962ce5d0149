// What only happens in ring 3: the way in by INT 80h, and what it is refused.
#include "cpu/descriptor_tables.h"
#include "cpu/exceptions.h"
#include "cpu/idt.h"
#include "cpu/registers.h"
#include "kernel/memory.h"
#include "kernel/ring3.h"
#include "kernel/selftest.h"
#include "tests/guest/crash_catcher.h"

namespace quire::test {
namespace {

constinit std::span<const std::uint8_t> code_to_run;
constinit kernel::Memory* memory_to_use = nullptr;

// Runs `code` in ring 3 and returns the frame of the trap `vector` that it ends in.
std::optional<cpu::TrapFrame> trap_of(kernel::SelfTest& test, std::span<const std::uint8_t> code,
                                      std::uint8_t vector) {
    code_to_run = code;
    memory_to_use = test.system().memory;
    return catch_trap(vector, [] {
        (void)kernel::run_in_ring3(*memory_to_use, code_to_run, 0);  // a failure leaves no frame
    });
}

SELFTEST(ring3_reaches_the_kernel_and_comes_back) {
    static constexpr std::uint8_t kCode[] = {0xB8, 0x78, 0x56, 0x34, 0x12,  // mov eax, 0x12345678
                                             0xCD, 0x30};                   // int 0x30: not for it
    const auto frame = trap_of(test, kCode, cpu::exception::kGeneralProtection);
    CHECK(frame.has_value() && frame->from_user() && frame->eax == 0x12345678);
    CHECK(frame.has_value() && frame->cs == cpu::kUserCode && frame->user_ss == cpu::kUserData);
    CHECK(frame.has_value() && frame->error_code == 0x30 * 8 + 2);  // the IDT's entry 30h

    const mm::PageCount free = test.system().memory->frames().free_frames();
    static constexpr std::uint8_t kSystemCall[] = {0xCD, 0x80};
    CHECK(kernel::run_in_ring3(*test.system().memory, kSystemCall, 0).ok());
    CHECK(test.system().memory->frames().free_frames() == free);
}

SELFTEST(ring3_may_not_touch_kernel_pages_or_stop_the_cpu) {
    static constexpr std::uint8_t kReadKernel[] = {0x36, 0xA1, 0x00, 0x80, 0x0B, 0xC0};
    auto frame = trap_of(test, kReadKernel, cpu::exception::kPageFault);  // [C00B8000]
    CHECK(frame.has_value() && frame->error_code == 5 && cpu::read_cr2() == 0xC00B8000);
    static constexpr std::uint8_t kHalt[] = {0xF4};
    frame = trap_of(test, kHalt, cpu::exception::kGeneralProtection);
    CHECK(frame.has_value() && frame->error_code == 0 && frame->from_user());
    static constexpr std::uint8_t kPort[] = {0xE4, 0x60};  // in al, 0x60
    frame = trap_of(test, kPort, cpu::exception::kGeneralProtection);
    CHECK(frame.has_value() && frame->from_user());
}

SELFTEST(ring3_needs_memory_to_run) {
    kernel::Memory& memory = *test.system().memory;
    static constexpr std::uint8_t kSystemCall[] = {0xCD, 0x80};
    const mm::PageCount free = memory.frames().free_frames();
    for (std::uint32_t n = 1; n <= 2; ++n) {  // the frame, its page table
        memory.frames().injector().fail_nth(n);
        const auto result = kernel::run_in_ring3(memory, kSystemCall, 0);
        CHECK(!result.ok() && result.error() == Error::OutOfMemory);
        CHECK(memory.frames().free_frames() == free);
    }
    memory.frames().injector().fail_nth(0);
    memory.check_invariants();
}

}  // namespace
}  // namespace quire::test
