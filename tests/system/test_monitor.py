"""The monitor's commands answer, and what they say about the machine is what QEMU says."""
import re

import pytest
from quire_vm import PROMPT

COMMANDS = "help mem regs bt irq ticks cpuid dmesg peek poke crash reboot".split()


@pytest.fixture
def vm(boot):
    return boot.to_prompt()


def words_of(peeked):
    return [int(word, 16) for line in peeked.strip().splitlines()
            for word in line.partition(":")[2].split()]


def test_help_names_every_command(vm):
    listed = re.findall(r"^ +(\w+)", vm.command("help"), re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("line", ["help", "mem", "regs", "bt", "irq", "ticks", "cpuid", "dmesg", "peek",
                                  "poke", "crash", "crash nonsense"])
def test_answers(vm, line):
    assert vm.command(line).strip() != ""


def test_an_unknown_command_is_named(vm):
    assert '"frobnicate"' in vm.command("frobnicate 1 2 3")


def test_an_empty_line_does_nothing(vm):
    assert vm.command("").strip() == ""


def test_mem_shows_the_bios_map(vm):
    answer = vm.command("mem")
    assert "usable" in answer and "reserved" in answer
    assert re.search(r"kernel at physical 00100000-", answer)


def test_regs_are_the_registers(vm):
    answer = vm.command("regs")
    outside = vm.registers()
    for name in ("CR0", "CR3", "CR4", "CS", "DS"):
        shown = re.search(rf"\b{name.lower()} ([0-9A-F]+)", answer)
        assert int(shown[1], 16) == outside[name], name


def test_bt_ends_in_kernel_main(vm):
    assert re.search(r"kernel_main\+0x[0-9a-f]+\s*$", vm.command("bt"))


def test_peek_reads_what_is_in_ram(vm):
    raw = vm.read_physical(0x100000, 32)
    expected = [int.from_bytes(raw[at:at + 4], "little") for at in range(0, 32, 4)]
    assert words_of(vm.command("peek C0100000 8")) == expected


def test_poke_writes_to_ram(vm):
    assert vm.command("poke C0000500 0x12345678").strip() == ""
    assert vm.read_physical(0x500, 4) == bytes.fromhex("78563412")
    assert vm.command("poke C0000501 0xFF 1").strip() == ""
    assert vm.read_physical(0x500, 4) == bytes.fromhex("78ff3412")


@pytest.mark.parametrize("line", ["peek 0", "poke 0 1", "peek FFFFFFFC", "poke BFFFFFFC 1"])
def test_an_address_that_faults_is_said_so(vm, line):
    assert "page fault" in vm.command(line)
    assert vm.command("ticks")


def test_ticks_count_up(vm):
    first = int(re.search(r"(\d+) ticks", vm.command("ticks"))[1])
    for _ in range(1000):
        if int(re.search(r"(\d+) ticks", vm.command("ticks"))[1]) > first:
            return
    pytest.fail("the tick count stands still")


def test_the_keyboards_interrupts_are_counted(vm):
    def count(answer):
        return int(re.search(r"IRQ 1 .* (\d+) handled", answer)[1])

    before = count(vm.command("irq"))
    vm.send_keys("zzz")  # a make and a break code each
    vm.wait_for("zzz")
    vm.press("ctrl-u")
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    assert count(vm.command("irq")) >= before + 6


def test_cpuid_knows_the_cpu(boot):
    assert "KVMKVMKVM" not in (answer := boot.to_prompt(cpu="pentium3").command("cpuid"))
    assert "GenuineIntel" in answer
    assert " SSE" in answer and " SSE2" not in answer


def test_dmesg_has_times_and_the_boot_report(vm):
    answer = vm.command("dmesg")
    assert re.search(r"^\[ *0\.\d{3}\] info +boot: A20 .*; memory map by E820; disk 80h read by LBA",
                     answer, re.MULTILINE)


def test_reboot_comes_back_to_the_prompt(boot):
    vm = boot.to_prompt(reboot=True)
    vm.send_serial("reboot\r")
    vm.wait_for("Quire, a kernel about memory")
    vm.wait_for(PROMPT)
    assert vm.command("help")


def test_a_long_line_over_the_serial_port(vm):
    answer = vm.command("x" * 200)
    assert "There is no command" in answer


def test_pasting_many_lines_loses_none(vm):
    """Faster than anybody types: the receive interrupt must keep up."""
    for number in range(40):
        vm.send_serial(f"n{number:03}\r")
    for number in range(40):
        vm.wait_for(f'"n{number:03}"')
