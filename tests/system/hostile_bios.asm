; A boot sector that turns the emulator's good BIOS into a bad one, then starts Quire's own.
;
; test_hostile_bios.py puts it into sector 0 (behind it the partition table stays), keeps the real
; boot sector in sector KEPT_LBA, and chooses the misbehaviour by the byte `options`. A resident part
; at the top of conventional memory stands before INT 13h and INT 15h.

A20_OFF       equ 1 << 0            ; the A20 gate is closed
NO_BIOS_A20   equ 1 << 1            ; INT 15h AX=24xxh is not supported
NO_E820       equ 1 << 2            ; INT 15h AX=E820h is not supported
NO_E801       equ 1 << 3            ; INT 15h AX=E801h is not supported
NO_LBA        equ 1 << 4            ; INT 13h AH=41h-48h are not supported
GARBAGE       equ 1 << 5            ; entry at 07C0:0000, nothing in its registers but DL
E801_IN_AX_BX equ 1 << 6            ; INT 15h AX=E801h answers in AX and BX only
E820_SHORT    equ 1 << 7            ; INT 15h AX=E820h writes entries of 20 bytes

KEPT_LBA  equ 8191                  ; the last sector before the first partition
RELOCATED equ 0x0600

bits 16
org RELOCATED

start:
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    cld
    mov si, 0x7C00
    mov di, RELOCATED
    mov cx, 256
    rep movsw
    jmp 0:relocated

    db "OPTS"                       ; by which the test finds the next byte
options: db 0

packet:
    db 16, 0
    dw 1, 0x7C00, 0
    dq KEPT_LBA

relocated:
    sti
    mov si, packet
    mov ah, 0x42
    int 0x13                        ; the real boot sector
    jc $

    mov ax, [0x413]                 ; KiB of conventional memory: one less from now on
    dec ax
    mov [0x413], ax
    shl ax, 6
    mov es, ax
    mov si, resident
    xor di, di
    mov cx, resident_end - resident
    rep movsb
    cli
    mov al, [options]
    mov [es:chosen - resident], al
    mov eax, [0x13 * 4]
    mov [es:old_13 - resident], eax
    mov eax, [0x15 * 4]
    mov [es:old_15 - resident], eax
    mov word [0x13 * 4], new_13 - resident
    mov [0x13 * 4 + 2], es
    mov word [0x15 * 4], new_15 - resident
    mov [0x15 * 4 + 2], es

    test byte [options], A20_OFF
    jz .a20_done
    in al, 0x92
    and al, 0xFC
    out 0x92, al
.a20_done:
    test byte [options], GARBAGE
    jnz .garbage
    jmp 0:0x7C00
.garbage:
    mov ax, 0x1357
    mov ss, ax
    mov sp, 0xBEEF
    mov ax, 0xF00D
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ebx, 0xDEADBEEF
    mov ecx, ebx
    mov esi, ebx
    mov edi, ebx
    mov ebp, ebx
    mov eax, ebx
    ror edx, 16
    mov dx, ax
    ror edx, 16
    mov dh, al                      ; DL, the drive, is all that a BIOS promises
    std
    jmp 0x07C0:0

; --- What stays resident. Offsets count from `resident`. ------------------------------------------

resident:
chosen: db 0
old_13: dd 0
old_15: dd 0

%macro if_chosen 2                  ; if_chosen OPTION, LABEL
    test byte [cs:chosen - resident], %1
    jnz %2
%endmacro

new_13:
    cmp ah, 0x41
    jb .old
    cmp ah, 0x48
    ja .old
    if_chosen NO_LBA, unsupported
.old:
    jmp far [cs:old_13 - resident]

new_15:
    cmp ah, 0x24
    jne .not_a20
    if_chosen NO_BIOS_A20, unsupported
.not_a20:
    cmp ax, 0xE820
    jne .not_e820
    if_chosen NO_E820, unsupported
    if_chosen E820_SHORT, .short
.not_e820:
    cmp ax, 0xE801
    jne .old
    if_chosen NO_E801, unsupported
    if_chosen E801_IN_AX_BX, .in_ax_bx
.old:
    jmp far [cs:old_15 - resident]
.short:
    mov ecx, 20
    jmp .old
.in_ax_bx:
    pushf
    call far [cs:old_15 - resident]
    mov cx, 0
    mov dx, 0
    jmp return_carry

unsupported:
    mov ah, 0x86
    stc
return_carry:                       ; into the flags that IRET takes from the stack
    push bp
    mov bp, sp
    jc .set
    and byte [bp + 6], 0xFE
    jmp .done
.set:
    or byte [bp + 6], 1
.done:
    pop bp
    iret
resident_end:

    times 446 - ($ - $$) db 0
