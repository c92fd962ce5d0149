#include "tests/guest/crash_catcher.h"

#include "cpu/idt.h"
#include "kernel/guarded_call.h"

namespace quire::test {
namespace {

constinit std::optional<cpu::TrapFrame> caught;

cpu::Trap catch_frame(cpu::TrapFrame& frame) {
    caught = frame;
    kernel::abandon_guarded_call(frame);
    return cpu::Trap::Handled;
}

void call_and_come_back(void (*code)()) {
    kernel::call_guarded([](void* function) { (*static_cast<void (**)()>(function))(); }, &code);
}

}  // namespace

std::optional<cpu::TrapFrame> catch_trap(std::uint8_t vector, void (*code)()) {
    caught.reset();
    const cpu::TrapHandler before = cpu::set_trap_handler(vector, catch_frame);
    call_and_come_back(code);
    cpu::set_trap_handler(vector, before);
    return caught;
}

std::optional<cpu::TrapFrame> catch_system_call(void (*code)()) {
    caught.reset();
    const auto before =
        cpu::set_system_call_handler([](cpu::TrapFrame& frame) { (void)catch_frame(frame); });
    call_and_come_back(code);
    cpu::set_system_call_handler(before);
    return caught;
}

}  // namespace quire::test
