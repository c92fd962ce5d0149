; setjmp(3), and where a signal handler returns to.
;
; A jmp_buf holds what a function must leave alone (System V ABI for i386), where its caller goes on,
; and perhaps the mask of signals:
;
;     0    4    8    12   16   20   24     28
;     ebx  esi  edi  ebp  esp  eip  saved? mask, 8 bytes

SYS_sigreturn       equ 119
SYS_rt_sigreturn    equ 173
SYS_rt_sigprocmask  equ 175
SIG_SETMASK         equ 2
MASK_BYTES          equ 8

section .text
bits 32

; int setjmp(jmp_buf place): the mask is not saved.
global setjmp
setjmp:
    mov     eax, [esp + 4]
    mov     dword [eax + 24], 0
save_registers:
    mov     [eax], ebx
    mov     [eax + 4], esi
    mov     [eax + 8], edi
    mov     [eax + 12], ebp
    lea     ecx, [esp + 4]              ; as it is when the caller goes on
    mov     [eax + 16], ecx
    mov     ecx, [esp]
    mov     [eax + 20], ecx
    xor     eax, eax
    ret

; int sigsetjmp(sigjmp_buf place, int saves_mask)
global sigsetjmp
sigsetjmp:
    mov     eax, [esp + 4]
    mov     ecx, [esp + 8]
    mov     [eax + 24], ecx
    test    ecx, ecx
    jz      save_registers
    push    ebx
    push    esi
    lea     edx, [eax + 28]             ; the old mask goes there
    xor     ecx, ecx                    ; no new one
    xor     ebx, ebx
    mov     esi, MASK_BYTES
    mov     eax, SYS_rt_sigprocmask
    int     0x80
    pop     esi
    pop     ebx
    mov     eax, [esp + 4]
    jmp     save_registers

; void longjmp(jmp_buf place, int value)
global longjmp
global siglongjmp
longjmp:
siglongjmp:
    mov     edi, [esp + 4]              ; the registers are all put back below
    mov     ebp, [esp + 8]
    cmp     ebp, 1
    adc     ebp, 0                      ; 0 becomes 1
    cmp     dword [edi + 24], 0
    je      .restore
    lea     ecx, [edi + 28]
    xor     edx, edx
    mov     ebx, SIG_SETMASK
    mov     esi, MASK_BYTES
    mov     eax, SYS_rt_sigprocmask
    int     0x80
.restore:
    mov     edx, edi
    mov     eax, ebp
    mov     ebx, [edx]
    mov     esi, [edx + 4]
    mov     edi, [edx + 8]
    mov     ebp, [edx + 12]
    mov     esp, [edx + 16]
    jmp     [edx + 20]

; A handler without SA_SIGINFO finds the number of the signal on top of the stack here.
global program_signal_return
program_signal_return:
    pop     eax
    mov     eax, SYS_sigreturn
    int     0x80
    ud2

global program_signal_return_with_info
program_signal_return_with_info:
    mov     eax, SYS_rt_sigreturn
    int     0x80
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
