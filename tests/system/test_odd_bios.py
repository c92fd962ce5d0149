"""The boot stages on BIOSes that are old, odd or wrong: tests/system/odd_bios.asm stands between them
and QEMU's BIOS and makes it so."""
import re
import subprocess
from pathlib import Path

import pytest
from quire_image import SECTOR, QuireImage
from quire_vm import PROMPT

SOURCE = Path(__file__).with_name("odd_bios.asm")
REAL_STAGE1 = 8191
NO_RAM = re.compile(r"Quire: not enough RAM: the kernel needs it up to \d+ KiB, and the BIOS reports no "
                    r"usable memory there\.")
USABLE, RESERVED = 1, 2
LOW = (0, 0x9F000, USABLE, 1)
HIGH = (0x100000, 0x3F00000, USABLE, 1)


@pytest.fixture
def odd(boot, image, tmp_path):
    """odd("MACRO", NAME=value, ...) starts a PC whose BIOS is odd in that way."""
    def start(*macros, entries=None, entry_bytes=24, **values):
        lines = [f"%define {macro}" for macro in macros]
        lines += [f"%define {name} {value}" for name, value in values.items()]
        if entries is not None:
            lines += [f"%define MAP_ENTRY_BYTES {entry_bytes}", "%macro MAP_ENTRIES_BODY 0"]
            lines += [f"dq {base:#x}, {length:#x}\ndd {kind}, {attributes:#x}"
                      for base, length, kind, attributes in entries]
            lines += ["%endmacro", "%define MAP_ENTRIES MAP_ENTRIES_BODY"]
        (tmp_path / "odd.asm").write_text("\n".join(lines) + "\n" + SOURCE.read_text())
        subprocess.run(["nasm", "-f", "bin", "-w+error", "odd.asm", "-o", "odd.bin"], cwd=tmp_path,
                       check=True)
        changed = QuireImage(image)
        assert not any(changed.data[REAL_STAGE1 * SECTOR:(REAL_STAGE1 + 1) * SECTOR])
        changed.data[REAL_STAGE1 * SECTOR:(REAL_STAGE1 + 1) * SECTOR] = changed.data[:SECTOR]
        changed.data[:SECTOR] = (tmp_path / "odd.bin").read_bytes()
        return boot(changed.save(tmp_path / "odd.img"))

    return start


def check_prompt(vm, *words):
    vm.wait_for(PROMPT)
    said = vm.command("dmesg")
    for word in words:
        assert word in said
    assert "Quire: " not in vm.serial_text()


def expect_refusal(vm, sentence):
    """The sentence, and nothing of the kernel before or behind it."""
    vm.wait_for(sentence)
    assert PROMPT not in vm.serial_text()


# --- The disk -----------------------------------------------------------------------------------

def test_a_bios_without_disk_extensions(odd):
    check_prompt(odd("NO_EXTENSIONS"), "read by CHS")


def test_a_bios_without_disk_extensions_and_geometry(odd):
    check_prompt(odd("NO_EXTENSIONS", "NO_GEOMETRY"), "read by CHS")


@pytest.mark.parametrize("macros", [(), ("NO_EXTENSIONS",)], ids=["lba", "chs"])
def test_every_read_may_fail_twice(odd, macros):
    check_prompt(odd("TWO_TRIES_FAIL", *macros))


@pytest.mark.parametrize("sectors, sector_bytes", [(0, 512), (10, 2048)])
def test_a_disk_whose_size_says_nothing(odd, sectors, sector_bytes):
    check_prompt(odd(DISK_SECTORS=sectors, DISK_SECTOR_BYTES=sector_bytes))


# --- The memory map -----------------------------------------------------------------------------

def test_memory_map_by_e801(odd):
    check_prompt(odd("NO_E820"), "memory map by E801")


def test_memory_map_by_88(odd):
    check_prompt(odd("NO_E820", "NO_E801"), "memory map by 88h")


GOOD_MAPS = {
    "plain": ([LOW, HIGH], 24),
    "twenty-bytes": ([LOW, HIGH], 20),
    # A BIOS that sets the bit nowhere does not know of it.
    "no-attributes": ([LOW[:3] + (0,), HIGH[:3] + (0,)], 24),
    "reserved-elsewhere": ([LOW, HIGH, (0x2000000, 0x1000, RESERVED, 1)], 24),
    "empty-reserved": ([LOW, HIGH, (0x101800, 0, RESERVED, 1)], 24),
    "ignored-reserved": ([LOW, HIGH, (0x101000, 0x1000, RESERVED, 0)], 24),
    "reserved-above-4-gib": ([LOW, HIGH, (0x1_0010_1000, 0x1000, RESERVED, 1)], 24),
}


@pytest.mark.parametrize("case", GOOD_MAPS)
def test_a_map_with_room_for_the_kernel(odd, case):
    entries, entry_bytes = GOOD_MAPS[case]
    check_prompt(odd(entries=entries, entry_bytes=entry_bytes), "memory map by E820")


BAD_MAPS = {
    "nothing-high": [LOW],
    "not-to-be-believed": [LOW, HIGH[:3] + (0,)],
    "reserved-within": [LOW, HIGH, (0x101800, 0x10, RESERVED, 1)],
    "reserved-first": [(0x101000, 0x1000, RESERVED, 1), LOW, HIGH],
    "reserved-from-below": [LOW, HIGH, (0x80000, 0x81000, RESERVED, 1)],
    "reserved-endlessly": [LOW, HIGH, (0x100800, 0xFFFF_FFFF_0000_0000, RESERVED, 1)],
    "usable-above-4-gib": [LOW, (0x1_0010_0000, 0x3F00000, USABLE, 1)],
}


@pytest.mark.parametrize("case", BAD_MAPS)
def test_a_map_without_room_for_the_kernel(odd, case):
    expect_refusal(odd(entries=BAD_MAPS[case]), NO_RAM)


# --- The A20 gate -------------------------------------------------------------------------------

def test_the_keyboard_controller_opens_the_gate(odd):
    check_prompt(odd("A20_CLOSED"), "A20 opened by the keyboard controller")
