"""The disk image from outside: its partitions, its swap signature, and its file system, as the
programs see them that Quire shares nothing with: sfdisk, mkswap, e2fsck, debugfs."""
import filecmp
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
sys.path.insert(0, str(TOOLS))
import disk_tools  # noqa: E402

SECTOR = disk_tools.SECTOR
BOOT_AREA = 8192


def python(*words):
    return subprocess.run([sys.executable, *map(str, words)], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, cwd=ROOT)


@pytest.fixture(scope="module")
def table(image):
    return disk_tools.partitions(image)


@pytest.fixture(scope="module")
def root(image, table, tmp_path_factory):
    """The root file system by itself."""
    return cut_out(image, table[0], tmp_path_factory.mktemp("root") / "root.ext2")


def cut_out(image, part, path):
    with open(image, "rb") as whole, open(path, "wb") as file:
        whole.seek(part.first * SECTOR)
        file.write(whole.read(part.sectors * SECTOR))
    return path


def ask(root, command):
    return disk_tools.run(["debugfs", "-R", command, root])


def test_sfdisk_reads_the_partitions(image):
    answer = json.loads(disk_tools.run(["sfdisk", "--json", image]))["partitiontable"]
    first, second = answer["partitions"]
    assert (first["start"], first["type"], first["bootable"]) == (BOOT_AREA, "83", True)
    assert (second["start"], second["type"]) == (first["start"] + first["size"], "82")
    assert "bootable" not in second
    assert (second["start"] + second["size"]) * SECTOR == os.path.getsize(image)
    assert "does not" not in disk_tools.run(["sfdisk", "--verify", image])


def test_the_partition_table_leaves_the_boot_code_alone(image):
    code = (ROOT / "build/boot/stage1.bin").read_bytes()
    with open(image, "rb") as file:
        assert file.read(440) == code[:440]


def test_the_swap_space_is_as_mkswap_makes_it(image, table, tmp_path):
    ours = cut_out(image, table[1], tmp_path / "ours")
    theirs = tmp_path / "theirs"
    theirs.write_bytes(bytes(ours.stat().st_size))
    theirs.chmod(0o600)
    identity = uuid.UUID(bytes=ours.read_bytes()[1036:1052])
    disk_tools.run(["mkswap", "--quiet", "--uuid", identity, theirs])
    assert filecmp.cmp(ours, theirs, shallow=False)


def test_the_file_system_is_whole(root):
    checked = disk_tools.start(["e2fsck", "-fn", root])
    assert checked.returncode == 0, checked.stdout


def test_it_asks_for_nothing_that_quire_has_not_got(root):
    said = disk_tools.run(["dumpe2fs", "-h", root])
    features = next(line for line in said.splitlines() if line.startswith("Filesystem features"))
    assert set(features.split(":")[1].split()) <= {"filetype", "sparse_super", "large_file"}


def test_every_file_reads_back(root, tmp_path):
    ask(root, f"rdump / {tmp_path}")
    built = ROOT / "build/rootfs"
    seen = 0
    for path in built.rglob("*"):
        copy = tmp_path / path.relative_to(built)
        if path.is_symlink():
            assert os.readlink(copy) == os.readlink(path)
        elif path.is_file():
            assert filecmp.cmp(copy, path, shallow=False), path
        else:
            assert copy.is_dir(), path
        seen += 1
    assert seen > 300


def test_offsets_are_their_own_offsets(root, tmp_path):
    copy = tmp_path / "offsets"
    ask(root, f"dump /data/offsets {copy}")
    data = copy.read_bytes()
    assert len(data) == 64 << 10
    for at in range(0, len(data), 16 * 7):
        assert int(data[at:at + 15], 16) == at


def test_all_that_is_on_the_root_is_small(root):
    said = disk_tools.run(["dumpe2fs", "-h", root])
    size, count, free = (int(re.search(rf"^{name}: +(\d+)$", said, re.MULTILINE)[1])
                         for name in ("Block size", "Block count", "Free blocks"))
    assert (count - free) * size < 4 << 20


def test_the_segments_of_our_programs_are_text_constants_and_data():
    """The headers are part of the text: not a page and a region more for each."""
    programs = sorted((ROOT / "build/user/root").glob("*/*"))
    assert len(programs) > 60
    for program in programs:
        said = disk_tools.run(["readelf", "--segments", "--wide", program])
        loads = re.findall(r"^ +LOAD +(\w+) +(\w+) +\w+ +\w+ +(\w+) +(R?[W ]?E?[E ]?) +0x\w+$",
                           said, re.MULTILINE)
        filled = [(int(offset, 16), int(address, 16), rights.replace(" ", ""))
                  for offset, address, size, rights in loads if int(size, 16) != 0]
        assert filled[0][0] == 0, program
        assert [rights for _, _, rights in filled] in (["RE", "RW"], ["RE", "R", "RW"]), program
        assert all(address % 4096 == 0 for _, address, _ in filled), program


def test_what_is_zero_takes_no_room_in_a_program():
    """A heap, a buffer that is new is all zeroes: in .bss it is not in the file."""
    programs = [path for folder in ("bin", "sbin") for path in (ROOT / "build/rootfs" / folder).iterdir()
                if path.is_file() and not path.is_symlink()]
    assert len(programs) > 30
    for path in programs:
        said = disk_tools.run(["readelf", "--sections", "--wide", path])
        sizes = re.findall(r" \.data +PROGBITS +\w+ +\w+ +(\w+) ", said)
        assert sum(int(size, 16) for size in sizes) < 1024, path.name


