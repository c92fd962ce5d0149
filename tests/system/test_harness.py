"""The harness itself: what it sees of a PC that runs a toy in one sector, and how it fails."""
import subprocess

import pytest
from keyboard_map import PRINTABLE
from picture import Picture
from quire_vm import EXIT_PASSED, QuireVm, VmFailure

# Echoes the keyboard and the serial line on screen and serial line; Ctrl-X ends with "passed",
# Ctrl-Y by a triple fault.
TOY = r"""
        org 0x7C00
        bits 16
        cli
        xor ax, ax
        mov ds, ax
        mov ss, ax
        mov sp, 0x7C00
        sti
        mov ax, 3
        int 0x10
        mov si, prompt
        call put_string
next:   mov ah, 1
        int 0x16
        jz serial
        xor ah, ah
        int 0x16
        call got
serial: mov dx, 0x3FD
        in al, dx
        test al, 1
        jz next
        mov dx, 0x3F8
        in al, dx
        call got
        jmp next
got:    cmp al, 24
        je passed
        cmp al, 25
        je reset
        cmp al, 13
        jne put
        call put
        mov al, 10
        call put
        mov si, prompt
put_string:
        lodsb
        test al, al
        jz done
        call put
        jmp put_string
put:    push ax
        mov ah, 0x0E
        mov bx, 7
        int 0x10
        pop ax
        mov dx, 0x3F8
        out dx, al
done:   ret
passed: mov al, 0x21
        out 0xF4, al
reset:  cli
        lidt [nothing]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        int3
nothing: dw 0, 0, 0
prompt: db "quire> ", 0
        times 510 - ($ - $$) db 0
        dw 0xAA55
"""


@pytest.fixture
def toy(tmp_path, artifacts):
    source, image = tmp_path / "toy.asm", tmp_path / "toy.img"
    source.write_text(TOY)
    subprocess.run(["nasm", "-f", "bin", "-o", image, source], check=True)
    image.write_bytes(image.read_bytes().ljust(1 << 20, b"\0"))
    with QuireVm(image, artifacts=artifacts) as vm:
        vm.wait_for("quire> ")
        yield vm


def test_types_every_printable_character(toy):
    toy.send_keys(PRINTABLE)
    toy.wait_for(PRINTABLE)
    assert "".join(toy.screen_text()[:2]).replace("quire> ", "", 1) == PRINTABLE


def test_talks_over_the_serial_line(toy):
    assert toy.command("abc") == ""
    toy.send_serial("xyz")
    assert toy.wait_for("xyz")


def test_sees_registers_memory_and_pixels(toy, tmp_path):
    assert toy.registers()["CR0"] & 1 == 0
    assert toy.read_physical(0x7DFE, 2) == b"\x55\xaa"
    picture = toy.screendump(tmp_path / "screen.png")
    assert len(picture.colours()) == 2
    assert (tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")


def test_reports_the_exit_code(toy):
    toy.press("ctrl-x")
    assert toy.wait_exit() == EXIT_PASSED


def test_time_limit_shows_serial_screen_and_registers(toy):
    with pytest.raises(VmFailure) as failure:
        toy.wait_for("never printed", timeout=1)
    message = str(failure.value)
    assert "'never\\\\ printed' had not come over the serial line" in message
    assert message.count("quire> ") + message.count("quire>\n") == 2  # serial line and screen
    assert "EIP=" in message


def test_a_reset_ends_the_wait_at_once(toy):
    toy.press("ctrl-y")
    with pytest.raises(VmFailure, match=r"the PC ended \(code 0\)"):
        toy.wait_for("never printed", timeout=3600)


def test_refuses_a_qemu_that_does_not_start(artifacts):
    with pytest.raises(VmFailure, match="QEMU did not start"):
        QuireVm(None, artifacts=artifacts, machine="no-such-machine").start()


def test_picture_refuses_half_a_screen():
    with pytest.raises(ValueError):
        Picture.from_ppm(b"P6\n2 2\n255\n" + b"\0" * 11)
