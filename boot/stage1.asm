; Stage 1: the 512-byte master boot record.
;
; The BIOS loads it to 0000:7C00 or 07C0:0000, with DL = the drive and nothing else promised. It
; settles the segments and the stack, loads stage 2 from the sectors behind it, checks that those
; arrived whole, and jumps there with DL = the drive. The partition table at its end is written by
; tools/make_image.py.
;
; Assembled with STAGE2_SECTORS = the size of stage 2, so that it never loads too little.

%include "boot/layout.inc"

%if STAGE2_SECTORS * SECTOR > STAGE2_MAX_BYTES
  %error "stage 2 does not fit between STAGE2_ADDRESS and BOUNCE_ADDRESS"
%endif

bits 16
org STAGE1_ADDRESS

start:
    cli
    jmp 0:.here                     ; CS = 0, whatever it was
.here:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, STAGE1_ADDRESS
    sti
    cld
    call serial_init
    call disk_open
    call disk_read
    mov si, read_failed
    jc fail
    mov si, STAGE2_ADDRESS
    mov cx, STAGE2_SECTORS * SECTOR / 4
    mov edx, STAGE2_SUM_SEED
.sum:
    lodsd
    add edx, eax
    loop .sum
    test edx, edx
    mov si, stage2_damaged
    jnz fail
    mov dl, [boot_drive]
    jmp STAGE2_ADDRESS

; Prints DS:SI and stops for good.
fail:
    call print
.stop:
    cli
    hlt
    jmp .stop

%include "boot/message.inc"
%include "boot/disk.inc"

read_failed:    db `Quire: stage 2 cannot be read from the disk.\r\n`, 0
stage2_damaged: db `Quire: stage 2 on the disk is damaged.\r\n`, 0

%if $ - $$ > 440
  %error "stage 1 grows into the disk signature and the partition table"
%endif
    times 510 - ($ - $$) db 0
    dw 0xAA55
