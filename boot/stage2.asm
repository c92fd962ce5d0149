; Stage 2: from the BIOS to the kernel's entry, in 32-bit protected mode.
;
; In order: what CPU is this, open the A20 gate, ask the BIOS for the memory map, load the kernel
; ELF file segment by segment to its physical addresses while checking its sum, and jump. What was
; learned on the way stands in BOOT_INFO (boot/layout.inc). Whatever fails ends in one sentence on
; the screen and on COM1.
;
; The file is read chunk by chunk into BOUNCE, below 1 MiB, where the BIOS can reach, and each chunk
; is copied from there to the segments it belongs to. No segment is written before it is known to
; lie in usable RAM.

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

; --- The A20 gate: with it closed, address bit 20 reads as 0 ------------------------------------

enable_a20:
    call a20_is_open
    jnz .open
    inc byte [INFO_A20_METHOD]      ; 1: the BIOS
    mov ax, 0x2401
    int 0x15
    call a20_is_open
    jnz .open
    inc byte [INFO_A20_METHOD]      ; 2: the keyboard controller's output port
    call a20_by_keyboard_controller
    call a20_is_open
    jnz .open
    inc byte [INFO_A20_METHOD]      ; 3: system control port A
    in al, 0x92
    or al, 2
    and al, 0xFE                    ; bit 0 would reset the machine
    out 0x92, al
    call a20_is_open
    jnz .open
    mov si, .failed
    jmp fail
.open:
    ret
.failed: db "the A20 gate stays closed: BIOS, keyboard controller and port 92h were tried.", 0

; Writes two different words to 0000:PROBE and FFFF:PROBE+10h, which are one megabyte apart.
; Out: zero flag clear if they kept apart. Waits some time for the gate to move.
; Clobbers: ax, cx, es, flags.
A20_PROBE equ 0x0600
a20_is_open:
    mov ax, 0xFFFF
    mov es, ax
    mov cx, 1000
.again:
    mov [A20_PROBE], cx
    not cx
    mov [es:A20_PROBE + 0x10], cx
    not cx
    out 0x80, al                    ; about a microsecond
    cmp [A20_PROBE], cx
    loopne .again
    jne .closed
    or al, 1                        ; not zero: open
    ret
.closed:
    xor al, al
    ret

a20_by_keyboard_controller:
    mov al, 0xAD                    ; keyboard off
    call .command
    mov al, 0xD0                    ; read the output port
    call .command
    mov cx, 0xFFFF
.wait_output:
    in al, 0x64
    test al, 1
    loopz .wait_output
    in al, 0x60
    push ax
    mov al, 0xD1                    ; write it
    call .command
    pop ax
    or al, 2                        ; bit 1: A20
    call .wait_input
    out 0x60, al
    mov al, 0xAE                    ; keyboard on
.command:
    call .wait_input
    out 0x64, al
.wait_input:                        ; until the controller has taken the last byte
    push ax
    mov cx, 0xFFFF
.busy:
    in al, 0x64
    test al, 2
    loopnz .busy
    pop ax
    ret

; --- The memory map -----------------------------------------------------------------------------

; Entries go to INFO_MAP as the BIOS gives them: unsorted, overlapping, whatever. The kernel sorts.
read_memory_map:
    call map_by_e820
    cmp dword [INFO_MAP_COUNT], 0
    jne .done
    inc byte [INFO_MAP_SOURCE]      ; 1: E801
    call map_by_e801
    cmp dword [INFO_MAP_COUNT], 0
    jne .done
    inc byte [INFO_MAP_SOURCE]      ; 2: 88h
    call map_by_88
.done:
    ret

map_by_e820:
    xor ax, ax
    mov es, ax
    mov di, INFO_MAP
    xor ebx, ebx                    ; the BIOS's own bookmark
.next:
    mov dword [di + 20], 1          ; attributes, where a 20-byte BIOS leaves them out: valid
    mov eax, 0xE820
    mov ecx, MAP_ENTRY
    mov edx, 0x534D4150             ; "SMAP"
    push di
    int 0x15
    pop di
    jc .end                         ; not supported, or past the last entry
    cmp eax, 0x534D4150
    jne .end
    inc dword [INFO_MAP_COUNT]
    add di, MAP_ENTRY
    test ebx, ebx
    jz .end
    cmp dword [INFO_MAP_COUNT], MAP_MAX_ENTRIES
    jb .next
.end:
    ret

