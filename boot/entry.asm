; The kernel's first instructions: from flat physical addressing to the high half.
;
; Stage 2 enters here at the physical address of `entry` with EAX = BOOT_INFO_MAGIC and EBX = the
; physical address of BOOT_INFO; paging is off. One page table maps the first 4 MiB twice:
;
;   linear 00000000-003FFFFF  -> physical 00000000   so that the next instruction is still there
;   linear C0000000-C03FFFFF  -> physical 00000000   where the kernel is linked
;
; Before CR0.PG is set, a pre-flight check walks these tables in software, as the CPU will in a
; moment (SDM 3A 4.3), for every address that must not move. A slip in a page table then ends in a
; sentence instead of a reboot without a word.

%include "boot/layout.inc"

KERNEL_BASE     equ 0xC0000000
PAGE_PRESENT    equ 1
PAGE_WRITABLE   equ 2
PAGE_LARGE      equ 1 << 7
CR0_WP          equ 1 << 16
CR0_PG          equ 1 << 31
CR4_PAE         equ 1 << 5
BOOT_STACK_SIZE equ 16384

extern kernel_main
extern kernel_end_physical

section .boot progbits alloc exec nowrite align=16
bits 32

global entry
entry:
    cld
    mov esp, boot_stack_top - KERNEL_BASE
    mov dword [screen_position - KERNEL_BASE], 0xB8000 + 2 * 80
    mov esi, not_loaded_by_stage2
    cmp eax, BOOT_INFO_MAGIC
    jne fail
    call build_page_tables
global preflight_start
preflight_start:                    ; tests break in here and spoil a table
    call preflight
    mov eax, boot_page_directory - KERNEL_BASE
    mov cr3, eax
    mov eax, cr0
    or eax, CR0_PG | CR0_WP
    mov cr0, eax
    mov eax, high_half
    jmp eax

; In: nothing. Clobbers: eax, ecx, edi.
build_page_tables:
    mov edi, boot_page_table - KERNEL_BASE
    mov eax, PAGE_PRESENT | PAGE_WRITABLE
    mov ecx, 1024
.next:
    stosd
    add eax, 4096
    loop .next
    mov eax, boot_stack_guard - KERNEL_BASE
    shr eax, 12
    mov [eax * 4 + boot_page_table - KERNEL_BASE], ecx   ; 0: a stack that overflows faults there
    mov eax, boot_page_table - KERNEL_BASE + (PAGE_PRESENT | PAGE_WRITABLE)
    mov edi, boot_page_directory - KERNEL_BASE
    mov [edi], eax
    mov [edi + (KERNEL_BASE >> 22) * 4], eax
    ret

; --- The pre-flight check -----------------------------------------------------------------------

; Walks the new tables for each address that the CPU needs in the instant paging is on. Clobbers all
; but ebx and esp.
preflight:
    mov eax, cr4
    mov esi, pae_is_on
    test eax, CR4_PAE
    jnz fail
    mov eax, .here
.here:
    mov edx, eax
    mov esi, name_eip
    call check_mapping
    mov eax, esp
    mov edx, eax
    mov esi, name_stack
    call check_mapping
    sub esp, 8
    sgdt [esp + 2]
    mov eax, [esp + 4]
    add esp, 8
    mov edx, eax
    mov esi, name_gdt
    call check_mapping
    mov eax, high_half
    mov edx, high_half - KERNEL_BASE
    mov esi, name_high_half
    call check_mapping
    mov eax, boot_stack_top - 4
    mov edx, boot_stack_top - 4 - KERNEL_BASE
    mov esi, name_high_stack
    call check_mapping
    mov eax, kernel_end_physical - 1 + KERNEL_BASE
    mov edx, kernel_end_physical - 1
    mov esi, name_kernel_end
    jmp check_mapping

