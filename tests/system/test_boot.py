"""Boots to the prompt, on the serial line and on the screen, on every machine Quire is meant for."""
import re

import pytest
from bochs_vm import BochsVm
from quire_image import QuireImage
from quire_vm import OF_IMAGE, PROMPT


def check_prompt(vm):
    vm.wait_for(PROMPT)
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    assert vm.is_running()


@pytest.mark.parametrize("memory", [3, 4, 8, 16, 128, 1024, 3584])
def test_boots_with_ram_of(boot, memory):
    vm = boot(memory=memory)
    check_prompt(vm)
    usable_kib = int(re.search(r"(\d+) KiB usable", vm.command("mem"))[1])
    # The BIOS keeps the hole below 1 MiB and up to half a MiB at the top for itself.
    assert memory * 1024 - 1024 <= usable_kib <= memory * 1024


def test_says_how_much_ram_it_needs(boot):
    boot(memory=2).wait_for("Quire: not enough RAM: the kernel needs it up to")


@pytest.mark.parametrize("machine, disk", [("pc", "ide"), ("q35", "ide"), ("pc", "usb"), ("q35", "usb")])
def test_boots_from(boot, machine, disk):
    check_prompt(boot(machine=machine, disk=disk))


@pytest.mark.parametrize("cpu, missing", [
    ("pentium3", None), ("coreduo", None), ("max", None),
    ("qemu32,-pge,-pse", "no PSE, no PGE"), ("qemu32,-pge", "PSE, no PGE")])
def test_boots_on_cpu(boot, cpu, missing):
    vm = boot(cpu=cpu)
    check_prompt(vm)
    if missing:
        assert missing in vm.command("dmesg")


@pytest.mark.parametrize("cpu", ["486", "pentium"])
def test_an_old_cpu_is_told_so(boot, cpu):
    vm = boot(cpu=cpu)
    vm.wait_for("Quire: this CPU has no CMOV instruction")
    vm.wait_for_screen("Quire: this CPU has no CMOV instruction")
    assert vm.is_running()


def test_boots_in_bochs(image, artifacts):
    with BochsVm(image, artifacts=artifacts) as vm:
        vm.wait_for(PROMPT)


def test_the_command_line_comes_from_the_emulator(boot):
    vm = boot.to_prompt(cmdline="colour=red, green")
    assert "command line from fw_cfg: colour=red, green" in vm.command("dmesg")


def test_the_command_line_comes_from_the_image(boot, image, tmp_path):
    changed = QuireImage(image)
    changed.command_line = "colour=blue monitor"
    vm = boot.to_prompt(disk_image=changed.save(tmp_path / "blue.img"), cmdline=OF_IMAGE)
    assert "command line from the image: colour=blue" in vm.command("dmesg")


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_boots_without_a_serial_port(boot, machine):
    vm = boot(serial=False, machine=machine)
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    vm.send_keys("dmesg\n")
    vm.wait_for_screen(re.compile(r"^\[.*there is no COM1$", re.MULTILINE))
