; The floor under make bench: the shortest handlers that could do what its rows do, on the bare machine.
;
; QEMU loads this as a multiboot kernel. It maps memory, goes to ring 3, and there does each row with a
; handler of its own: no processes, no locks, no accounting, nothing that could fail; a fault looks only
; whether its address is in the one region there is. Prints "floor: ROW VALUE of TURNS", in TSC clocks,
; which are instructions under -icount. Frames are a stack of addresses; page tables are seen at
; TABLES, through the directory's last entry (SDM 3A 4.3).
;
; What is mapped: 0-16 MiB as it is, ring 3 may write there, too; REGION and the pages behind it. Of the
; page tables that fork shares only the first is there: what is done to the others' entries is the same.
bits 32

PAGES    equ 1024                  ; of which faults are counted
SOME     equ 256                   ; of which ranges are changed
CALLS    equ 1000
REGION   equ 0x40000000            ; PAGES pages, one page table
ELSEWHERE equ REGION + SOME * 4096
TABLES   equ 0xFFC00000
FRAMES   equ 0x00800000            ; free frames: 8-16 MiB
PRESENT  equ 1
WRITABLE equ 2
USER     equ 4
CODE0    equ 0x08
DATA0    equ 0x10
CODE3    equ 0x1B
DATA3    equ 0x23
TASK     equ 0x28

section .text
align 4
    dd 0x1BADB002, 0, -0x1BADB002  ; multiboot: no wishes
global _start
_start:
    mov esp, kernel_stack_top
    lgdt [gdt_pointer]
    jmp CODE0:.reloaded
.reloaded:
    mov ax, DATA0
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov eax, task
    mov [gdt_task + 2], ax
    shr eax, 16
    mov [gdt_task + 4], al
    mov [gdt_task + 7], ah
    mov ax, TASK
    ltr ax
    lidt [idt_pointer]
    ; the directory: four large pages, the table of the region, itself
    mov dword [directory + 0], 0x000000 | 0x80 | PRESENT | WRITABLE | USER
    mov dword [directory + 4], 0x400000 | 0x80 | PRESENT | WRITABLE | USER
    mov dword [directory + 8], 0x800000 | 0x80 | PRESENT | WRITABLE | USER
    mov dword [directory + 12], 0xC00000 | 0x80 | PRESENT | WRITABLE | USER
    mov eax, table
    or eax, PRESENT | WRITABLE | USER
    mov [directory + (REGION >> 22) * 4], eax
    mov eax, directory
    mov cr3, eax
    or eax, PRESENT | WRITABLE
    mov [directory + 1023 * 4], eax
    mov eax, cr4
    or eax, 0x10                   ; PSE
    mov cr4, eax
    mov eax, cr0
    or eax, 1 << 31 | 1 << 16      ; PG, WP
    mov cr0, eax
    push DATA3
    push user_stack_top
    push 0x3002                    ; IOPL 3, so that ring 3 can print; no interrupts
    push CODE3
    push rows
    mov ax, DATA3
    mov ds, ax
    mov es, ax
    iret

; ---- Handlers. In every one: ring 3's registers come back as they were, but eax of a call.

%macro take_frame 1                ; a free frame's address
    mov %1, [free_top]
    mov %1, [%1]
    add dword [free_top], 4
%endmacro
%macro check_region 0              ; cr2 in eax; elsewhere would be SIGSEGV
    mov eax, cr2
    cmp eax, REGION
    jb fatal
    cmp eax, REGION + PAGES * 4096
    jae fatal
%endmacro
%macro return_from_fault 0
    popad
    add esp, 4                     ; the error code
    iret
%endmacro

call_getpid:
    mov eax, [process_id]
    iret

fault_zero:
    pushad
    check_region
    take_frame edx
    mov edi, edx
    mov ebx, eax
    xor eax, eax
    mov ecx, 1024
    rep stosd
    shr ebx, 12
    or edx, PRESENT | WRITABLE | USER
    mov [TABLES + ebx * 4], edx
    return_from_fault

