"""Boots under BIOSes that lack or break what QEMU's offers, and says in its log how it managed."""
import re
import subprocess
from pathlib import Path

import pytest
from quire_image import SECTOR, QuireImage
from quire_vm import PROMPT

SOURCE = Path(__file__).with_name("hostile_bios.asm")
KEPT_LBA = 8191
CODE_BYTES = 446  # what follows in sector 0 is the partition table

OPTIONS = ["a20-off", "no-bios-a20", "no-e820", "no-e801", "no-lba", "garbage", "e801-in-ax-bx",
           "e820-short"]


@pytest.fixture(scope="module")
def hostile_code(tmp_path_factory):
    output = tmp_path_factory.mktemp("hostile") / "hostile.bin"
    subprocess.run(["nasm", "-f", "bin", "-w+all", "-w+error", "-o", output, SOURCE], check=True)
    code = output.read_bytes()
    assert len(code) == CODE_BYTES
    return code


@pytest.fixture
def hostile_image(hostile_code, image, tmp_path):
    def make(chosen):
        changed = QuireImage(image)
        kept = KEPT_LBA * SECTOR
        assert not any(changed.data[kept:kept + SECTOR]), "the kept sector is in use"
        changed.data[kept:kept + SECTOR] = changed.data[:SECTOR]
        changed.data[:CODE_BYTES] = hostile_code
        changed.data[hostile_code.index(b"OPTS") + 4] = sum(1 << OPTIONS.index(name) for name in chosen)
        return changed.save(tmp_path / "hostile.img")

    return make


def boot_report(vm):
    vm.wait_for(PROMPT)
    return re.search(r"boot: A20 (.*); memory map by (\w+); disk 80h read by (\w+)",
                     vm.command("dmesg")).groups()


OPEN, BIOS, E820, LBA = "was open", "opened by the BIOS", "E820", "LBA"
KEYBOARD, PORT_92 = "opened by the keyboard controller", "opened by port 92h"


@pytest.mark.parametrize("chosen, report", [
    ("", (OPEN, E820, LBA)),
    ("garbage", (OPEN, E820, LBA)),
    ("a20-off", (BIOS, E820, LBA)),
    ("a20-off no-bios-a20", (KEYBOARD, E820, LBA)),
    ("e820-short", (OPEN, E820, LBA)),
    ("no-e820", (OPEN, "E801", LBA)),
    ("no-e820 e801-in-ax-bx", (OPEN, "E801", LBA)),
    ("no-e820 no-e801", (OPEN, "88h", LBA)),
    ("no-lba", (OPEN, E820, "CHS")),
    ("a20-off no-bios-a20 no-e820 no-e801 no-lba garbage", (KEYBOARD, "88h", "CHS")),
])
def test_boots_all_the_same(boot, hostile_image, chosen, report):
    vm = boot(hostile_image(chosen.split()), memory=48)
    assert boot_report(vm) == report
    usable_kib = int(re.search(r"(\d+) KiB usable", vm.command("mem"))[1])
    assert 47 * 1024 <= usable_kib <= 48 * 1024


def without(changed, code, instead):
    """No emulated PC can be had without these ways to A20, so the attempt is taken out of stage 2."""
    changed.patch_stage2(changed.find_in_stage2(bytes.fromhex(code)), bytes.fromhex(instead))


NO_KEYBOARD = ("b0ade8", "c3ade8")    # mov al, 0xAD; call: the routine begins with RET instead
NO_PORT_92 = ("e692", "9090")         # out 0x92, al


def test_opens_a20_by_port_92(boot, hostile_image, tmp_path):
    changed = QuireImage(hostile_image(["a20-off", "no-bios-a20"]))
    without(changed, *NO_KEYBOARD)
    vm = boot(changed.save(tmp_path / "no-keyboard.img"))
    assert boot_report(vm) == (PORT_92, E820, LBA)


def test_says_that_a20_stays_closed(boot, hostile_image, tmp_path):
    changed = QuireImage(hostile_image(["a20-off", "no-bios-a20"]))
    without(changed, *NO_KEYBOARD)
    without(changed, *NO_PORT_92)
    vm = boot(changed.save(tmp_path / "no-a20.img"))
    vm.wait_for("Quire: the A20 gate stays closed: BIOS, keyboard controller and port 92h were tried.")
    vm.wait_for_screen("Quire: the A20 gate stays closed")
    assert vm.is_running()


def test_a_damaged_kernel_is_noticed_by_chs_too(boot, hostile_image, tmp_path):
    changed = QuireImage(hostile_image(["no-lba"]))
    changed.data[changed.kernel_lba * SECTOR + changed.kernel_bytes // 2] ^= 1
    vm = boot(changed.save(tmp_path / "damaged.img"))
    vm.wait_for("Quire: the kernel on the disk is damaged: its checksum is wrong.")


def test_a_bad_sector_is_named_by_chs_too(boot, hostile_image, tmp_path):
    changed = hostile_image(["no-lba"])
    bad = QuireImage(changed).kernel_lba + 10
    rules = tmp_path / "errors.cfg"
    rules.write_text(f'[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "{bad}"\n')
    vm = boot(f"blkdebug:{rules}:{changed}")
    vm.wait_for(re.compile(rf"Quire: the disk cannot be read at or behind sector {bad} "))
