"""tools/trace_picture.py: whose the frames are, worked out from events, and the SVG made of that; and
tools/pictures.py, which takes the pictures of the book."""
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from quire_vm import PROMPT_AT_END
from test_programs import MONITOR_KEY, SHELL_READY

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import trace_picture  # noqa: E402
import trace_view  # noqa: E402
from pictures import counts_of  # noqa: E402

FILES, SHARED = trace_picture.FILES, trace_picture.SHARED
PICTURES = {"frames-idle.png", "frames-pressure.png", "frames-fork.png", "frames-copied.png", "timeline.svg"}
MOST_BYTES = 150_000


class Lines:
    """Lines of COM2, a millisecond apart."""

    def __init__(self, frames=100):
        self.lines = [f"trace version=1 policy=clock frames={frames}"]
        self._next = 0

    def add(self, kind, pid, fields="", by=None, after=0):
        self._next += after
        self.lines.append(f"{kind} n={self._next} t={1000 * self._next} pid={pid} by={by or pid} tid={by or pid} "
                          f"name=p{by or pid} {fields}")
        self._next += 1

    def fault(self, pid, page, frame, steps="FillWithZeros", outcome="ok"):
        self.add("fault", pid, f"address={page * 4096 + 8:x} access=write ring=3 outcome={outcome} steps={steps} "
                 f"frame={frame:x} cost=1")

    def trace(self):
        return trace_view.parse(self.lines)

    def owners(self):
        owners = trace_picture.Owners()
        for event in self.trace().events:
            owners.take(event)
        return {owner: count for owner, count in owners.counts().items() if count}


@pytest.fixture
def lines():
    return Lines()


def test_a_fault_gives_a_frame(lines):
    lines.fault(5, 0x100, 0x20)
    lines.fault(5, 0x101, 0x21, "SwapIn,MapCachedSlot", "ok_read")
    lines.fault(6, 0x100, 0x22)
    assert lines.owners() == {5: 2, 6: 1}


@pytest.mark.parametrize("steps", ["MapZeroFrame", "MapObjectPage", "FetchObjectPage,MapObjectPage"])
def test_a_frame_that_all_share_is_nobodys(lines, steps):
    lines.fault(5, 0x100, 0x20, steps)
    assert lines.owners() == {}


def test_a_refused_fault_gives_none(lines):
    lines.fault(5, 0x100, 0x20, "SegvMapErr", "segv_maperr")
    assert lines.owners() == {}


def test_fork_shares_and_a_copy_is_ones_own(lines):
    lines.fault(5, 0x100, 0x20)
    lines.fault(5, 0x101, 0x21)
    lines.add("fork", 6, "pages=2 tables=1 copied=0", by=5)
    assert lines.owners() == {SHARED: 2}
    lines.fault(6, 0x100, 0x22, "UnshareTable,CopyPage")
    assert lines.owners() == {5: 1, 6: 1, SHARED: 1}
    lines.add("release", 6, "pages=2 resident=2 swapped=0")
    assert lines.owners() == {5: 2}


def test_eviction_takes_a_frame_from_all(lines):
    lines.fault(5, 0x100, 0x20)
    lines.add("fork", 6, "pages=1 tables=1 copied=0", by=5)
    lines.add("evict", 5, "frame=20 mappings=2 address=100000 slot=8 cause=direct", by=9)
    assert lines.owners() == {}


def test_pages_of_files_come_and_go(lines):
    lines.add("file_read", 0, "object=7 index=4 pages=8 wanted=4 frame=20", by=5)
    assert lines.owners() == {FILES: 8}
    lines.add("evict", 0, "frame=20 mappings=0 object=7 index=5 cause=direct", by=5)
    assert lines.owners() == {FILES: 7}


def test_regions_that_go_take_their_frames_along(lines):
    for page in range(4):
        lines.fault(5, 0x100 + page, 0x20 + page)
    lines.add("munmap", 5, "address=101000 pages=2")
    assert lines.owners() == {5: 2}
    lines.add("mmap", 5, "address=103000 pages=1 rights=rw-")
    assert lines.owners() == {5: 1}


def test_the_break_takes_what_is_above(lines):
    lines.add("brk", 5, "address=104000 pages=4")
    for page in range(4):
        lines.fault(5, 0x100 + page, 0x20 + page)
    lines.add("brk", 5, "address=101800 pages=2")
    assert lines.owners() == {5: 2}


def test_moved_pages_keep_their_frames(lines):
    lines.fault(5, 0x100, 0x20)
    lines.add("mremap", 5, "address=200000 pages=1 from=100000")
    assert lines.owners() == {5: 1}
    lines.add("munmap", 5, "address=100000 pages=1")
    assert lines.owners() == {5: 1}
    lines.add("munmap", 5, "address=200000 pages=1")
    assert lines.owners() == {}