fault_zero_ahead:                  ; the frame is clear; for a shared zero frame it is the same work
    pushad
    check_region
    take_frame edx
    shr eax, 12
    or edx, PRESENT | WRITABLE | USER
    mov [TABLES + eax * 4], edx
    return_from_fault

fault_read:
    pushad
    check_region
    shr eax, 12
    mov dword [TABLES + eax * 4], FRAMES | PRESENT | USER
    return_from_fault

fault_copy:
    pushad
    check_region
    take_frame edx
    mov edi, edx
    mov esi, eax
    and esi, -4096
    mov ecx, 1024
    rep movsd
    shr eax, 12
    or edx, PRESENT | WRITABLE | USER
    mov [TABLES + eax * 4], edx
    invlpg [esi - 4096]
    return_from_fault

fault_sole:
    pushad
    check_region
    mov ebx, eax
    shr ebx, 12
    or dword [TABLES + ebx * 4], WRITABLE
    invlpg [eax]
    return_from_fault

call_brk:                          ; ebx: the new end
    cmp ebx, REGION
    jb fatal
    cmp ebx, REGION + PAGES * 4096
    ja fatal
    mov [break_end], ebx
    mov eax, ebx
    iret

; mmap (ebx = 0, ecx: bytes) puts a record before the others; munmap (ebx: address) takes it out.
call_map:
    test ebx, ebx
    jnz .unmap
    push edx
    mov edx, [free_record]
    mov eax, [edx]
    mov [free_record], eax
    mov eax, [lowest]
    sub eax, ecx
    mov [lowest], eax
    mov [edx + 4], eax
    mov [edx + 8], ecx
    mov ecx, [first_record]
    mov [edx], ecx
    mov [first_record], edx
    pop edx
    iret
.unmap:
    push edx
    mov edx, [first_record]
    cmp [edx + 4], ebx
    jne fatal
    mov eax, [edx]
    mov [first_record], eax
    mov eax, [edx + 8]
    add [lowest], eax
    mov eax, [free_record]
    mov [edx], eax
    mov [free_record], edx
    pop edx
    iret

call_unmap_touched:                ; SOME pages at REGION
    pushad
    mov esi, TABLES + (REGION >> 12) * 4
    mov edi, [free_top]
    mov ecx, SOME
.next:
    mov eax, [esi]
    test al, PRESENT
    jz .none
    mov dword [esi], 0
    and eax, -4096
    sub edi, 4
    mov [edi], eax
.none:
    add esi, 4
    dec ecx
    jnz .next
    mov [free_top], edi
    mov eax, cr3
    mov cr3, eax
    popad
    iret

call_protect:                      ; ebx: WRITABLE or 0, for SOME pages at REGION
    pushad
    mov esi, TABLES + (REGION >> 12) * 4
    mov ecx, SOME
.next:
    mov eax, [esi]
    and eax, ~WRITABLE
    or eax, ebx
    mov [esi], eax
    add esi, 4
    dec ecx
    jnz .next
    mov eax, cr3
    mov cr3, eax
    popad
    iret

call_remap:                        ; SOME pages from ebx to edx
    pushad
    shr ebx, 12
    shr edx, 12
    lea esi, [TABLES + ebx * 4]
    lea edi, [TABLES + edx * 4]
    mov ecx, SOME
.next:
    mov eax, [esi]
    mov dword [esi], 0
    mov [edi], eax
    add esi, 4
    add edi, 4
    dec ecx
    jnz .next
    mov eax, cr3
    mov cr3, eax
    popad
    iret

call_flush:
    mov eax, cr3
    mov cr3, eax
    iret

; fork, exit and wait: eax 0, 1, 2. The child gets a directory of its own and shares every page table;
; none of its pages may be written. It runs when its parent waits.
call_process:
    pushad
    dec eax
    jz .exit
    jns .wait
    take_frame edi
    mov [child_directory], edi
    mov esi, directory
    mov ecx, 1024
    rep movsd
    mov ecx, [shared_tables]
