"""`crash KIND` breaks the kernel; the report must name the exception and show the true registers,
which is checked against the CPU's halted state, the faulting instruction in RAM, and the patterns
that kernel/crash.cpp loads."""
import re

import pytest
from quire_vm import EXIT_PANIC

KERNEL_BASE = 0xC0000000
PATTERNS = dict(eax=0xA1A1A1A1, ebx=0xB2B2B2B2, ecx=0xC3C3C3C3, edx=0xD4D4D4D4, esi=0x51515151,
                edi=0xD1D1D1D1)

# kind: (name, mnemonic, vector, registers that the instruction changed, bytes of the instruction at
# EIP; for a trap, which is reported behind its instruction, those before EIP).
FAULTS = {
    "de": ("#DE", 0, dict(ecx=0), "f7f1"),
    "br": ("#BR", 5, {}, "620424"),
    "ud": ("#UD", 6, {}, "0f0b"),
    "nm": ("#NM", 7, {}, "d9e8"),
    "df": ("#DF", 8, {}, "50"),
    "ts": ("#TS", 10, {}, "cf"),
    "np": ("#NP", 11, dict(eax=0x30), "8ec0"),
    "ss": ("#SS", 12, dict(eax=0x30), "8ed0"),
    "gp": ("#GP", 13, dict(eax=0x1230), "8ec0"),
    "pf": ("#PF", 14, {}, "a334120000"),
    "mf": ("#MF", 16, {}, "9b"),
}
TRAPS = {
    "db": ("#DB", 1, {}, "9d"),
    "nmi": ("NMI", 2, {}, "cd02"),
    "bp": ("#BP", 3, {}, "cc"),
    "of": ("#OF", 4, dict(eax=0x80000000), "ce"),
    "mc": ("#MC", 18, {}, "cd12"),
}


def crash(boot, kind, **options):
    vm = boot.to_prompt(**options)
    vm.send_serial(f"crash {kind}\r")
    vm.wait_for("*** Quire panic: ")
    return vm


def report_of(vm):
    """The panic's first line, and its registers by name."""
    start = vm.serial_text().index("*** Quire panic: ")
    vm.wait_for("The machine is halted.")
    text = vm.serial_text()[start:].replace("\r", "")
    values = re.findall(r"\b(e?[a-z][a-z0-9]{1,2}|eflags) ([0-9A-F]{4,8})\b", text)
    return text.split("\n")[0], {name: int(value, 16) for name, value in values}, text


def check_report(vm, mnemonic, vector, changed):
    headline, registers, text = report_of(vm)
    assert f"({mnemonic}, vector {vector})" in headline
    for name, value in {**PATTERNS, **changed}.items():
        assert registers[name] == value, f"{name} in {text}"
    if mnemonic != "#DF":
        assert 0 <= registers["ebp"] - registers["esp"] < 256  # in the frame of crash_...()
    outside = vm.registers()
    for name in ("CR0", "CR3", "CR4"):
        assert registers[name.lower()] == outside[name], name
    assert re.search(r"^ +[0-9A-F]{8} .*crash_\w+\+0x", text, re.MULTILINE), text
    assert "kernel_main+0x" in text
    return registers


def code_at(vm, address, size):
    return vm.read_physical(address - KERNEL_BASE, size).hex()


@pytest.mark.parametrize("kind", FAULTS)
def test_fault(boot, kind):
    mnemonic, vector, changed, instruction = FAULTS[kind]
    vm = crash(boot, kind)
    registers = check_report(vm, mnemonic, vector, changed)
    assert code_at(vm, registers["eip"], len(instruction) // 2) == instruction
    if kind == "pf":
        assert registers["cr2"] == 0x1234
    if kind == "df":
        assert registers["esp"] == 8


@pytest.mark.parametrize("kind", TRAPS)
def test_trap(boot, kind):
    mnemonic, vector, changed, instruction = TRAPS[kind]
    vm = crash(boot, kind)
    registers = check_report(vm, mnemonic, vector, changed)
    size = len(instruction) // 2
    # Single step traps after the instruction that follows POPF.
    before = registers["eip"] - size - (1 if kind == "db" else 0)
    assert code_at(vm, before, size) == instruction


def test_a_machine_without_the_exception_says_so(boot):
    """QEMU raises no #XM."""
    assert "does not raise that exception" in boot.to_prompt().command("crash xm")


@pytest.mark.parametrize("kind, words", [
    ("null", ["page fault (#PF, vector 14)", "read at linear 00000000"]),
    ("stack", ["double fault (#DF, vector 8)", "kernel stack overflow", "recurse+0x"]),
    ("assert", ["assertion failed: pages_freed_twice == 0", "kernel/crash.cpp:", "crash_assert"]),
    ("panic", ["this panic was asked for", "crash_panic"]),
])
def test_other_ends(boot, kind, words):
    vm = crash(boot, kind)
    text = report_of(vm)[2]
    for word in words:
        assert word in text


@pytest.mark.parametrize("kind", ["ud", "stack", "assert", "df"])
def test_a_panic_under_test_ends_the_run(boot, kind):
    assert crash(boot, kind, cmdline="test").wait_exit() == EXIT_PANIC


def test_a_panic_is_on_the_screen_too(boot):
    vm = crash(boot, "pf")
    vm.wait_for_screen("*** Quire panic: page fault (#PF, vector 14)")
    vm.wait_for_screen("The machine is halted.")
    assert vm.is_running()


def test_a_panic_without_a_serial_port(boot):
    vm = boot(serial=False)
    vm.wait_for_screen("quire>")
    vm.send_keys("crash ud\n")
    vm.wait_for_screen("(#UD, vector 6)")
    vm.wait_for_screen("The machine is halted.")