def test_a_frame_given_anew_was_taken_by_an_event_that_was_lost(lines):
    lines.fault(5, 0x100, 0x20)
    lines.fault(6, 0x300, 0x20)
    assert lines.owners() == {6: 1}


def texts_of(svg):
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    return ([text.text for text in root.iter(space + "text")], [title.text for title in root.iter(space + "title")])


def test_the_picture_names_owners_ram_and_policy(lines):
    for page in range(50):
        lines.fault(5, 0x100 + page, 0x20 + page)
    lines.fault(6, 0x100, 0x10)
    texts, titles = texts_of(trace_picture.picture(lines.trace(), "A <title>"))
    assert {"A <title>", "5 p5", "6 p6", "all of RAM: 100", "whose frames", "seconds since boot"} <= set(texts)
    assert "replacement policy clock; 51 events, 0 lost" in texts
    assert "5 p5: at most 50 frames" in titles and "6 p6: at most 1 frames" in titles
    assert "events were lost" not in texts


def test_the_picture_says_where_events_were_lost(lines):
    lines.fault(5, 0x100, 0x20)
    lines.add("exec", 5, after=7)
    assert "events were lost" in texts_of(trace_picture.picture(lines.trace()))[0]


def test_who_has_next_to_nothing_is_one_of_the_others(lines):
    for page in range(100):
        lines.fault(5, 0x100 + page, 0x20 + page)
    lines.fault(6, 0x100, 0x10)
    texts, titles = texts_of(trace_picture.picture(lines.trace()))
    assert "6 p6" not in texts and f"{trace_picture.OTHERS}: at most 1 frames" in titles


def test_a_part_of_the_time_begins_with_what_was_before(lines):
    lines.fault(5, 0x100, 0x20)
    lines.add("exec", 5, after=9)
    lines.fault(6, 0x100, 0x21)
    line = trace_picture.timeline(lines.trace(), start=0.005, end=0.010)
    assert line.frames[0][5] == 1 and line.frames[-1][6] == 0


def test_no_event_is_no_picture():
    with pytest.raises(SystemExit, match="no event"):
        trace_picture.picture(Lines().trace())


def check_picture(path):
    data = path.read_bytes()
    assert 1000 < len(data) < MOST_BYTES
    if path.suffix == ".png":
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (720, 400)
    else:
        texts, titles = texts_of(data)
        assert any(re.fullmatch(r"\d+ locality", text) for text in texts)
        most = {title.partition(":")[0].split()[-1]: int(re.search(r"([\d,]+) frames", title)[1].replace(",", ""))
                for title in titles}
        assert most["locality"] > 3000 and most["tlb"] > 1000 and most["sort"] > 30 and most["files"] > 100


def test_the_book_has_its_pictures():
    folder = ROOT / "docs" / "pictures"
    assert {path.name for path in folder.iterdir()} == PICTURES
    shown = set(re.findall(r"!\[[^\]]+\]\(pictures/([^)]+)\)",
                           "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))))
    assert shown == PICTURES
    for name in PICTURES:
        check_picture(folder / name)


def test_they_can_be_taken_anew(image, tmp_path):
    """The script itself looks at the counts under each picture."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "pictures.py", image, "--into", tmp_path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    assert {path.name for path in tmp_path.iterdir()} == PICTURES
    for name in PICTURES:
        check_picture(tmp_path / name)


def test_owners_are_what_the_kernel_counts(boot, tmp_path):
    """A child has written to half of its parent's 2,048 pages. What the events say of private frames is held
    against the records of all frames, and the pages of files against the sum of reads."""
    path = tmp_path / "trace.txt"
    # So much RAM that the ring has room for all events.
    vm = boot(shell=True, memory=128, cmdline="trace=com2",
              extra=["-chardev", f"file,id=com2,path={path}", "-device", "isa-serial,index=1,chardev=com2"])
    vm.wait_for(SHELL_READY)
    vm.send_serial("/demo/copy-on-write --stop\r")
    for _ in range(5):
        stop = vm.wait_for(re.compile(r"\[process (\d+): .*; Enter goes on\]\r\n"))
        vm.send_serial("\r")
    child = int(vm.wait_for(re.compile(r"\[process (\d+): the same, and it has written to half"))[1])
    assert child == int(stop[1])
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    private = counts_of(vm.command("frames"))["private"]
    vm.command("trace off")
    vm.send_serial("reboot\r")
    vm.wait_exit()
    trace = trace_view.parse(path.read_text().splitlines())
    assert trace.lost == 0 and trace.unread == 0
    owners = trace_picture.Owners()
    for event in trace.events:
        owners.take(event)
    counts = owners.counts()
    files = counts.pop(FILES)
    assert files > 0
    assert sum(counts.values()) == private
    assert 1024 <= counts[child] < 1060 and 1024 <= counts[SHARED] < 1060
    assert [1024 <= count < 1060 for owner, count in counts.items() if owner not in (child, SHARED, 1, 2)] == [True]