map_by_e801:
    xor cx, cx
    xor dx, dx
    mov ax, 0xE801
    int 0x15
    jc .none
    test cx, cx                     ; some answer in AX and BX, some in CX and DX
    jz .in_ax_bx
    mov ax, cx
    mov bx, dx
.in_ax_bx:
    push bx
    push ax
    call add_conventional_memory
    pop ax                          ; KiB from 1 MiB, at most 15 MiB
    call add_extended_memory
    pop ax                          ; 64 KiB blocks from 16 MiB
    movzx ecx, ax
    shl ecx, 16
    mov eax, 0x1000000
    jmp add_usable
.none:
    ret

map_by_88:
    call add_conventional_memory
    mov ah, 0x88
    int 0x15
    jc .none
    jmp add_extended_memory
.none:
    ret

add_conventional_memory:
    int 0x12                        ; AX = KiB below 640 KiB
    movzx ecx, ax
    shl ecx, 10
    xor eax, eax
    jmp add_usable

; AX KiB from 1 MiB on.
add_extended_memory:
    movzx ecx, ax
    shl ecx, 10
    mov eax, 0x100000

; add_usable: appends usable RAM of ECX bytes from EAX. Clobbers: edi.
add_usable:
    jecxz .done
    imul edi, [INFO_MAP_COUNT], MAP_ENTRY
    mov [edi + INFO_MAP], eax
    mov [edi + INFO_MAP + 8], ecx
    mov dword [edi + INFO_MAP + 16], 1
    mov dword [edi + INFO_MAP + 20], 1
    inc dword [INFO_MAP_COUNT]
.done:
    ret

; --- The disk -----------------------------------------------------------------------------------

; A disk that ends before the kernel does is a truncated image; said before the read fails.
check_disk_size:
    cmp byte [disk_chs], 0
    jne .unknown
    mov word [SCRATCH], 26    ; size of the result buffer
    mov si, SCRATCH
    mov ah, 0x48
    mov dl, [boot_drive]
    int 0x13
    jc .unknown
    mov eax, [SCRATCH + 16]
    mov [INFO_DISK_SECTORS], eax
    mov ecx, [SCRATCH + 20]
    mov [INFO_DISK_SECTORS + 4], ecx
    test ecx, ecx
    jnz .unknown                    ; 2 TiB and more
    mov ebx, [HEADER_KERNEL_BYTES]
    add ebx, SECTOR - 1
    shr ebx, 9
    add ebx, [HEADER_KERNEL_LBA]
    cmp eax, ebx
    jae .unknown
    push ebx
    push eax
    mov si, .disk
    call print
    pop eax
    call print_decimal
    mov si, .kernel
    call print
    pop eax
    call print_decimal
    mov si, .truncated
    jmp fail_end
.unknown:
    ret
.disk:      db "Quire: the disk has only ", 0
.kernel:    db " sectors, but the kernel ends at sector ", 0
.truncated: db "; the disk image is truncated.", 0
SCRATCH    equ 0x0600                ; 26 bytes

; --- The kernel ---------------------------------------------------------------------------------

ELF_MAGIC      equ 0x464C457F
ELF_HEADER     equ 52
PROGRAM_HEADER equ 32
MAX_SEGMENTS   equ 8
PT_LOAD        equ 1

load_kernel:
    mov eax, [HEADER_KERNEL_BYTES]
    mov [INFO_KERNEL_BYTES], eax
    mov [bytes_left], eax
    mov eax, [HEADER_KERNEL_LBA]
    mov [packet.lba], eax
.next_chunk:
    call read_chunk
    call add_to_sum
    cmp dword [chunk_offset], 0
    jne .copy
    call take_program_headers
.copy:
    call for_each_segment.copy_chunk
    mov eax, [chunk_bytes]
    add [chunk_offset], eax
    sub [bytes_left], eax
    jnz .next_chunk
    mov eax, [sum]
    cmp eax, [HEADER_KERNEL_SUM]
    mov si, .damaged
    jne fail
    ret
.damaged: db "the kernel on the disk is damaged: its checksum is wrong.", 0
.damaged_header: db "the kernel on the disk is damaged: a segment is larger than its memory.", 0

; Reads the next chunk_bytes = min(bytes_left, one bounce buffer) bytes of the file to BOUNCE.
read_chunk:
    mov eax, [bytes_left]
    cmp eax, BOUNCE_SECTORS * SECTOR
    jbe .last
    mov eax, BOUNCE_SECTORS * SECTOR
