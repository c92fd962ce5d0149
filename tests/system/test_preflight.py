"""The pre-flight check of boot/entry.asm: a spoiled page table ends in a sentence, not in a reboot.

gdb stops the machine just before the check, spoils one entry, and lets it go on.
"""
import subprocess

import pytest

from quire_vm import QuireVm, scaled

KERNEL_BASE = 0xC0000000
PRESENT_WRITABLE = 3


@pytest.fixture(scope="module")
def symbols(kernel_elf):
    listing = subprocess.run(["nm", kernel_elf], check=True, text=True, capture_output=True).stdout
    return {name: int(address, 16) for address, _, name in
            (line.split(maxsplit=2) for line in listing.splitlines() if len(line.split()) == 3)}


def spoil_and_run(vm, socket, commands):
    script = ["set remotetimeout 60", "set architecture i386", f"target remote {socket}", *commands,
              "detach"]
    arguments = [word for command in script for word in ("-ex", command)]
    subprocess.run(["gdb", "-nx", "-batch", *arguments], check=True, capture_output=True,
                   timeout=scaled(120))


def table_entry(symbols, physical):
    return symbols["boot_page_table"] - KERNEL_BASE + 4 * (physical >> 12)


CASES = {
    "eip": ("the current EIP", lambda s: (table_entry(s, s["entry"]), 0)),
    "stack": ("the current stack",
              lambda s: (table_entry(s, s["boot_stack_top"] - KERNEL_BASE - 8), 0)),
    "stack-read-only": ("the current stack",
                        lambda s: (table_entry(s, s["boot_stack_top"] - KERNEL_BASE - 8),
                                   (s["boot_stack_top"] - KERNEL_BASE - 8) & ~0xFFF | 1)),
    "gdt": ("the GDT", lambda s: (table_entry(s, 0x8000), 0x9000 | PRESENT_WRITABLE)),
    "high-half": ("the high-half entry",
                  lambda s: (s["boot_page_directory"] - KERNEL_BASE + 4 * 768, 0)),
    "high-half-read-only": ("the high-half entry",
                            lambda s: (s["boot_page_directory"] - KERNEL_BASE + 4 * 768,
                                       (s["boot_page_table"] - KERNEL_BASE) | 1)),
    "wrong-size": ("the current EIP",
                   lambda s: (s["boot_page_directory"] - KERNEL_BASE,
                              (s["boot_page_table"] - KERNEL_BASE) | PRESENT_WRITABLE | 0x80)),
    "wrong-table": ("the high-half entry",
                    lambda s: (s["boot_page_directory"] - KERNEL_BASE + 4 * 768,
                               0x5000 | PRESENT_WRITABLE)),
    "kernel-end": ("the end of the kernel",
                   lambda s: (table_entry(s, s["kernel_end_physical"] - 1), 0)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_spoiled_entry_is_named(case, image, symbols, artifacts, tmp_path):
    name, entry_of = CASES[case]
    address, value = entry_of(symbols)
    socket = tmp_path / "gdb"
    with QuireVm(image, artifacts=artifacts, paused=True,
                 extra=["-gdb", f"unix:{socket},server=on,wait=off"]) as vm:
        spoil_and_run(vm, socket, [f"hbreak *{symbols['preflight_start']:#x}", "continue",
                                   "delete", f"set {{unsigned int}}{address:#x} = {value:#x}"])
        vm.wait_for(f"Quire: paging pre-flight: {name} at ")
        vm.wait_for("is not mapped as meant")
        assert f"paging pre-flight: {name}" in "\n".join(vm.screen_text())


def test_extended_addressing_is_refused(image, symbols, artifacts, tmp_path):
    socket = tmp_path / "gdb"
    with QuireVm(image, artifacts=artifacts, paused=True,
                 extra=["-gdb", f"unix:{socket},server=on,wait=off"]) as vm:
        spoil_and_run(vm, socket, [f"hbreak *{symbols['preflight_start']:#x}", "continue",
                                   "delete", "set $cr4 = 0x20"])
        vm.wait_for("CR4.PAE is set")


# The kernel's first moments, before log and console exist: an exception there is told all the same.
def test_a_panic_before_the_console_speaks(image, symbols, artifacts, tmp_path):
    socket = tmp_path / "gdb"
    early = symbols["_ZN5quire3cpu14initialise_picEv"]
    with QuireVm(image, artifacts=artifacts, paused=True,
                 extra=["-gdb", f"unix:{socket},server=on,wait=off"]) as vm:
        spoil_and_run(vm, socket, [f"hbreak *{early:#x}", "continue", "delete",
                                   f"set {{unsigned short}}{early:#x} = 0x0b0f"])  # ud2
        vm.wait_for("Quire panic, before there is a console: invalid opcode (#UD, vector 6)")
        assert "before there is a console: invalid opcode" in "\n".join(vm.screen_text())
