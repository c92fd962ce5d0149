; Stage 2: from the BIOS to the kernel's entry, in 32-bit protected mode.
;
; In order: what CPU is this, open the A20 gate, ask the BIOS for the memory map, load the kernel
; ELF file segment by segment to its physical addresses while checking its sum, and jump. What was
; learned on the way stands in BOOT_INFO (boot/layout.inc). Whatever fails ends in one sentence on
; the screen and on COM1.
;
; The work is done in a20.inc, memory_map.inc and load_kernel.inc; here stand the order of things, the
; check of the CPU, and the last sentences.

%include "boot/layout.inc"
%define STAGE2_SECTORS 0            ; only stage 1 needs to know

bits 16
org STAGE2_ADDRESS

    jmp near start
    db 0
    db "QUIRE-S2"
    times HEADER_END - HEADER_STAGE2_SUM db 0   ; filled in by tools/make_image.py

start:
    call serial_init
    mov ax, 0x0003                  ; 80x25 colour text, cleared
    push dx
    int 0x10
    pop dx
    push dx
    call clear_boot_info
    call check_cpu
    call enable_a20
    call read_memory_map
    pop dx
    call disk_open
    mov al, [boot_drive]
    mov [INFO_BOOT_DRIVE], al
    mov al, [disk_chs]
    mov [INFO_DISK_METHOD], al
    call check_disk_size
    call load_kernel
    call copy_command_line
    mov dword [INFO_MAGIC], BOOT_INFO_MAGIC

    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1                        ; CR0.PE
    mov cr0, eax
    jmp FLAT_CODE:protected_mode

bits 32
protected_mode:
    mov ax, FLAT_DATA
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, STAGE1_ADDRESS
    mov eax, BOOT_INFO_MAGIC
    mov ebx, BOOT_INFO
    jmp [elf_entry]
bits 16

clear_boot_info:
    xor ax, ax
    mov es, ax
    mov di, BOOT_INFO
    mov cx, 0x1000 / 2
    rep stosw
    ret

; --- The CPU ------------------------------------------------------------------------------------

CPUID_TSC  equ 1 << 4
CPUID_CX8  equ 1 << 8
CPUID_CMOV equ 1 << 15

; The kernel is compiled for the i686 (Pentium Pro): without CPUID, TSC or CMOV it would stop at
; some unknown instruction without a word.
check_cpu:
    pushfd
    pop eax
    mov ecx, eax
    xor eax, 1 << 21                ; EFLAGS.ID can be changed where CPUID exists
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    test eax, 1 << 21
    mov si, .no_cpuid
    jz fail
    mov eax, 1
    cpuid
    mov si, .no_cmov
    test edx, CPUID_CMOV
    jz fail
    mov si, .no_tsc
    and edx, CPUID_TSC | CPUID_CX8
    cmp edx, CPUID_TSC | CPUID_CX8
    jne fail
    rdtsc
    mov [INFO_TSC_STAGE2], eax
    mov [INFO_TSC_STAGE2 + 4], edx
    ret
.no_cpuid: db "this CPU has no CPUID instruction; Quire needs an i686 (Pentium Pro) or newer.", 0
.no_cmov:  db "this CPU has no CMOV instruction; Quire needs an i686 (Pentium Pro) or newer.", 0
.no_tsc:   db "this CPU has no time-stamp counter or CMPXCHG8B; Quire needs an i686 or newer.", 0

copy_command_line:
    xor ax, ax
    mov es, ax
    mov si, HEADER_COMMAND_LINE
    mov di, INFO_COMMAND_LINE
    mov cx, COMMAND_LINE_BYTES - 1  ; the last byte stays 0
    rep movsb
    ret

; --- Sentences ----------------------------------------------------------------------------------

; fail: prints "Quire: " and the sentence at DS:SI, and stops for good.
fail:
    push si
    mov si, .name
    call print
    pop si
fail_end:                           ; the same for the end of a sentence begun already
    call print
    mov si, .newline
    call print
.stop:
    cli
    hlt
    jmp .stop
fail.name: db "Quire: ", 0
fail_end.newline: db `\r\n`, 0

; print_decimal: writes EAX. Clobbers: eax, bx, ecx, edx, flags.
print_decimal:
    xor edx, edx
    mov ecx, 10
    div ecx
    push dx
    test eax, eax
    jz .digit
    call print_decimal
.digit:
    pop ax
    add al, '0'
    jmp print_char

%include "boot/message.inc"
%include "boot/disk.inc"
%include "boot/a20.inc"
%include "boot/memory_map.inc"
%include "boot/load_kernel.inc"
%include "boot/high_memory.inc"

; --- Data ---------------------------------------------------------------------------------------

FLAT_CODE equ 0x08
FLAT_DATA equ 0x10
    align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF           ; code, 32-bit, base 0, limit 4 GiB
    dq 0x00CF92000000FFFF           ; data, the same
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd gdt

    times (SECTOR - ($ - $$) % SECTOR) % SECTOR db 0
