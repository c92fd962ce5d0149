#include "kernel/guarded_call.h"

#include "cpu/descriptor_tables.h"

// guarded_call(code, context): [guarded_esp] is the stack pointer behind everything saved, and the
// one of the call around this is saved too.
asm(R"(
    .text
    .globl guarded_call
    .type guarded_call, @function
guarded_call:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    pushfl
    pushl guarded_esp
    movl %esp, guarded_esp
    movl %eax, %ecx
    movl %edx, %eax
    call *%ecx
    .globl guarded_call_end
    .type guarded_call_end, @function
guarded_call_end:
    movl %ss:guarded_esp, %esp      # DS is null after a trap from ring 3
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    popl guarded_esp
    popfl
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret
    .local guarded_esp
    .comm guarded_esp, 4, 4
)");

extern "C" void guarded_call(void (*code)(void* context), void* context);
extern "C" void guarded_call_end();

namespace quire::kernel {

void call_guarded(void (*code)(void* context), void* context) {
    guarded_call(code, context);
}

void abandon_guarded_call(cpu::TrapFrame& frame) {
    frame.eip = reinterpret_cast<std::uint32_t>(&guarded_call_end);
    frame.cs = cpu::kKernelCode;
    frame.eflags = 2;  // interrupts off; the flags of before come back with POPFL
}

}  // namespace quire::kernel