; In: eax = linear address, edx = the physical address it must have, esi = its name.
; Returns if the tables say so; otherwise says what they say. Clobbers: eax, ecx, edi, ebp.
check_mapping:
    mov ebp, eax
    mov edi, eax
    shr edi, 22
    mov edi, [edi * 4 + boot_page_directory - KERNEL_BASE]
    mov ecx, edi
    and ecx, PAGE_PRESENT | PAGE_WRITABLE
    cmp ecx, PAGE_PRESENT | PAGE_WRITABLE
    jne .wrong_directory
    test edi, PAGE_LARGE            ; a 4 MiB entry, or a wrong size: we made none
    jnz .wrong_directory
    mov ecx, edi
    and ecx, 0xFFFFF000
    cmp ecx, boot_page_table - KERNEL_BASE
    jne .wrong_directory
    shr eax, 12
    and eax, 1023
    mov ecx, [ecx + eax * 4]
    mov eax, ecx
    and eax, PAGE_PRESENT | PAGE_WRITABLE
    cmp eax, PAGE_PRESENT | PAGE_WRITABLE
    jne .wrong
    mov eax, ecx
    xor eax, edx
    test eax, 0xFFFFF000            ; same frame?
    jnz .wrong
    ret
.wrong_directory:
    xor ecx, ecx                    ; no PTE was looked at
.wrong:
    push ecx
    push edi
    push edx
    push ebp
    push esi
    mov esi, text_preflight
    call print
    pop esi
    call print
    mov esi, text_at
    call print
    pop eax
    call print_hex
    mov esi, text_should_be
    call print
    pop eax
    call print_hex
    mov esi, text_pde
    call print
    pop eax
    call print_hex
    mov esi, text_pte
    call print
    pop eax
    call print_hex
    mov esi, text_end
    jmp fail.end

; fail: prints "Quire: " and the sentence at ESI, and stops for good.
fail:
    push esi
    mov esi, text_name
    call print
    pop esi
.end:
    call print
    mov esi, text_newline
    call print
.stop:
    cli
    hlt
    jmp .stop

; print: writes the zero-terminated text at ESI. Clobbers: eax, esi.
print:
    lodsb
    test al, al
    jz .done
    call print_char
    jmp print
.done:
    ret

; print_hex: writes EAX as eight digits. Clobbers: eax, ecx.
print_hex:
    mov ecx, 8
.digit:
    rol eax, 4
    push eax
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .decimal
    add al, 'A' - '9' - 1
.decimal:
    call print_char
    pop eax
    loop .digit
    ret

; print_char: AL to COM1 and to the text screen, from its second line on (the first holds nothing
; yet: stage 2 cleared it). A newline is for COM1 only. Clobbers: nothing.
print_char:
    pushad
    mov bl, al
    mov ecx, 100000                 ; polls; an absent port reads FFh, hence ready
    mov dx, COM1 + 5
.wait:
    in al, dx
    test al, 0x20
    loopz .wait
    mov al, bl
    mov dx, COM1
    out dx, al
    cmp bl, ' '
    jb .done
    mov edi, [screen_position - KERNEL_BASE]
    mov [edi], bl
    mov byte [edi + 1], 7
    add dword [screen_position - KERNEL_BASE], 2
.done:
    popad
    ret

text_name:       db "Quire: ", 0
text_newline:    db 13, 10, 0
not_loaded_by_stage2: db "the kernel was not entered by its own boot loader.", 0
pae_is_on:       db "paging pre-flight: CR4.PAE is set, but the page tables have 4-byte entries.", 0
text_preflight:  db "Quire: paging pre-flight: ", 0
text_at:         db " at ", 0
text_should_be:  db " is not mapped as meant to ", 0
text_pde:        db ": PDE ", 0
text_pte:        db ", PTE ", 0
text_end:        db ".", 0
name_eip:        db "the current EIP", 0
name_stack:      db "the current stack", 0
name_gdt:        db "the GDT", 0
name_high_half:  db "the high-half entry", 0
name_high_stack: db "the high-half stack", 0
name_kernel_end: db "the end of the kernel", 0

; --- The high half ------------------------------------------------------------------------------

section .text

high_half:
    mov esp, boot_stack_top
    lea eax, [ebx + KERNEL_BASE]    ; const BootInfo*
    xor ebp, ebp                    ; the end of every backtrace
    push ebp                        ; in place of a return address
    jmp kernel_main

section .bss nobits alloc noexec write align=4096
global boot_page_directory
boot_page_directory: resb 4096
global boot_page_table
boot_page_table:     resb 4096
global boot_stack_guard
boot_stack_guard:    resb 4096
boot_stack:          resb BOOT_STACK_SIZE
global boot_stack_top
boot_stack_top:
screen_position:     resd 1