.forbid:
    and dword [edi - 4096 + (REGION >> 22) * 4 + ecx * 4 - 4], ~WRITABLE
    and dword [directory + (REGION >> 22) * 4 + ecx * 4 - 4], ~WRITABLE
    dec ecx
    jnz .forbid
    mov eax, cr3
    mov cr3, eax
    mov esi, esp                   ; what the parent returns to, the child returns to
    mov edi, child_stack_top - 13 * 4
    mov ecx, 13
    rep movsd
    mov dword [child_stack_top - 13 * 4 + 28], 0
    mov dword [esp + 28], 2
    popad
    iret
.wait:
    mov [parent_stack], esp
    mov esp, child_stack_top - 13 * 4
    mov dword [task + 4], child_stack_top
    mov eax, [child_directory]
    mov cr3, eax
    popad
    iret
.exit:
    mov eax, directory
    mov cr3, eax
    mov esp, [parent_stack]
    mov dword [task + 4], kernel_stack_top
    mov ebx, [free_top]
    sub ebx, 4
    mov eax, [child_directory]
    mov [ebx], eax
    mov [free_top], ebx
    mov ecx, [shared_tables]
.allow:
    or dword [directory + (REGION >> 22) * 4 + ecx * 4 - 4], WRITABLE
    dec ecx
    jnz .allow
    mov eax, cr3
    mov cr3, eax
    popad
    iret

; A pipe holds a byte or nothing. ebx: which pipe; eax: 0 to write the byte at ecx, 1 to read one to it.
; Who finds nothing to read gives the machine to the other process.
call_pipe:
    pushad
    test eax, eax
    jnz .read
    mov al, [ecx]
    mov [pipes + ebx * 2], al
    mov byte [pipes + ebx * 2 + 1], 1
    popad
    iret
.read:
    cmp byte [pipes + ebx * 2 + 1], 0
    je .switch
    mov al, [pipes + ebx * 2]
    mov byte [pipes + ebx * 2 + 1], 0
    mov [ecx], al
    popad
    iret
.switch:
    mov edx, [current]
    mov [saved_stack + edx * 4], esp
    xor edx, 1
    mov [current], edx
    mov esp, [saved_stack + edx * 4]
    mov eax, [stack_top + edx * 4]
    mov [task + 4], eax
    mov eax, cr3                   ; each would have a directory of its own
    mov cr3, eax
    mov eax, [esp + 28]
    mov ebx, [esp + 16]
    mov ecx, [esp + 24]
    test eax, eax
    jnz .read
    popad
    iret

; kill(2) to oneself: what ring 3 was doing goes onto its stack, and its handler runs.
call_kill:
    mov dword [esp - 4], 0         ; the result
    pushad
    mov edi, [esp + 44]            ; ring 3's stack
    sub edi, 13 * 4
    mov ebx, edi
    mov esi, esp
    mov ecx, 13
    rep movsd
    sub ebx, 4
    mov dword [ebx], signal_return
    mov [esp + 44], ebx
    mov dword [esp + 32], signal_handler
    popad
    iret
call_signal_return:
    pushad
    mov esi, [esp + 44]
    mov edi, esp
    mov ecx, 13
    rep movsd
    or dword [esp + 36], CODE3     ; a program must not choose its own selectors
    popad
    iret

fatal:
    mov esi, text_fatal
    call print
    jmp power_off

; ---- Ring 3: the rows.

%macro handle 2                    ; vector, handler
    mov eax, %2
    mov word [idt + %1 * 8], ax
    shr eax, 16
    mov word [idt + %1 * 8 + 6], ax
    mov dword [idt + %1 * 8 + 2], 0xEE000000 | CODE0
%endmacro
%macro start 0
    rdtsc
    mov [started], eax
%endmacro
%macro report 3                    ; name, turns, what its loops took
    rdtsc
    sub eax, [started]
    sub eax, %3
    mov ebx, %2
    call tell
    db %1, 0
%endmacro
%macro touch 2                     ; pages from REGION; instructions: 4 a page and 2
    mov esi, REGION
    mov ecx, %1
%%next:
    mov byte [esi], %2
    add esi, 4096
    dec ecx
    jnz %%next
