; Where a program begins: what the kernel has put on the stack becomes main's arguments, and what
; main returns is the exit code.
;
;     esp -> argc | argv[0] ... argv[argc-1] | 0 | envp[0] ... | 0 | auxiliary vector
;
; main finds a stack as the System V ABI for i386 has it: 16-byte aligned before the call, and ebp
; 0, which ends a walk over the frames.

CALL_EXIT_GROUP   equ 252
CALL_SIGRETURN    equ 119

extern main

section .text
bits 32

global _start
_start:
    xor     ebp, ebp
    mov     ecx, [esp]
    lea     edx, [esp + 4]
    lea     eax, [edx + ecx * 4 + 4]
    and     esp, -16
    sub     esp, 4
    push    eax
    push    edx
    push    ecx
    call    main
    mov     ebx, eax
    mov     eax, CALL_EXIT_GROUP
    int     0x80
    ud2

; A signal handler without SA_SIGINFO returns here (SA_RESTORER), with the number of the signal on top
; of the stack: the kernel puts the registers back.
global program_signal_return
program_signal_return:
    pop     eax
    mov     eax, CALL_SIGRETURN
    int     0x80
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
