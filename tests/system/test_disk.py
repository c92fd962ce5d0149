"""Disks as the PC has them: found, named, read; broken ones, absent ones, ones we cannot drive.

The disk we boot from stays sound; what is broken is a second drive, hdb. Its faults come from
QEMU's blkdebug, which fails reads and writes in chosen sectors.
"""
import re
import struct

import pytest
from bochs_vm import BochsVm
from quire_vm import EXIT_FAILED, EXIT_PASSED, PROMPT

SECTOR = 512
LINUX, SWAP, EXTENDED = 0x83, 0x82, 0x05
WAYS = {"dma": None, "pio": "nodma"}


def both_ways(function):
    return pytest.mark.parametrize("way", WAYS)(function)


def entry(kind, first, count):
    return struct.pack("<B3sB3sII", 0, bytes(3), kind, bytes(3), first, count)


def make_disk(path, sectors, partitions=()):
    """A disk whose sectors say their number, with a partition table if there are partitions."""
    with open(path, "wb") as file:
        for number in range(sectors):
            file.write(struct.pack("<I", number) * (SECTOR // 4))
        if partitions:
            file.seek(446)
            file.write(b"".join(entry(*one) for one in partitions).ljust(64, b"\0") + b"\x55\xaa")
    return path


def drive(path, place, *, options=""):
    """QEMU arguments for a drive at `place` ("hdb" ...), not a snapshot."""
    index = "abcd".index(place[2])
    return ["-drive", f"file={path},format=raw,if=none,id={place}{options}",
            "-device", f"ide-hd,drive={place},bus=ide.{index // 2},unit={index % 2}"]


def faulty_drive(path, place, *faults, **fault):
    """The same, with blkdebug's rules: of each the iotype, sector, once ..."""
    rule = "".join(f",inject-error.{number}.event=none,inject-error.{number}.errno=5"
                   + "".join(f",inject-error.{number}.{key}={value}" for key, value in one.items())
                   for number, one in enumerate(faults or [fault]))
    index = "abcd".index(place[2])
    return ["-blockdev", f"driver=file,filename={path},node-name=file-{place}",
            "-blockdev", f"driver=blkdebug,image=file-{place},node-name=debug-{place}{rule}",
            "-blockdev", f"driver=raw,file=debug-{place},node-name={place}",
            "-device", f"ide-hd,drive={place},bus=ide.{index // 2},unit={index % 2}"]


def dumped(answer):
    """The bytes that `read` shows, by sector."""
    sectors = {}
    for number, _, line in re.findall(r"^ +(\d+)\+([0-9A-F]{3}):((?: [0-9A-F]{2}){16})", answer,
                                      re.MULTILINE):
        sectors[int(number)] = sectors.get(int(number), b"") + bytes.fromhex(line)
    return sectors


def figure(vm, name, disk):
    """A number that `disks` shows about one disk, by the words behind it."""
    part = vm.command("disks").split(f"  {disk} ", 1)[1].split("\n  h", 1)[0]
    return int(re.search(rf"(\d+) {name}", part)[1])


@both_ways
def test_the_boot_disk_is_found_and_read(boot, image, way):
    vm = boot.to_prompt(cmdline=WAYS[way])
    sectors = image.stat().st_size // SECTOR
    assert f'hda  "QEMU HARDDISK", {sectors} sectors, {way.upper()}' in vm.command("disks")
    content = image.read_bytes()
    shown = dumped(vm.command("read hda 0 16"))
    assert len(shown) == 16
    for number, data in shown.items():
        assert data == content[number * SECTOR:(number + 1) * SECTOR], number


@both_ways
def test_the_last_sector_is_the_last(boot, tmp_path, way):
    disk = make_disk(tmp_path / "b.img", 1000)
    vm = boot.to_prompt(cmdline=WAYS[way], extra=drive(disk, "hdb"))
    assert dumped(vm.command("read hdb 999"))[999] == struct.pack("<I", 999) * 128
    assert "BadAddress" in vm.command("read hdb 1000")
    assert "BadAddress" in vm.command("read hdb 998 3")
    assert "BadAddress" in vm.command("read hdb 0xFFFFFFFF 2")


def test_four_drives_have_their_names(boot, tmp_path):
    extra = []
    for place, sectors in (("hdb", 100), ("hdc", 200), ("hdd", 300)):
        extra += drive(make_disk(tmp_path / place, sectors), place)
    vm = boot.to_prompt(extra=extra)
    for place, sectors in (("hdb", 100), ("hdc", 200), ("hdd", 300)):
        assert f'{place}  "QEMU HARDDISK", {sectors} sectors' in vm.command("disks")
        assert dumped(vm.command(f"read {place} 77"))[77] == struct.pack("<I", 77) * 128


def test_a_slave_without_a_master(boot, tmp_path):
    vm = boot.to_prompt(extra=["-nodefaults", *drive(make_disk(tmp_path / "d", 100), "hdd")])
    answer = vm.command("disks")
    assert "hdd  " in answer and "hdc  " not in answer
    assert dumped(vm.command("read hdd 5"))[5] == struct.pack("<I", 5) * 128


def test_a_cd_rom_is_named_and_left_alone(boot):
    vm = boot.to_prompt(extra=["-device", "ide-cd,bus=ide.0,unit=1"])
    assert 'hdb: "QEMU DVD-ROM" is a packet drive' in vm.serial_text()
    assert "hdb" not in vm.command("disks")


# --- Partitions ---

def test_partitions_are_devices(boot, tmp_path):
    disk = make_disk(tmp_path / "b.img", 4000, [(LINUX, 100, 200), (SWAP, 300, 50)])
    vm = boot.to_prompt(extra=drive(disk, "hdb"))
    answer = vm.command("disks")
    assert re.search(r"hdb1 +sectors 100 to 299 .*Linux$", answer, re.MULTILINE)
    assert re.search(r"hdb2 +sectors 300 to 349 .*Linux swap$", answer, re.MULTILINE)
    assert dumped(vm.command("read hdb2 7"))[7] == struct.pack("<I", 307) * 128
    assert "BadAddress" in vm.command("read hdb2 50")


def test_wrong_partitions_are_named_and_left_out(boot, tmp_path):
    disk = make_disk(tmp_path / "b.img", 1000, [(LINUX, 100, 200), (LINUX, 250, 100),
                                                (LINUX, 900, 101), (EXTENDED, 400, 100)])
    vm = boot.to_prompt(extra=drive(disk, "hdb"))
    said = vm.serial_text()
    assert re.search(r"hdb2 is left out: .* overlap another partition", said)
    assert re.search(r"hdb3 is left out: .* go past the end of the disk", said)
    assert re.search(r"hdb: no table of partition 5 in sector 400", said)
    assert re.findall(r"^ +(hdb\d+)", vm.command("disks"), re.MULTILINE) == ["hdb1"]


# --- Faults ---

@both_ways
def test_the_bad_sector_is_found_and_named(boot, tmp_path, way):
    disk = make_disk(tmp_path / "b.img", 1000)
    vm = boot.to_prompt(cmdline=WAYS[way],
                        extra=faulty_drive(disk, "hdb", iotype="read", sector=333))
    answer = vm.command("read hdb 328 8")
    assert "sector 333 of hdb cannot be read (IoError)" in answer
    assert "hdb: read of sector 333 failed: IoError" in vm.serial_text()
    for number in (332, 334):
        assert dumped(vm.command(f"read hdb {number}"))[number] == struct.pack("<I", number) * 128
    assert figure(vm, "errors", "hdb") == 1
    assert figure(vm, "errors", "hda") == 0


@both_ways
@pytest.mark.parametrize("nth", [2, 3, 5, 9])  # QEMU itself reads the first, to guess the geometry
def test_an_error_in_the_nth_read_is_retried(boot, tmp_path, way, nth):
    disk = make_disk(tmp_path / "b.img", 1000)
    rules = [f'[set-state]\nstate = "{n}"\nevent = "read_aio"\nnew_state = "{n + 1}"\n'
             for n in range(1, nth)]
    rules.append(f'[inject-error]\nstate = "{nth}"\nevent = "read_aio"\nerrno = "5"\nonce = "on"\n')
    (tmp_path / "rules").write_text("\n".join(rules))
    vm = boot.to_prompt(cmdline=WAYS[way],
                        extra=drive(f"blkdebug:{tmp_path / 'rules'}:{disk}", "hdb"))
    for number in range(10, 10 + nth):
        assert dumped(vm.command(f"read hdb {number}"))[number] == struct.pack("<I", number) * 128
    assert figure(vm, "failed commands", "hdb") == 1
    assert figure(vm, "resets", "hdb") == 1
    assert figure(vm, "errors", "hdb") == 0


@both_ways
def test_a_disk_that_cannot_be_read_at_all(boot, tmp_path, way):
    disk = make_disk(tmp_path / "b.img", 1000, [(LINUX, 100, 200)])
    vm = boot.to_prompt(cmdline=WAYS[way], extra=faulty_drive(disk, "hdb", iotype="read"))
    assert "hdb: its partition table cannot be read: IoError" in vm.serial_text()
    assert "sector 5 of hdb cannot be read" in vm.command("read hdb 5 8")
    assert dumped(vm.command("read hda 0"))[0][510:] == b"\x55\xaa"


def selftest_swap(boot, extra, way):
    words = f"selftest=disk_a_swap_partition test {WAYS[way] or ''}"
    vm = boot(cmdline=words, extra=extra)
    return vm, vm.wait_exit()


@both_ways
def test_a_swap_partition_is_written_and_restored(boot, tmp_path, way):
    disk = make_disk(tmp_path / "b.img", 1000, [(LINUX, 100, 200), (SWAP, 300, 200)])
    before = disk.read_bytes()
    vm, code = selftest_swap(boot, drive(disk, "hdb"), way)
    assert code == EXIT_PASSED
    assert "# 2 swap partitions written" in vm.serial_text()  # that of the image, too
    assert disk.read_bytes() == before


@both_ways
def test_what_is_written_reaches_the_disk(boot, tmp_path, way):
    """The self-test writes a pattern, and then another, which fails: so the first one stays."""
    disk = make_disk(tmp_path / "b.img", 1000, [(SWAP, 300, 200)])
    good_writes = {"dma": 1, "pio": 4}[way]  # PIO moves blocks of 16 sectors
    rules = [f'[set-state]\nstate = "{n}"\nevent = "write_aio"\nnew_state = "{n + 1}"\n'
             for n in range(1, good_writes + 1)]
    rules.append(f'[inject-error]\nstate = "{good_writes + 1}"\nevent = "write_aio"\nerrno = "5"\n')
    (tmp_path / "rules").write_text("\n".join(rules))
    vm, code = selftest_swap(boot, drive(f"blkdebug:{tmp_path / 'rules'}:{disk}", "hdb"), way)
    assert code == EXIT_FAILED
    assert "hdb: write of sector 300 failed: IoError" in vm.serial_text()
    content = disk.read_bytes()
    frames = [content[(300 + 8 * frame) * SECTOR:][:4096] for frame in range(8)]
    for number, frame in enumerate(frames):
        assert struct.unpack("<1024I", frame) == tuple(1 << 28 | number << 16 | word
                                                       for word in range(1024))
    assert content[:300 * SECTOR] == make_disk(tmp_path / "c.img", 1000,
                                               [(SWAP, 300, 200)]).read_bytes()[:300 * SECTOR]


@both_ways
def test_a_bad_sector_in_a_write_is_named(boot, tmp_path, way):
    disk = make_disk(tmp_path / "b.img", 1000, [(SWAP, 300, 200)])
    vm, code = selftest_swap(boot, faulty_drive(disk, "hdb", iotype="write", sector=345), way)
    assert code == EXIT_FAILED
    assert "hdb: write of sector 345 failed: IoError" in vm.serial_text()
    assert "not ok" in vm.serial_text()


def test_a_flush_that_fails_is_reported(boot, tmp_path):
    disk = make_disk(tmp_path / "b.img", 1000, [(SWAP, 300, 200)])
    vm, code = selftest_swap(boot, faulty_drive(disk, "hdb", iotype="flush"), "dma")
    assert code == EXIT_FAILED
    assert "hdb: the drive could not empty its cache: IoError" in vm.serial_text()


def test_a_read_only_disk_is_not_written(boot, tmp_path):
    disk = make_disk(tmp_path / "b.img", 1000, [(SWAP, 300, 200)])
    vm = boot(cmdline="selftest=disk_a_swap_partition test disks=readonly", extra=drive(disk, "hdb"))
    assert vm.wait_exit() == EXIT_PASSED
    assert "# 0 swap partitions written" in vm.serial_text()
    assert 'hdb: "QEMU HARDDISK", 1000 sectors (0 MiB), DMA, read-only' in vm.serial_text()


def test_a_slow_disk_is_waited_for(boot, tmp_path):
    disk = make_disk(tmp_path / "b.img", 1000)
    vm = boot.to_prompt(extra=drive(disk, "hdb", options=",throttling.iops-total=4"))
    for number in (10, 20, 30, 40, 50, 60):
        assert dumped(vm.command(f"read hdb {number}"))[number] == struct.pack("<I", number) * 128
    assert figure(vm, "failed commands", "hdb") == 0


# --- Machines without a disk for us ---

def test_without_a_disk_it_boots_to_the_monitor(boot):
    vm = boot.to_prompt(disk="usb")
    assert "no disk found: Quire goes on without files and swap" in vm.serial_text()
    assert vm.command("disks").strip() == "no disk found"
    assert 'there is no disk "hda"' in vm.command("read hda 0")


def test_ahci_is_named(boot):
    vm = boot.to_prompt(machine="q35")
    assert re.search(r"this machine's disk controller is AHCI, which Quire does not drive yet.*"
                     r"-machine pc", vm.serial_text())
    assert "no disk found" in vm.serial_text()


def test_a_ram_disk_on_request(boot):
    vm = boot.to_prompt(cmdline="ramdisk=100K")
    assert "ram0  RAM, 256 sectors" in vm.command("disks")
    assert dumped(vm.command("read ram0 255"))[255] == bytes(SECTOR)
    assert "BadAddress" in vm.command("read ram0 256")


def test_a_ram_disk_that_is_too_large_is_refused(boot):
    vm = boot.to_prompt(cmdline="ramdisk=1G")
    assert "no RAM disk of 1048576 KiB" in vm.serial_text()


@pytest.mark.parametrize("line", ["read", "read hda", "read hda x", "read hda 0 65", "read hda 0 y"])
def test_read_says_how_it_is_used(boot, line):
    assert "usage: read DEV SECTOR" in boot.to_prompt().command(line)


def test_bochs_reads_its_disk_by_pio(image, artifacts):
    with BochsVm(image, artifacts=artifacts) as vm:
        vm.wait_for(re.compile(r'hda: "Generic 1234", \d+ sectors \(\d+ MiB\), PIO, \d partition'))
        vm.wait_for(PROMPT)
