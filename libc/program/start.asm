; Where a program with the C library begins (crt0). The kernel has put argc, argv, the environment and
; the auxiliary vector on the stack; start.cpp takes it from there, on a stack as the System V ABI for
; i386 has it: 16-byte aligned before the call, and ebp 0, which ends a walk over the frames.

extern program_start

section .text
bits 32

global _start
_start:
    xor     ebp, ebp
    mov     eax, esp
    and     esp, -16
    sub     esp, 12
    push    eax
    call    program_start
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