.last:
    mov [chunk_bytes], eax
    add eax, SECTOR - 1
    shr eax, 9
    mov [sectors_left], ax
    mov word [packet.offset], 0
    mov word [packet.segment], BOUNCE_ADDRESS >> 4
    push eax
    push dword [packet.lba]
    rdtsc
    sub [INFO_TSC_DISK], eax
    sbb [INFO_TSC_DISK + 4], edx
    call disk_read
    jc .failed
    rdtsc
    add [INFO_TSC_DISK], eax
    adc [INFO_TSC_DISK + 4], edx
    pop eax
    pop ecx
    add eax, ecx
    mov [packet.lba], eax           ; where the next chunk begins, in LBA and in CHS mode
    ret
.failed:
    mov si, .at_sector
    call print
    mov eax, [packet.lba]
    call print_decimal
    mov si, .bios_error
    call print
    movzx eax, byte [disk_error]
    call print_decimal
    mov si, .full_stop
    jmp fail_end
.at_sector:  db "Quire: the disk cannot be read at or behind sector ", 0
.bios_error: db " (BIOS error ", 0
.full_stop:  db ").", 0

; The checksum: over the file as 32-bit little-endian words (the last one filled up with zeros),
; sum = rotate_left(sum, 1) + word. Every step is invertible, so one wrong word is always noticed.
add_to_sum:
    push ds
    mov ebx, [sum]
    mov ecx, [chunk_bytes]
    add ecx, 3
    shr ecx, 2
    mov ax, BOUNCE_ADDRESS >> 4
    mov ds, ax
    xor si, si
.next:
    lodsd
    rol ebx, 1
    add ebx, eax
    loop .next
    pop ds
    mov [sum], ebx
    ret

; Checks the ELF header in the first chunk, keeps the program headers, and prepares each segment:
; it must lie in usable RAM, and its part beyond the file is zeroed.
take_program_headers:
    mov ax, BOUNCE_ADDRESS >> 4
    mov es, ax
    mov si, .not_elf
    cmp dword [es:0], ELF_MAGIC
    jne fail
    cmp dword [es:16], 0x00030002   ; e_type EXEC, e_machine 386
    jne fail
    cmp dword [es:28], ELF_HEADER   ; e_phoff: right behind the ELF header
    jne fail
    movzx ecx, word [es:44]         ; e_phnum
    dec cx
    cmp cx, MAX_SEGMENTS
    jae fail
    inc cx
    mov [segment_count], cx
    mov eax, [es:24]
    mov [elf_entry], eax
    imul cx, cx, PROGRAM_HEADER / 4
    push ds
    push es
    pop ds
    pop es
    mov si, ELF_HEADER
    mov di, segments
    rep movsd
    push es
    pop ds
    call for_each_segment.prepare
    ret
.not_elf: db "the file on the disk that should be the kernel is not an i386 ELF program.", 0

; Calls a routine for each PT_LOAD segment with DI = its program header (offsets P_...).
P_OFFSET equ 4
P_PADDR  equ 12
P_FILESZ equ 16
P_MEMSZ  equ 20
for_each_segment:
.prepare:
    mov bp, prepare_segment
    jmp .go
.copy_chunk:
    mov bp, copy_chunk_to_segment
.go:
    mov di, segments
    mov cx, [segment_count]
.next:
    cmp dword [di], PT_LOAD
    jne .skip
    push cx
    push di
    push bp
    call bp
    pop bp
    pop di
    pop cx
.skip:
    add di, PROGRAM_HEADER
    loop .next
    ret

; The segment at DI: refuses it outside usable RAM, notes the kernel's extent, zeroes its tail.
prepare_segment:
    mov eax, [di + P_FILESZ]
    cmp eax, [di + P_MEMSZ]         ; else the tail below would have a negative size
    mov si, load_kernel.damaged_header
    ja fail
    call check_segment_in_ram
    mov eax, [di + P_PADDR]
    mov ecx, [INFO_KERNEL_START]
    dec ecx                         ; 0: not yet known, becomes the largest number
    cmp eax, ecx
    ja .not_first
    mov [INFO_KERNEL_START], eax
.not_first:
    mov ecx, eax
    add ecx, [di + P_MEMSZ]
    cmp ecx, [INFO_KERNEL_END]
    jbe .not_last
    mov [INFO_KERNEL_END], ecx
