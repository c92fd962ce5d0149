"""`make debug` without its terminal: gdb stops at the boot sector and in the kernel, its commands tell
the truth, and a page table spoiled from there is caught by the kernel's own pre-flight check."""
import os
import re
import subprocess

import pytest
from conftest import ROOT
from quire_vm import scaled


@pytest.fixture
def debug(image, kernel_elf, artifacts):
    def run(*commands):
        artifacts.mkdir(parents=True, exist_ok=True)
        serial = artifacts / "serial.txt"
        arguments = [word for command in commands for word in ("-ex", command)]
        done = subprocess.run(
            [ROOT / "tools" / "debug.sh", image, kernel_elf, "-batch", *arguments], cwd=ROOT,
            env={**os.environ, "DEBUG_SERIAL": str(serial), "DISPLAY": "", "WAYLAND_DISPLAY": ""},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scaled(300))
        (artifacts / "gdb.txt").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr, serial.read_text(errors="replace")

    return run


def test_stops_at_the_first_instruction(debug):
    said, _ = debug("continue", "quire-regs", "quire-pt 0x7c00")
    assert "Temporary breakpoint 1, 0x00007c00" in said
    assert "eip 00007c00" in said
    assert "paging is off" in said


def test_stops_in_the_kernel_with_its_source(debug):
    said, _ = debug("break kernel_main", "continue", "continue", "info source", "bt", "quire-e820",
                    "quire-regs", "quire-pt $eip", "quire-pt 0x100000000-4096", "quire-screen")
    assert re.search(r"Breakpoint 2.* kernel_main \(", said)
    assert "kernel/main.cpp" in said
    assert re.search(r"A20 .*; drive 80h by LBA; kernel at 00100000-.*entries by E820", said)
    assert re.search(r"^  00000100000-\w+ +\d+ KiB  usable", said, re.MULTILINE)
    assert re.search(r"^cr0 8001001\w +PE .*WP PG", said, re.MULTILINE)
    walk = re.search(r"^PDE  768 at physical (\w+) = .*present.*\n"
                     r"PTE +\d+ at physical \w+ = .*\n4 KiB page: physical 001\w{5}$", said, re.MULTILINE)
    assert walk, said
    assert "not present: an access faults" in said


def test_a_spoiled_page_table_ends_in_a_sentence(debug):
    """The entry for the frame of the code itself is cleared just before the pre-flight check."""
    said, serial = debug("thbreak *preflight_start", "continue", "continue",
                         "set var *(unsigned *)((unsigned)&boot_page_table - 0xC0000000 "
                         "+ 4 * ((unsigned)$pc >> 12)) = 0",
                         "thbreak fail.stop", "continue", "quire-screen")
    sentence = r"Quire: paging pre-flight: the current EIP at 0010\w{4} is not mapped as meant to"
    assert re.search(sentence, serial)
    assert re.search(sentence, said.replace("\n", ""))
