; The entry points of all 256 interrupt vectors (SDM 3A 6.10-6.13).
;
; Each stub makes the stack look the same, whether its vector has an error code or not, and goes to
; `trap_common`, which builds the TrapFrame of cpu/trap_frame.h and calls trap_dispatch(TrapFrame*).
; System calls are what a program asks for most, so they have a way of their own, with nothing to
; look up: `system_call_entry`. isr_stub_table lists the other entries for the IDT.

%define SHARED_CONSTANT(name, value) name equ value
%include "cpu/shared_constants.inc"

extern trap_dispatch
extern system_call_handler

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

; The rest of a TrapFrame. FS and GS stay the program's: the kernel uses neither.
%macro save_registers 0
    pushad
    push ds
    push es
    push fs
    push gs
    mov ecx, kKernelData
    mov ds, ecx
    mov es, ecx
    cld
%endmacro

; Pops a segment register. A program's selector may have become bad since it was pushed, as it may
; have changed its descriptor: then it gets the null selector (cpu/fault_fixup.h).
%macro may_be_bad 1
%%again:
    pop %1
    [section .text.bad_selectors]
%%bad:
    mov dword [esp], 0
    jmp %%again
    [section .fault_fixups]
    dd %%again, %%bad
    __?SECT?__
%endmacro

; Everything goes back as the frame has it.
%macro leave_by_frame 0
    may_be_bad gs
    may_be_bad fs
    may_be_bad es
    may_be_bad ds
    popad
    add esp, 8                      ; vector and error code
%%to_program:
    iret
    [section .fault_fixups]
    dd %%to_program, bad_stack_segment
    __?SECT?__
%endmacro

; In:  the stack as in cpu/trap_frame.h down to the vector. Interrupts are off (interrupt gates).
; Out: everything as it was, changed as trap_dispatch changed the frame.
global trap_common
trap_common:
    save_registers
    mov eax, esp                    ; TrapFrame*
    push dword [esp + kFrameEip]    ; a stack frame as if the interrupted code had called us, so
    push ebp                        ; that a backtrace goes on through it
    mov ebp, esp
    call trap_dispatch
    add esp, 8
global return_from_trap             ; a thread's first way to its program, too (kernel/threads.cpp)
return_from_trap:
    leave_by_frame
; The program's stack segment has become bad like the others: as if the program had found out itself,
; by a stack-segment fault. What is on the stack is what the CPU would push for that.
bad_stack_segment:
    push dword 0                    ; error code
    push dword kStackFault
    jmp trap_common

; INT 80h. Its gate leaves interrupts on, as they were in the program. The place of an error code
; keeps the number of the call, which the result takes the place of in EAX.
; Out: as the handler left the frame; it has seen to all that comes before the way back, and
; interrupts are off.
global system_call_entry
system_call_entry:
    push eax
    push dword kSystemCallVector
    save_registers
    mov eax, esp                    ; TrapFrame*
    xor ebp, ebp                    ; a backtrace ends here: below is the program
    call [system_call_handler]
    leave_by_frame

section .rodata
global isr_stub_table
isr_stub_table:
%assign vector 0
%rep 256
    dd isr_stub_%[vector]
  %assign vector vector + 1
%endrep