%endmacro
%macro fork_exit_wait 2            ; name, page tables to share
    mov dword [shared_tables], %2
    start
    xor eax, eax
    int 0x80
    test eax, eax
    jnz %%parent
    mov eax, 1
    int 0x80                       ; the child ends
%%parent:
    mov eax, 2
    int 0x80
    report %1, 1, 0
%endmacro
TOUCH_LOOP equ 4                   ; instructions a page

rows:
    mov ecx, CALLS
    start
.loop:
    dec ecx
    jnz .loop
    report "loop", CALLS, 0

    handle 0x80, call_getpid
    mov ecx, CALLS
    start
.getpid:
    mov eax, 20
    int 0x80
    dec ecx
    jnz .getpid
    report "getpid", CALLS, 2 * CALLS

    handle 14, fault_zero
    call empty
    start
    touch PAGES, 1
    report "zero-fault", PAGES, TOUCH_LOOP * PAGES

    handle 14, fault_zero_ahead
    call empty
    start
    touch PAGES, 1
    report "zero-fault-ahead", PAGES, TOUCH_LOOP * PAGES

    handle 14, fault_read
    call empty
    mov esi, REGION
    mov ecx, PAGES
    start
.read:
    mov al, [esi]
    add esi, 4096
    dec ecx
    jnz .read
    report "read-fault", PAGES, TOUCH_LOOP * PAGES

    handle 14, fault_copy          ; all of them show the zero frame
    start
    touch PAGES, 1
    report "cow-copy", PAGES, TOUCH_LOOP * PAGES

    handle 0x80, call_protect
    xor ebx, ebx
    int 0x80
    handle 14, fault_sole
    start
    touch SOME, 1
    report "cow-sole", SOME, TOUCH_LOOP * SOME

    handle 14, fault_zero
    handle 0x80, call_brk
    call empty
    mov ebx, REGION
    start
.brk:
    add ebx, 4096
    int 0x80
    mov byte [ebx - 1], 1
    cmp ebx, REGION + SOME * 4096
    jb .brk
    report "brk-touch", SOME, 2 * SOME

    handle 0x80, call_map
    mov edi, CALLS
    start
.map:
    xor ebx, ebx
    mov ecx, 4096
    int 0x80
    mov ebx, eax
    int 0x80
    dec edi
    jnz .map
    report "map-1", CALLS, 2 * CALLS

    handle 0x80, call_unmap_touched
    start
    int 0x80
    report "unmap-page", SOME, 0
    touch SOME, 1
    start
    int 0x80
    report "discard-page", SOME, 0
    touch SOME, 1

    handle 0x80, call_protect
    mov ecx, 100
    start
.protect:
    xor ebx, WRITABLE
    int 0x80
    dec ecx
    jnz .protect
    report "protect-256", 100, 2 * 100

    handle 0x80, call_remap
    mov ebx, REGION
    mov edx, ELSEWHERE
    mov ecx, 20
    start
.remap:
    int 0x80
    xchg ebx, edx
    dec ecx
    jnz .remap
    report "remap-256", 20, 2 * 20

    handle 0x80, call_process
    fork_exit_wait "fork-0", 1
    fork_exit_wait "fork-1", 2
    fork_exit_wait "fork-16", 5
    fork_exit_wait "fork-64", 17

    handle 0x80, call_pipe
    ; the other process: sent back is what comes
    mov edi, child_stack_top - 13 * 4
    mov [saved_stack + 4], edi
    mov dword [edi + 28], 0        ; eax: not in a read
    mov dword [edi + 32], .other
    mov dword [edi + 36], CODE3
    mov dword [edi + 40], 0x3002
    mov dword [edi + 44], other_stack_top
    mov dword [edi + 48], DATA3
    mov ecx, byte_here
    mov edi, 101
.pipe:
    cmp edi, 100
    jne .go_on
    start                          ; clobbers edx, eax; the first turn has woken the other
