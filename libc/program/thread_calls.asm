; Where threads begin and end: what cannot be written in C++, because the stack changes under it.

SYS_exit    equ 1
SYS_munmap  equ 91
SYS_clone   equ 120

section .text
bits 32

; long thread_clone(unsigned flags, void* stack, int* parent_tid, void* tls, int* child_tid)
; The new thread finds on its stack what it calls, and the argument of that, which never returns.
global thread_clone
thread_clone:
    push    ebx
    push    esi
    push    edi
    mov     ebx, [esp + 16]
    mov     ecx, [esp + 20]
    mov     edx, [esp + 24]
    mov     esi, [esp + 28]
    mov     edi, [esp + 32]
    mov     eax, SYS_clone
    int     0x80
    test    eax, eax
    jz      .child
    pop     edi
    pop     esi
    pop     ebx
    ret
.child:
    xor     ebp, ebp
    pop     eax
    call    eax
    ud2

; void thread_unmap_and_exit(void* mapping, size_t size): without its stack nothing can be called.
global thread_unmap_and_exit
thread_unmap_and_exit:
    mov     ebx, [esp + 4]
    mov     ecx, [esp + 8]
    mov     eax, SYS_munmap
    int     0x80
    xor     ebx, ebx
    mov     eax, SYS_exit
    int     0x80
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
