; Where the double-fault and the NMI task begin (SDM 3A 7.3).
;
; A task gate saves the interrupted registers in the main TSS and loads these tasks' own, with a
; stack of their own. emergency_trap() turns the saved state into a TrapFrame and goes the way of
; any other exception. After an IRET with EFLAGS.NT the interrupted task goes on, and the next NMI
; starts behind that IRET: hence the loops.

extern emergency_trap

section .text
bits 32

global double_fault_entry
double_fault_entry:
    pop edx                         ; the CPU pushed the error code, always 0
    mov eax, 8
    call emergency_trap
    iret
    jmp double_fault_entry

global nmi_entry
nmi_entry:
    mov eax, 2
    xor edx, edx
    call emergency_trap
    iret
    jmp nmi_entry