.go_on:
    xor eax, eax
    xor ebx, ebx
    int 0x80
    mov eax, 1
    mov ebx, 1
    int 0x80
    dec edi
    jnz .pipe
    report "pipe", 100, 4 * 100
    jmp .signal
.other:
    mov ecx, byte_there
.answer:
    mov eax, 1
    xor ebx, ebx
    int 0x80
    xor eax, eax
    mov ebx, 1
    int 0x80
    jmp .answer

.signal:
    handle 0x80, call_kill
    handle 0x81, call_signal_return
    mov edi, CALLS
    start
.kill:
    int 0x80
    dec edi
    jnz .kill
    report "signal", CALLS, 2 * CALLS
power_off:
    mov dx, 0x604                  ; QEMU's ACPI: off
    mov ax, 0x2000
    out dx, ax
    jmp $

signal_handler:
    ret
signal_return:
    int 0x81

; Nothing is mapped in the region, and all frames are free. Clobbers eax, ecx, edi.
empty:
    mov edi, table
    xor eax, eax
    mov ecx, 1024
    rep stosd
    mov eax, FRAMES + 4096
    mov edi, free_frames
    mov [free_top], edi
.next:
    stosd
    add eax, 4096
    cmp eax, 0x01000000
    jb .next
    handle 0x82, call_flush
    int 0x82
    ret

; In: eax clocks, ebx turns; the name stands behind the call. Prints a line.
tell:
    pop esi
    push eax
    push esi
    mov esi, text_floor
    call print
    pop esi
    call print
    pop eax
    push esi
    mov esi, text_space
    call print
    xor edx, edx
    div ebx
    push edx
    call print_number
    mov esi, text_point
    call print
    pop eax
    mov edx, 100
    mul edx
    div ebx
    cmp eax, 10
    jae .two
    mov esi, text_zero
    call print
.two:
    call print_number
    mov esi, text_of
    call print
    mov eax, ebx
    call print_number
    mov esi, text_line
    call print
    ret                            ; to behind the name

; In: esi. Out: esi behind the text's end. The other registers stay.
print:
    push eax
    push edx
    mov dx, 0x3F8
.next:
    lodsb
    test al, al
    jz .done
    out dx, al
    jmp .next
.done:
    pop edx
    pop eax
    ret

print_number:                      ; eax, in decimal
    xor edx, edx
    mov ecx, 10
    div ecx
    push edx
    test eax, eax
    jz .digit
    call print_number
.digit:
    pop eax
    add al, '0'
    mov dx, 0x3F8
    out dx, al
    ret

section .data
text_floor: db "floor: ", 0
text_space: db " ", 0
text_point: db ".", 0
text_zero:  db "0", 0
text_of:    db " of ", 0
text_line:  db 10, 0
text_fatal: db "floor: a fault outside the region", 10, 0
align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF          ; CODE0
    dq 0x00CF92000000FFFF          ; DATA0
    dq 0x00CFFA000000FFFF          ; CODE3
    dq 0x00CFF2000000FFFF          ; DATA3
gdt_task:
    dq 0x0000890000000067          ; TASK: where it is comes in at the start
gdt_pointer:
    dw $ - gdt - 1
    dd gdt
idt_pointer:
    dw 256 * 8 - 1
    dd idt
task:
    dd 0, kernel_stack_top, DATA0
    times 22 dd 0
    dw 0, 104
process_id: dd 7
lowest: dd 0xB0000000
first_record: dd 0
free_record: dd record
record: dd 0, 0, 0
stack_top: dd kernel_stack_top, child_stack_top
current: dd 0
pipes: dw 0, 0

section .bss
alignb 4096
directory: resb 4096
table: resb 4096
idt: resb 256 * 8
free_frames: resb 4096 * 4
free_top: resd 1
break_end: resd 1
started: resd 1
child_directory: resd 1
shared_tables: resd 1
parent_stack: resd 1
saved_stack: resd 2
byte_here: resd 1
byte_there: resd 1
alignb 16
    resb 4096
kernel_stack_top:
    resb 4096
child_stack_top:
    resb 4096
user_stack_top:
    resb 4096
other_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
