"""Files as Quire sees them and as others see them: the tree of the image summed on both sides, what
was written in the guest read back by debugfs, and broken disks.

The root is a copy of the image on a second drive, so that it may be written and broken while the
disk we boot from stays sound.
"""
import os
import re
import shutil
import sys
import zlib
from pathlib import Path

import pytest
from quire_vm import PROMPT
from root_files import LARGE, put_large_file
from test_disk import WAYS, both_ways, drive, faulty_drive

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import disk_tools  # noqa: E402

ROOT_PART = 0
MADE_IN_MEMORY = ("/proc", "/dev", "/tmp")


@pytest.fixture
def root_copy(image, tmp_path):
    return shutil.copy(image, tmp_path / "root.img")


def cmdline(way="dma", more=""):
    return " ".join(filter(None, ["root=hdb1", WAYS[way], more]))


def partition(image):
    return disk_tools.partitions(image)[ROOT_PART]


def at_partition(image):
    return f"{image}?offset={partition(image).first * disk_tools.SECTOR}"


def fsck(image, *options):
    return disk_tools.start(["e2fsck", *options, at_partition(image)])


def debugfs(image, command):
    return disk_tools.run(["debugfs", "-R", command, at_partition(image)])


def sums(answer):
    """{path: (crc, bytes)} of what `sum` prints, without what is no disk's."""
    found = {path: (int(crc, 16), int(size))
             for crc, size, path in re.findall(r"^  ([0-9a-f]{8}) +(\d+) (/.*)$", answer,
                                               re.MULTILINE)}
    return {path: what for path, what in found.items() if not path.startswith(MADE_IN_MEMORY)}


def sums_of_host(folder):
    expected = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = Path(here, name)
            if path.is_symlink():
                continue
            data = path.read_bytes()
            expected["/" + str(path.relative_to(folder))] = (zlib.crc32(data), len(data))
    return expected


@both_ways
def test_the_tree_is_the_same_as_on_the_host(boot, root_copy, way):
    vm = boot.to_prompt(cmdline=cmdline(way), extra=drive(root_copy, "hdb"))
    assert sums(vm.command("sum /", timeout=600)) == sums_of_host(ROOT / "build" / "rootfs")


def test_a_small_machine_reads_it_all_too(boot, root_copy):
    vm = boot.to_prompt(cmdline=cmdline(), memory=4, extra=drive(root_copy, "hdb"))
    assert sums(vm.command("sum /", timeout=600)) == sums_of_host(ROOT / "build" / "rootfs")
    assert "agree" in vm.command("mmck")


def test_names_and_attributes(boot, root_copy):
    vm = boot.to_prompt(cmdline=cmdline(), extra=drive(root_copy, "hdb"))
    listed = vm.command("ls /")
    assert re.search(r"drwxrwxrwx .* tmp$", listed, re.MULTILINE)
    assert re.search(r"crw-rw-rw- .* null$", vm.command("ls /dev"), re.MULTILINE)
    assert "NotFound" in vm.command("ls /nobody")
    assert "/dev/hdb1 / ext2 rw" in vm.command("cat /proc/mounts")
    swaps = vm.command("cat /proc/swaps")
    assert re.search(r"^/dev/hda2 +partition", swaps, re.MULTILINE), swaps


def test_what_is_written_is_read_back_outside(boot, root_copy, tmp_path):
    large = put_large_file(root_copy, tmp_path)
    vm = boot.to_prompt(cmdline=cmdline(), extra=drive(root_copy, "hdb"))
    for line in ("mkdir /new", "write /new/text one two three", "write /new/text four",
                 f"cp {LARGE} /new/copy", "mv /new/copy /data/moved", "rm /data/many/file_007",
                 f"rm {LARGE}", "mkdir /gone", "rmdir /gone", "write /data/many/file_008 more"):
        assert vm.command(line, timeout=300) == "", line
    assert vm.command("sync", timeout=300) == ""
    assert "agree" in vm.command("mmck")
    vm.kill()
    done = fsck(root_copy, "-fn")
    assert done.returncode == 0, done.stdout
    assert debugfs(root_copy, "cat /new/text").endswith("one two three\nfour\n")
    assert debugfs(root_copy, "cat /data/many/file_008").endswith("\nmore\n")
    assert "File not found" in debugfs(root_copy, "stat /data/many/file_007")
    assert "File not found" in debugfs(root_copy, "stat /gone")
    dumped = root_copy.with_suffix(".moved")
    debugfs(root_copy, f"dump /data/moved {dumped}")
    assert dumped.read_bytes() == large


def test_a_power_cut_can_be_repaired(boot, root_copy, tmp_path):
    put_large_file(root_copy, tmp_path)
    vm = boot.to_prompt(cmdline=cmdline(), extra=drive(root_copy, "hdb"))
    assert vm.command("write /kept this line was synced") == ""
    assert vm.command("sync", timeout=300) == ""
    vm.send_serial(f"cp {LARGE} /half\r")
    vm.wait_for(re.compile("half"))
    vm.kill()
    assert fsck(root_copy, "-fp").returncode in (0, 1)
    assert fsck(root_copy, "-fn").returncode == 0
    assert debugfs(root_copy, "cat /kept").endswith("this line was synced\n")


# The n-th read or write of the drive fails, once, wherever it is.
@pytest.mark.parametrize("iotype", ("read", "write"))
@pytest.mark.parametrize("sectors", (1, 9, 30))
def test_a_sector_that_fails_is_an_error_and_no_more(boot, root_copy, iotype, sectors):
    place = partition(root_copy)
    sector = place.first + place.sectors * sectors // 100 // 2 * 2
    vm = boot.to_prompt(cmdline=cmdline(), extra=faulty_drive(root_copy, "hdb", iotype=iotype,
                                                              sector=sector))
    vm.command("sum /", timeout=600)
    vm.command("write /new one", timeout=300)
    vm.command("cp /docs/README.md /copy", timeout=300)
    vm.command("sync", timeout=300)
    assert "agree" in vm.command("mmck")
    assert "quire>" not in vm.command("ls /tmp")


def test_every_sector_of_the_root_fails(boot, root_copy):
    vm = boot.to_prompt(cmdline=cmdline(), extra=faulty_drive(root_copy, "hdb", iotype="read"))
    log = vm.serial_text()
    assert "/ is an empty tmpfs" in log or "no disk to mount" in log
    assert vm.command("write /here it is") == ""
    assert vm.command("cat /here") == "it is\n"


def test_nonsense_in_the_place_of_a_file_system(boot, root_copy):
    place = partition(root_copy)
    with open(root_copy, "r+b") as file:
        file.seek(place.first * disk_tools.SECTOR + 1024)
        file.write(os.urandom(1024))
    vm = boot.to_prompt(cmdline=cmdline(), extra=drive(root_copy, "hdb"))
    assert re.search("hdb1 cannot be mounted", vm.serial_text())
    assert "tmpfs" in vm.command("df")


def test_a_machine_without_a_disk_has_files_too(boot):
    vm = boot(disk="usb")
    vm.wait_for(PROMPT)
    assert "no disk to mount as /" in vm.serial_text()
    assert vm.command("write /tmp/a b") == ""
    assert vm.command("cat /tmp/a") == "b\n"
