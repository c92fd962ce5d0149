"""poweroff: the machine goes off as its firmware's tables say, on three machines."""
import re

from bochs_vm import BochsVm

POWER_OFF = "init=/bin/poweroff"


def test_a_pc_is_switched_off_by_its_tables(boot):
    vm = boot(shell=True, cmdline=POWER_OFF)
    vm.wait_for(re.compile(r"power off: ACPI, port 604h"))
    assert vm.wait_exit() == 0


def test_a_q35_is_switched_off_by_its_tables(boot, image):
    vm = boot(shell=True, cmdline=POWER_OFF, machine="q35",
              extra=["-drive", f"file={image},format=raw,if=none,id=second,snapshot=on",
                     "-device", "piix3-ide,id=old", "-device", "ide-hd,drive=second,bus=old.0,unit=0"])
    vm.wait_for(re.compile(r"power off: ACPI, port 604h"))
    assert vm.wait_exit() == 0


def test_bochs_is_switched_off_by_its_tables(image, artifacts):
    with BochsVm(image, artifacts=artifacts, cmdline=POWER_OFF) as vm:
        vm.wait_exit(timeout=120, silence=60)
        log = vm._log_text()
        assert "ACPI control: soft power off" in log
        # Bit 0, SCI_EN, stays: the tables' way reads the port before it writes.
        assert "EAX=00002001" in log
