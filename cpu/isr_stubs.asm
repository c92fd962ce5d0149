; The entry points of all 256 interrupt vectors (SDM 3A 6.10-6.13).
;
; Each stub makes the stack look the same, whether its vector has an error code or not, and goes to
; `trap_common`, which builds the TrapFrame of cpu/trap_frame.h and calls trap_dispatch(TrapFrame*).
; isr_stub_table lists the stubs for the IDT.

%define SHARED_CONSTANT(name, value) name equ value
%include "cpu/shared_constants.inc"

extern trap_dispatch

section .text
bits 32

%assign vector 0
%rep 256
isr_stub_%[vector]:
  %if vector < 32
    times 1 - ((kVectorsWithErrorCode >> vector) & 1) push dword 0
  %else
    push dword 0
  %endif
    push dword vector
    jmp trap_common
  %assign vector vector + 1
%endrep

; Pops a segment register. A program's selector may have become bad since it was pushed, as it may
; have changed its descriptor: then it gets the null selector (cpu/fault_fixup.h).
%macro may_be_bad 1
%%again:
    pop %1
    jmp short %%done
%%bad:
    mov dword [esp], 0
    jmp short %%again
%%done:
    [section .fault_fixups]
    dd %%again, %%bad
    __?SECT?__
%endmacro

; In:  the stack as in cpu/trap_frame.h down to the vector. Interrupts are off (interrupt gates).
; Out: everything as it was, changed as trap_dispatch changed the frame.
global trap_common
trap_common:
    pushad
    push ds
    push es
    push fs
    push gs
    mov eax, kKernelData
    mov ds, eax
    mov es, eax
    cld
    mov eax, esp                    ; TrapFrame*
    push dword [esp + kFrameEip]    ; a stack frame as if the interrupted code had called us, so
    push ebp                        ; that a backtrace goes on through it
    mov ebp, esp
    call trap_dispatch
    add esp, 8
global return_from_trap             ; a thread's first way to its program, too (kernel/threads.cpp)
return_from_trap:
    may_be_bad gs
    may_be_bad fs
    may_be_bad es
    may_be_bad ds
    popad
    add esp, 8                      ; vector and error code
return_to_program:
    iret
; The program's stack segment has become bad in the same way: as if the program had found out itself,
; by a stack-segment fault. What is on the stack is what the CPU would push for that.
bad_stack_segment:
    push dword 0                    ; error code
    push dword kStackFault
    jmp trap_common
    [section .fault_fixups]
    dd return_to_program, bad_stack_segment
    __?SECT?__

section .rodata
global isr_stub_table
isr_stub_table:
%assign vector 0
%rep 256
    dd isr_stub_%[vector]
  %assign vector vector + 1
%endrep