.not_last:
    add eax, [di + P_FILESZ]
    sub ecx, eax
    mov edi, eax
    jmp zero_high

; Looks for one usable entry of the memory map that holds [P_PADDR, P_PADDR + P_MEMSZ).
check_segment_in_ram:
    mov eax, [di + P_PADDR]
    mov edx, eax
    add edx, [di + P_MEMSZ]         ; end
    jc .outside
    cmp eax, 0x100000
    jb .outside
    mov si, INFO_MAP
    mov cx, [INFO_MAP_COUNT]
    jcxz .outside
.next:
    cmp dword [si + 16], 1          ; usable
    jne .other
    cmp dword [si + 4], 0           ; begins above 4 GiB
    jne .other
    cmp eax, [si]
    jb .other
    mov ebx, [si]
    add ebx, [si + 8]
    jc .inside                      ; runs past 4 GiB
    cmp dword [si + 12], 0
    jne .inside
    cmp edx, ebx
    jbe .inside
.other:
    add si, MAP_ENTRY
    loop .next
.outside:
    mov si, .needs
    call print
    call last_segment_end
    add eax, 1023
    shr eax, 10
    call print_decimal
    mov si, .missing
    jmp fail_end
.inside:
    ret
.needs:   db "Quire: not enough RAM: the kernel needs it up to ", 0
.missing: db " KiB, and the BIOS reports no usable memory there.", 0

; Out: EAX = the end of the segment that reaches highest. Clobbers: ecx, edx, di.
last_segment_end:
    xor eax, eax
    mov di, segments
    mov cx, [segment_count]
.next:
    mov edx, [di + P_PADDR]
    add edx, [di + P_MEMSZ]
    cmp edx, eax
    jb .lower
    mov eax, edx
.lower:
    add di, PROGRAM_HEADER
    loop .next
    ret

; Copies what the chunk in BOUNCE and the segment at DI have in common.
;   file:     chunk_offset ... + chunk_bytes      segment: P_OFFSET ... + P_FILESZ
copy_chunk_to_segment:
    mov eax, [chunk_offset]
    mov ecx, eax
    add ecx, [chunk_bytes]          ; [eax, ecx) = the chunk
    mov edx, [di + P_OFFSET]
    mov ebx, edx
    add ebx, [di + P_FILESZ]        ; [edx, ebx) = the segment
    cmp ecx, ebx
    jbe .end_known
    mov ecx, ebx
.end_known:
    mov esi, eax
    cmp eax, edx
    jae .start_known
    mov eax, edx
.start_known:                       ; [eax, ecx) = in common
    sub ecx, eax
    jbe .nothing
    sub esi, eax
    neg esi
    add esi, BOUNCE_ADDRESS         ; from
    sub eax, edx
    add eax, [di + P_PADDR]
    mov edi, eax                    ; to
    jmp copy_high
.nothing:
    ret

; copy_high: copies ECX bytes from linear ESI to linear EDI. zero_high: zeroes ECX bytes at EDI.
; Both go through protected mode for the moment of the copy, as real mode reaches 1 MiB only:
; CR0.PE is set, DS and ES are loaded with flat segments, and CS stays as it is. Interrupts are
; off meanwhile. Clobbers: eax, ebx, ecx, edx, esi, edi.
zero_high:
    mov byte [.fill], 1
    jmp copy_high.go
.fill: db 0
copy_high:
    mov byte [zero_high.fill], 0
.go:
    cli
    push ds
    push es
    mov bl, [zero_high.fill]
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp .flat                       ; a jump after each change of CR0.PE (SDM 3A 9.9)
.flat:
    mov ax, FLAT_DATA
    mov ds, ax
    mov es, ax
    xor eax, eax
    test bl, bl
    mov edx, ecx
    jnz .zero
    shr ecx, 2
    a32 rep movsd
    mov ecx, edx
    and ecx, 3
    a32 rep movsb
    jmp .back
.zero:
    shr ecx, 2
    a32 rep stosd
    mov ecx, edx
    and ecx, 3
    a32 rep stosb
.back:
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp .real
.real:
    pop es
    pop ds
    sti
    ret

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

chunk_offset:  dd 0                 ; in the file
chunk_bytes:   dd 0
bytes_left:    dd 0
sum:           dd 0
elf_entry:     dd 0
segment_count: dw 0
segments:      times MAX_SEGMENTS * PROGRAM_HEADER db 0

    times (SECTOR - ($ - $$) % SECTOR) % SECTOR db 0
