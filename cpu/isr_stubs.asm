; The entry points of all 256 interrupt vectors (SDM 3A 6.10-6.13).
;
; Each stub makes the stack look the same, whether its vector has an error code or not, and goes to
; `trap_common`, which builds the TrapFrame of cpu/trap_frame.h and calls trap_dispatch(TrapFrame*).
; isr_stub_table lists the stubs for the IDT.

%include "cpu/selectors.inc"

FRAME_EIP equ 56                    ; offsetof(TrapFrame, eip)

extern trap_dispatch

section .text
bits 32

; Vectors for which the CPU pushes an error code (SDM 3A table 6-1).
%define has_error_code(v) ((v) == 8 || (v) == 10 || (v) == 11 || (v) == 12 || (v) == 13 || (v) == 14 || (v) == 17 || (v) == 21)

%assign vector 0
%rep 256
isr_stub_%[vector]:
  %if !has_error_code(vector)
    push dword 0
  %endif
    push dword vector
    jmp trap_common
  %assign vector vector + 1
%endrep

; In:  the stack as in cpu/trap_frame.h down to the vector. Interrupts are off (interrupt gates).
; Out: everything as it was, changed as trap_dispatch changed the frame.
global trap_common
trap_common:
    pushad
    push ds
    push es
    push fs
    push gs
    mov eax, KERNEL_DATA
    mov ds, eax
    mov es, eax
    cld
    push dword [esp + FRAME_EIP]    ; a stack frame as if the interrupted code had called us, so
    push ebp                        ; that a backtrace goes on through it
    mov ebp, esp
    lea eax, [esp + 8]
    push eax                        ; TrapFrame*
    call trap_dispatch
    add esp, 12
    pop gs
    pop fs
    pop es
    pop ds
    popad
    add esp, 8                      ; vector and error code
    iret

section .rodata
global isr_stub_table
isr_stub_table:
%assign vector 0
%rep 256
    dd isr_stub_%[vector]
  %assign vector vector + 1
%endrep