def test_holes_have_no_blocks(root):
    stat = ask(root, "stat /data/holes")
    blocks = int(stat.split("Blockcount:")[1].split()[0])
    assert "Size: 67108864" in stat
    assert 0 < blocks * 512 < 1 << 20


def test_files_belong_to_root_and_to_no_day_of_this_machine(root):
    for name in ("/", "/lost+found", "/docs/README.md", "/data/links/short", "/etc"):
        stat = ask(root, f"stat {name}")
        assert stat.split("User:")[1].split()[0] == "0", name
        assert stat.split("Group:")[1].split()[0] == "0", name
        times = {line.split(" -- ")[1] for line in stat.splitlines() if "time: 0x" in line}
        assert times == {"Thu Jan  1 00:00:00 2026"}, name


def test_links_are_links(root):
    assert "Links: 2" in ask(root, "stat /data/links/file")
    assert 'Fast link dest: "file"' in ask(root, "stat /data/links/short")
    assert "Fast link" not in ask(root, "stat /data/links/long")


def test_mount_points_have_their_permissions(root):
    assert "Mode:  01777" in ask(root, "stat /tmp")
    assert "Mode:  0555" in ask(root, "stat /proc")


def test_the_same_folder_gives_the_same_bytes(root, tmp_path):
    """In another folder, made in another order, under another umask."""
    shutil.copytree(ROOT / "build/rootfs", tmp_path / "copy", symlinks=True)
    os.remove(tmp_path / "copy/data/links/other_name")
    os.link(tmp_path / "copy/data/links/file", tmp_path / "copy/data/links/other_name")
    for path in [tmp_path / "copy/etc", tmp_path / "copy/etc/motd"]:
        os.utime(path, (1, 1))
    made = tmp_path / "made.ext2"
    done = python(TOOLS / "make_ext2.py", "--folder", tmp_path / "copy",
                  "--mib", root.stat().st_size >> 20, "--output", made)
    assert done.returncode == 0, done.stdout + done.stderr
    assert filecmp.cmp(root, made, shallow=False)


# --- make fsck ----------------------------------------------------------------------------------

def fsck(image, *words):
    done = python(TOOLS / "fsck_image.py", image, *words)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def changed(image, tmp_path):
    """A copy of the image, and a function that changes its file system by debugfs."""
    copy = tmp_path / "changed.img"
    shutil.copyfile(image, copy)

    def change(*commands):
        disk_tools.run(["debugfs", "-w", "-f", "-", f"{copy}?offset={BOOT_AREA * SECTOR}"],
                       input="\n".join(commands) + "\n")

    return copy, change


def test_fsck_passes_what_was_just_made(image):
    code, said = fsck(image, "--built-from", "build/rootfs")
    assert code == 0, said
    assert "Linux swap" in said and "are as they were made" in said
    assert "new:" not in said and "changed:" not in said


def test_fsck_finds_damage(changed):
    copy, change = changed
    change("sif /etc links_count 9")
    code, said = fsck(copy)
    assert code == 4
    assert "should be 2" in said


def test_fsck_names_what_quire_changed(changed, tmp_path):
    copy, change = changed
    (tmp_path / "text").write_text("changed\n")
    change("rm /etc/motd", f"write {tmp_path}/text /fresh", "rm /etc/hostname",
           f"write {tmp_path}/text /etc/hostname")
    code, said = fsck(copy, "--built-from", "build/rootfs")
    assert code == 0, said
    assert "new: /fresh\n" in said
    assert "removed: /etc/motd\n" in said
    assert "changed: /etc/hostname\n" in said


def test_fsck_misses_the_swap_signature(changed, table):
    copy, _ = changed
    with open(copy, "r+b") as file:
        file.seek(table[1].first * SECTOR + 4086)
        file.write(bytes(10))
    code, said = fsck(copy)
    assert code == 1
    assert "partition 2 has no swap signature" in said


def test_a_truncated_image_is_named(changed, table):
    copy, _ = changed
    os.truncate(copy, table[1].first * SECTOR)
    code, said = fsck(copy)
    assert code == 1
    assert "does not fit the image" in said


# --- What can be missing ------------------------------------------------------------------------

def test_a_missing_tool_is_named_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_tools.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SystemExit, match="no sfdisk on this machine.*package fdisk"):
        disk_tools.find("sfdisk")
    with pytest.raises(SystemExit, match="no mke2fs on this machine.*package e2fsprogs"):
        disk_tools.find("mke2fs")


def test_a_folder_that_does_not_fit_is_refused(tmp_path):
    done = python(TOOLS / "make_ext2.py", "--folder", ROOT / "build/rootfs", "--mib", 4,
                  "--output", tmp_path / "small")
    assert done.returncode != 0
    assert "mke2fs ended with code" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_partition_table_has_only_zeros_behind_it(image):
    with open(image, "rb") as file:
        table = file.read(SECTOR)[446:510]
    assert struct.unpack("<32s", table[32:])[0] == bytes(32)
