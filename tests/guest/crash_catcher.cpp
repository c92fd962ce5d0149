#include "tests/guest/crash_catcher.h"

#include "cpu/descriptor_tables.h"
#include "cpu/idt.h"

// call_with_recovery(code): saves what a function must keep, calls code, and returns. The trap
// handler below resumes at recover_from_trap instead, which takes the stack back to where it was.
// An address in the middle of a C++ function would not do: the compiler owns its stack.
asm(R"(
    .text
    .globl call_with_recovery
call_with_recovery:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    pushfl
    movl %esp, recovery_esp
    call *24(%esp)
    jmp 1f
    .globl recover_from_trap
recover_from_trap:
    movl %ss:recovery_esp, %esp      # DS may be null here
1:  popfl
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    movl $0x10, %eax                # a trap from ring 3 left its own data segments
    movl %eax, %ds
    movl %eax, %es
    ret
    .local recovery_esp
    .comm recovery_esp, 4, 4
    .type call_with_recovery, @function
    .type recover_from_trap, @function
)");

extern "C" void call_with_recovery(void (*code)());
extern "C" void recover_from_trap();

namespace quire::test {
namespace {

constinit std::optional<cpu::TrapFrame> caught;

cpu::Trap catch_frame(cpu::TrapFrame& frame) {
    caught = frame;
    frame.eip = reinterpret_cast<std::uint32_t>(&recover_from_trap);
    frame.cs = cpu::kKernelCode;
    frame.eflags = 2;  // what was before comes back with POPFL
    return cpu::Trap::Handled;
}

}  // namespace

std::optional<cpu::TrapFrame> catch_trap(std::uint8_t vector, void (*code)()) {
    caught.reset();
    const cpu::TrapHandler before = cpu::set_trap_handler(vector, catch_frame);
    call_with_recovery(code);
    cpu::set_trap_handler(vector, before);
    return caught;
}

}  // namespace quire::test
