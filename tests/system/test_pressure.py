"""More memory than there is RAM (/pressure, tests/guest/pressure; docs/pressure.md), on small PCs with
128 MiB of swap: what comes out is right, nothing is lost, and when a disk fails or nothing can leave, only
those end who must.

The programs run on Linux as they are: what they print on this machine, which swaps nothing, is what they
have to print inside Quire. /pressure/leak compares what the kernel has in use before and after; then the
monitor counts everything (mmck), and e2fsck looks at the disk.

QUIRE_SEED and QUIRE_BILLIONS choose another mix, and how many billions of guest instructions it takes
(make soak).
"""
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from test_disk import SECTOR, SWAP, drive, entry, faulty_drive
from test_files import fsck
from test_programs import SHELL_READY, check_invariants, output_of, tests_image  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "test_programs" / "root" / "pressure"
PAGE, MIB = 4096, 1 << 20
SWAP_MIB, FIRST_SECTOR = 128, 2048
POLICIES = "fifo clock aging two-lists generations"
MACHINES = [16, 32]  # MiB of RAM
SEED = int(os.environ.get("QUIRE_SEED", "1"))
BILLIONS = int(os.environ.get("QUIRE_BILLIONS", "2"))
LONGEST = 1800 + 100 * BILLIONS  # ends what hangs
LINE = re.compile(r"^(sort|hash|matrix|forks) ([\d ]+): [\da-f ]+$", re.MULTILINE)
KILLED, BUS_ERROR = 128 + 9, 7


