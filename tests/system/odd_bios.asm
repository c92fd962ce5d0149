; A master boot record that makes the BIOS worse, and then starts the real one.
;
; It moves itself to ODD_SEGMENT, which Quire's boot stages leave alone, takes over INT 13h and
; 15h, loads the real stage 1 from REAL_STAGE1 to 7C00, and jumps there. What is wrong with this BIOS is
; chosen by macros (test_odd_bios.py puts them in front of this file):
;
;   NO_EXTENSIONS      INT 13h has no calls by LBA
;   NO_GEOMETRY        INT 13h AH=08h answers zeros; the drive has 18 sectors a track and 2 heads
;   TWO_TRIES_FAIL     of every three reads the first two fail
;   DISK_SECTORS, DISK_SECTOR_BYTES   what AH=48h tells of the disk's size
;   MAP_ENTRIES        a macro: E820 answers these entries of 24 bytes, of which MAP_ENTRY_BYTES count
;   NO_E820, NO_E801   INT 15h does not know these
;   A20_CLOSED         the gate is closed, and the BIOS does not open it

ODD_SEGMENT  equ 0x5000
REAL_STAGE1  equ 8191                   ; the last sector of the boot area
CARRY        equ 1

bits 16
org 0
    jmp 0x07C0:start
start:
    mov ax, cs
    mov ds, ax
    mov ax, ODD_SEGMENT
    mov es, ax
    xor si, si
    xor di, di
    mov cx, 256
    cld
    rep movsw
    jmp ODD_SEGMENT:moved
moved:
    mov ds, ax
    mov [packet_drive], dl
    xor ax, ax
    mov es, ax
    cli
%macro take_over 1
    mov eax, [es:%1 * 4]
    mov [old_%1], eax
    mov word [es:%1 * 4], new_%1
    mov word [es:%1 * 4 + 2], ODD_SEGMENT
%endmacro
    take_over 0x13
    take_over 0x15
    sti
    mov si, packet
    mov ah, 0x42
    pushf
    call far [old_0x13]
%ifdef A20_CLOSED
    in al, 0x92
    and al, 0xFC
    out 0x92, al
%endif
    mov dl, [packet_drive]
    jmp 0:0x7C00

; Return from an interrupt handler with the carry flag set or clear.
return_failure:
    push bp
    mov bp, sp
    or byte [bp + 6], CARRY
    pop bp
    iret
return_success:
    push bp
    mov bp, sp
    and byte [bp + 6], ~CARRY & 0xFF
    pop bp
    iret

new_0x13:
%ifdef TWO_TRIES_FAIL
    cmp ah, 0x42
    je .read
    cmp ah, 0x02
    jne .no_read
.read:
    dec byte [cs:tries]
    jz .third
    mov ah, 0x20                        ; controller failure
    jmp return_failure
.third:
    mov byte [cs:tries], 3
.no_read:
%endif
%ifdef NO_EXTENSIONS
    cmp ah, 0x41
    jb .no_extension
    mov ah, 1                           ; unknown function
    jmp return_failure
.no_extension:
%endif
%ifdef NO_GEOMETRY
    cmp ah, 0x08
    jne .not_geometry
    xor cx, cx
    xor dx, dx
    jmp return_success
.not_geometry:
    cmp ah, 0x02
    jne .not_read
    pusha
    push ds
    push cs
    pop ds
    mov [packet_offset], bx
    mov [packet_segment], es
    mov al, ch                          ; cylinders below 256 only
    mov ah, 0
    shl ax, 1
    add al, dh
    imul ax, ax, 18
    and cx, 63
    add ax, cx
    dec ax
    mov [packet_lba], ax
    mov si, packet
    mov ah, 0x42
    pushf
    call far [old_0x13]
    pop ds
    popa
    jmp return_success
.not_read:
%endif
%ifdef DISK_SECTORS
    cmp ah, 0x48
    jne .not_size
    pushf
    call far [cs:old_0x13]
    mov dword [si + 16], DISK_SECTORS
    mov dword [si + 20], 0
    mov word [si + 24], DISK_SECTOR_BYTES
    jmp return_success
.not_size:
%endif
    jmp far [cs:old_0x13]

new_0x15:
%ifdef A20_CLOSED
    cmp ah, 0x24
    je .unknown
%endif
%ifdef NO_E801
    cmp ax, 0xE801
    je .unknown
%endif
%ifdef NO_E820
    cmp ax, 0xE820
    je .unknown
%endif
%ifdef MAP_ENTRIES
    cmp ax, 0xE820
    jne .not_map
    push si
    push di
    imul si, bx, 24
    add si, map
    mov cx, MAP_ENTRY_BYTES
    cld
    cs rep movsb
    pop di
    pop si
    mov ecx, MAP_ENTRY_BYTES
    inc bx
    cmp bx, (map_end - map) / 24
    jb .more
    xor ebx, ebx
.more:
    mov eax, 0x534D4150
    jmp return_success
.not_map:
%endif
    jmp far [cs:old_0x15]
.unknown:
    mov ah, 0x86
    jmp return_failure

old_0x13: dd 0
old_0x15: dd 0
tries:    db 3
packet_drive: db 0
packet:   db 16, 0
          dw 1
packet_offset:  dw 0x7C00
packet_segment: dw 0
packet_lba:     dq REAL_STAGE1

map:
%ifdef MAP_ENTRIES
    MAP_ENTRIES
%endif
map_end:
    times 510 - ($ - $$) db 0
    dw 0xAA55