def make_swap_disk(path):
    """A disk with one partition, on which mkswap(8) has been."""
    header = bytearray(PAGE)
    struct.pack_into("<II", header, 1024, 1, SWAP_MIB * MIB // PAGE - 1)
    header[-10:] = b"SWAPSPACE2"
    with open(path, "wb") as file:
        file.truncate((FIRST_SECTOR + SWAP_MIB * 2048) * SECTOR)
        file.seek(446)
        file.write(entry(SWAP, FIRST_SECTOR, SWAP_MIB * 2048).ljust(64, b"\0") + b"\x55\xaa")
        file.seek(FIRST_SECTOR * SECTOR)
        file.write(header)
    return path


def sector_of(slot):
    """Where a slot of the only swap area lies."""
    return FIRST_SECTOR + slot * PAGE // SECTOR


def on_linux(line):
    """What a program prints on this machine."""
    name, *arguments = line.split()
    return subprocess.run([PROGRAMS / name, *arguments], check=True, text=True, capture_output=True,
                          timeout=LONGEST).stdout


def figures(text):
    """What the run has cost: (pages to swap, pages from there), as leak says it."""
    match = re.search(r"^# (\d+) pages to swap, (\d+) from there", text, re.MULTILINE)
    return int(match[1]), int(match[2])


class Pc:
    """A PC whose root may be written and is looked at in the end, at its shell's prompt."""

    def __init__(self, boot, image, tests_image, folder):  # noqa: F811
        self._boot, self._image, self._folder = boot, image, folder
        self.root = shutil.copy(tests_image, folder / "root.img")
        self.vm = None

    def start(self, memory, *faults, swap=True, **options):
        disk = make_swap_disk(self._folder / "swap.img")
        swap_drive = faulty_drive(disk, "hdc", *faults) if faults else drive(disk, "hdc")
        self.vm = self._boot(disk_image=self._image, shell=True, memory=memory,
                             cmdline="root=hdb1 noswap",
                             extra=drive(self.root, "hdb") + swap_drive, **options)
        self.vm.wait_for(SHELL_READY)
        if swap:
            assert self.run("swapon /dev/hdc1") == ("", 0)
        return self

    def run(self, line):
        """What it prints, and its exit code."""
        return output_of(self.vm, line, LONGEST)

    def must_be_sound(self):
        """The shell lives, the kernel's books are right, and so is the disk."""
        text, status = self.run("sync; echo sound")
        assert status == 0 and "sound\n" in text, text
        check_invariants(self.vm)
        self.vm.kill()
        done = fsck(self.root, "-fn")
        assert done.returncode == 0, done.stdout


@pytest.fixture
def pc(boot, image, tests_image, tmp_path):  # noqa: F811
    return Pc(boot, image, tests_image, tmp_path)


@pytest.mark.parametrize("memory", MACHINES)
@pytest.mark.parametrize("line", ["sort 48 7", "hash 40 100000 7", "matrix 48 2 7", "forks 24 8 7"])
def test_more_than_there_is(pc, memory, line):
    text, status = pc.start(memory).run(f"/pressure/leak /pressure/{line}")
    assert status == 0, text
    assert text.startswith(on_linux(line))
    assert min(figures(text)) > (48 - memory) * MIB // PAGE
    pc.must_be_sound()


# With -icount the TSC counts guest instructions, and so tells how long. While nothing runs it follows the
# clock: it must not leap ahead (sleep=off) of a disk that is a file of this machine, or the driver gives up.
@pytest.mark.parametrize("memory", MACHINES)
def test_a_mix_while_policies_change(pc, memory):
    pc.start(memory, icount="shift=0")
    text, status = pc.run(f"/pressure/leak /pressure/mix {SEED} {BILLIONS}")
    assert status == 0, text
    jobs, changes = map(int, re.search(r"(\d+) jobs, (\d+) changes of policy, 0 failed", text).groups())
    lines = [match[0] for match in LINE.finditer(text)]
    assert jobs == len(lines) > 0 and changes > 0, text
    for line in lines:
        assert on_linux(line.partition(":")[0]) == line + "\n"
    pc.must_be_sound()


def test_policies_are_switched_from_the_shell(pc):
    text, status = pc.start(16).run(
        f"/pressure/leak /pressure/sort 24 7 & while kill -0 $! 2>/dev/null; do for p in {POLICIES};"
        "do echo $p >/proc/sys/vm/replacement_policy; sleep 0.05; done; done; wait $!")
    assert status == 0 and on_linux("sort 24 7") in text, text
    assert min(figures(text)) > 8 * MIB // PAGE
    pc.must_be_sound()


# --- Disks that fail ---

def fates(text):
    """{keeper: (its slots among those asked for, what became of its other pages, of the twin, and of itself)}"""
    told = {}
    for number, what in re.findall(r"^keeper (\d+): (.*)$", text, re.MULTILINE):
        told.setdefault(int(number), []).append(what)
    return {number: (words[0].split()[1:], *words[1:]) for number, words in told.items()}


def test_who_has_lost_a_page_ends_and_nobody_else(pc):
    """Each keeper tells which of the bad slots it needs. The first pages to leave are those of the first."""
    bad = [2600, 3000, 4600]
    pc.start(16, *(dict(iotype="read", sector=sector_of(slot)) for slot in bad))
    arguments = " ".join(map(str, bad))
    text, status = pc.run(f"/pressure/leak /pressure/keepers 5 8 7 {arguments}")
    assert status == 0, text
    found = fates(text)
    assert sorted(slot for slots, *_ in found.values() for slot in slots) == sorted(map(str, bad)), text
    assert 0 < sum(bool(slots) for slots, *_ in found.values()) < 5
    expected = fates(on_linux("keepers 5 8 7"))
    lost = f"signal {BUS_ERROR}"
    for number, (slots, *fate) in found.items():
        assert fate == (["rest right", f"twin {lost}", lost] if slots else list(expected[number][1:])), text
    pc.must_be_sound()


def test_what_cannot_be_written_stays(pc):
    """Some sectors take nothing: those pages go elsewhere, and nobody notices."""
    bad = [2600, 3000, 4600]
    pc.start(16, *(dict(iotype="write", sector=sector_of(slot)) for slot in bad))
    text, status = pc.run("/pressure/leak /pressure/keepers 5 8 7 " + " ".join(map(str, bad)))
    assert status == 0, text
    assert fates(text) == fates(on_linux("keepers 5 8 7")), text
    assert "write of sector" in pc.run("dmesg")[0]
    pc.must_be_sound()


# --- When nothing can leave ---

def who_ended(pc):
    """Names, in their order, as the kernel says them."""
    return re.findall(r"oom: warning: ends (\w+) \(pid \d+\), which has the most", pc.vm.serial_text())


@pytest.mark.parametrize("swap", ["none", "takes nothing"])
def test_the_largest_ends(pc, swap):
    """A small one, which was there before, goes on."""
    faults = [dict(iotype="write")] if swap == "takes nothing" else []
    pc.start(16, *faults, swap=bool(faults))
    text, status = pc.run("/pressure/sort 3 7 & sleep 0.1; /pressure/leak /pressure/hog 64; echo $?; wait $!")
    assert status == 0 and on_linux("sort 3 7") in text, text
    assert f"\n{KILLED}\n" in text and "hog: has all" not in text, text
    ended = who_ended(pc)
    assert "hog" in ended and set(ended) <= {"hog", "leak"}, text  # leak presses, too
    why = "(writes to the disk failed|the disk of swap takes nothing)" if faults else "there is no swap"
    assert re.search(rf"out of memory: hog .*{why}", pc.vm.serial_text())
    pc.must_be_sound()


def test_who_was_named_ends_first(pc):
    """oom_score_adj: a small one goes before a large one that nobody named."""
    text, status = pc.start(16, swap=False).run(
        "sleep 1000 & echo 1000 >/proc/$!/oom_score_adj; /pressure/hog 64; echo $?; wait $!")
    assert f"\n{KILLED}\n" in text and status == KILLED, text
    assert who_ended(pc) == ["sleep", "hog"]
    pc.must_be_sound()
