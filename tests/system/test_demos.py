"""The demonstrations of user/demo: each is run inside Quire, and every claim must come out as
expected. What they say of frames is held against the PC's physical memory, read from outside: the program
waits (--stop), the monitor tells its page directory, and the rest, page tables and pages, is in RAM.

Their pages in docs/demos show what they print; a page that shows something else is noticed here.
"""
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ARTIFACTS
from quire_vm import PROMPT_AT_END, QuireVm, VmFailure
from test_programs import MONITOR_KEY, SHELL_READY, output_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from policy_table import POLICIES, differences  # noqa: E402

NO_DEMOS = {"demo", "look", "tour"}
DEMOS = sorted(path.stem for path in (ROOT / "user" / "demo").glob("*.cpp")
               if path.stem not in NO_DEMOS)
NEED_LITTLE_RAM = {"locality", "thrashing", "policies", "locked"}
CLAIM = re.compile(r"  .+: expected .+, measured .+ -- (NOT )?as expected")
STOP = re.compile(r"\[process (\d+): (.*); Enter goes on\]\r\n")
TERMINAL_KEY = "\x12"  # ^R: the terminal shows the line again
PRESENT, WRITABLE, PAGE = 1, 2, 4096


def shell_with(image, memory):
    """A PC at the shell's prompt."""
    with QuireVm(image, artifacts=ARTIFACTS / f"test_demos-{memory}", shell=True,
                 memory=memory) as vm:
        vm.wait_for(SHELL_READY)
        yield vm


@pytest.fixture(scope="module")
def vm(image):
    yield from shell_with(image, 64)


@pytest.fixture(scope="module")
def small_vm(image):
    yield from shell_with(image, 16)


@pytest.fixture(scope="module")
def run(request):
    """run(NAME): what it prints, and its exit code. All run on one PC, but for those that need
    little RAM."""
    def run_one(name):
        vm = request.getfixturevalue("small_vm" if name in NEED_LITTLE_RAM else "vm")
        return output_of(vm, f"/demo/{name}")
    return run_one


def check_claims(text, status):
    claims = [line for line in text.splitlines() if CLAIM.fullmatch(line)]
    assert claims and not [line for line in claims if "NOT as" in line], text
    assert text.splitlines()[-1].endswith(f": {len(claims)} claims, all as expected"), text
    assert status == 0, text


def without_figures(text):
    """Numbers, addresses and frames are others each time."""
    return [re.sub(r"\b[0-9a-f]*\d[0-9a-f]*\b", "N", line) for line in text.splitlines()]


@pytest.mark.parametrize("name", DEMOS)
def test_claims_hold_and_the_page_shows_them(run, name):
    text, status = run(name)
    check_claims(text, status)
    page = (ROOT / "docs" / "demos" / f"{name}.md").read_text()
    shown = re.search(rf"    # /demo/{name}\n((?:    .*\n)+)", page)[1]
    shown = "".join(line[4:] + "\n" for line in shown.splitlines())
    assert without_figures(shown) == without_figures(text)


def test_the_table_of_policies_is_what_a_run_gives(image):
    """The other table is made by the same script; this one is enough to see that it still can."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "policy_table.py", image, "--check", "--only", "locality"],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    assert [done.stdout.count(f"| {policy} |") for policy in POLICIES] == [1] * len(POLICIES)


@pytest.mark.parametrize("shown, measured, found", [
    ("| fifo | 5556 |", "| fifo | 5600 |", 0), ("| fifo | 5556 |", "| fifo | 5000 |", 1),
    ("| fifo | 5000 |", "| fifo | 5556 |", 1), ("| fifo | 0 |", "| fifo | 8 |", 0),
    ("| fifo | 5556 |", "| clock | 5556 |", 1), ("", "| fifo | 5556 |", 1), ("| fifo | 5556 |", "", 1),
    ("| aging | 5556 |", "| aging | 4000 |", 0), ("| aging | 5556 |", "| aging | 3000 |", 1)])
def test_figures_that_differ_are_told(shown, measured, found):
    assert len(differences(shown, measured)) == found


def test_the_tour_knows_all(vm):
    text, status = output_of(vm, "/demo/tour -l")
    assert sorted(line.split()[0] for line in text.splitlines()) == DEMOS and status == 0
    readme = (ROOT / "docs" / "demos" / "README.md").read_text()
    order = re.findall(r"^\| \[([a-z-]+)\]", readme, re.M)
    assert [line.split()[0] for line in text.splitlines()] == order


def test_the_tour_runs_what_it_is_asked_for(vm):
    text, status = output_of(vm, "/demo/tour moving break")
    assert re.findall(r"^(\w+): \d+ claims, all as expected", text, re.M) == ["moving", "break"]
    assert status == 0
    text, status = output_of(vm, "/demo/tour nobody")
    assert text == "tour: there is no nobody; -l lists them\n" and status == 2


def test_the_tour_waits_for_enter(vm):
    vm.send_serial("/demo/tour; echo tour\"\"-ended $?\r")
    vm.wait_for(re.compile(rf"{len(DEMOS)} small programs, (?:.*\r\n)+\r\n=== What a page is\r\n\r\n"
                           rf"--- 1 of {len(DEMOS)}\r\nthree-states: "))
    for name in ("three-states", "demand-zero"):
        vm.wait_for(f"Read more in /docs/demos/{name}.md.\r\n[Enter for the next, q ends] ")
        vm.send_serial("\r" if name == "three-states" else "q\r")
    vm.wait_for("tour-ended 0")
    vm.wait_for(SHELL_READY)


@pytest.mark.parametrize("memory", [8, 128])
def test_the_tour_goes_to_the_end(boot, memory):
    """Where nobody is there to press Enter, in a PC that is too small for most and in one that has too
    much RAM for the last ones. The chapters are those of the book."""
    vm = boot(shell=True, memory=memory)
    vm.wait_for(SHELL_READY)
    text, status = output_of(vm, "cat /dev/null | /demo/tour")
    assert status == 0 and text.endswith("\nThat was all, and every claim held.\n"), text
    assert text.count(" claims, all as expected\n") == len(DEMOS)
    assert re.findall(r"^Read more in /docs/demos/([a-z-]+)\.md\.$", text, re.M) == \
        re.findall(r"^--- \d+ of \d+\n([a-z-]+): ", text, re.M)
    readme = (ROOT / "docs" / "demos" / "README.md").read_text()
    chapters = re.findall(r"^\*\*(.+)\*\*$|^\| \[([a-z-]+)\]", readme, re.M)
    assert re.findall(r"^=== (.+)$|^--- \d+ of \d+\n([a-z-]+): ", text, re.M) == chapters


class Outside:
    """A demonstration at its stops, and its page tables as they are in physical memory."""

    def __init__(self, boot, name, memory=64):
        self._vm = vm = boot(shell=True, memory=memory)
        vm.wait_for(SHELL_READY)
        vm.send_serial(f"/demo/{name} --stop; echo it\"\" ended $?\r")

    def at_stop(self):
        """The process that waits, and what it says."""
        stop = self._vm.wait_for(STOP)
        return int(stop[1]), stop[2]

    def go_on(self):
        self._vm.send_serial("\r")

    def check_end(self):
        assert self._vm.wait_for(re.compile(r"it ended (\d+)\r\n(?:.*\r\n)*?# $"))[1] == "0"

    def directory(self, process):
        """Where the page directory of a process is."""
        tables = self._monitor(f"pt {process}")
        return int(re.match(r"page directory in frame ([0-9a-f]{5})", tables)[1], 16) * PAGE

    def explained(self, process, address):
        """What the monitor says of an address: where the two entries are, and the words in them."""
        text = self._monitor(f"explain {process} {address:x}")
        return [(int(at, 16), int(word, 16)) for at, word in
                re.findall(r"P[DT]E +\d+ is at ([0-9A-F]{8}) and holds ([0-9A-F]{8})", text)]

    def _monitor(self, line):
        self._vm.send_serial(MONITOR_KEY)
        self._vm.wait_for(PROMPT_AT_END)
        text = self._vm.command(line)
        self._leave_monitor()
        return text

    def _leave_monitor(self):
        """Back when the terminal has the keys again: it echoes ^R, the monitor does not."""
        self._vm.send_serial("exit\r")
        self._vm.wait_for(re.compile(r"exit[^\n]*\n"))
        while True:
            self._vm.send_serial(TERMINAL_KEY)
            try:
                self._vm.wait_for("^R", 0.5)
                return
            except VmFailure:
                assert self._vm.is_running()

    def entry(self, directory, address):
        """(frame, writable) of a page, or None where it is absent; SDM 3A 4.3."""
        pde = self.word(directory + 4 * (address >> 22))
        if not pde & PRESENT:
            return None
        pte = self.word((pde & -PAGE) + 4 * (address >> 12 & 1023))
        return (pte >> 12, bool(pde & pte & WRITABLE)) if pte & PRESENT else None

    def word(self, address):
        return struct.unpack("<I", self._vm.read_physical(address, 4))[0]

    def bytes_of(self, frame):
        return self._vm.read_physical(frame * PAGE, PAGE)


def told(text, pattern):
    return [int(number, 16) for number in re.fullmatch(pattern, text).groups()]


def test_three_states_seen_from_outside(boot):
    demo = Outside(boot, "three-states")
    process, text = demo.at_stop()
    page, = told(text, r"page (\w+) is uncached")
    directory = demo.directory(process)
    assert demo.entry(directory, page) is None
    demo.go_on()
    _, text = demo.at_stop()
    page, frame = told(text, r"page (\w+) is cached in frame (\w+)")
    assert demo.entry(directory, page) == (frame, True)
    assert demo.bytes_of(frame) == b"u" + bytes(PAGE - 1)
    demo.go_on()
    demo.check_end()


def test_demand_zero_seen_from_outside(boot):
    demo = Outside(boot, "demand-zero")
    process, text = demo.at_stop()
    page, zeros = told(text, r"page (\w+) reads frame (\w+)")
    directory = demo.directory(process)
    for number in range(8):
        assert demo.entry(directory, page + number * PAGE) == (zeros, False)
    assert demo.bytes_of(zeros) == bytes(PAGE)
    demo.go_on()
    _, text = demo.at_stop()
    page, own = told(text, r"page (\w+) is in frame (\w+)")
    assert demo.entry(directory, page) == (own, True)
    assert demo.bytes_of(own) == b"q" + bytes(PAGE - 1)
    assert demo.bytes_of(zeros) == bytes(PAGE)
    demo.go_on()
    demo.check_end()


def test_copy_on_write_seen_from_outside(boot):
    demo = Outside(boot, "copy-on-write")
    place = r"the (?:parent|child)'s page (\w+) is in frame (\w+)"
    parent, text = demo.at_stop()
    page, first = told(text, place)
    of_parent = demo.directory(parent)
    assert demo.entry(of_parent, page) == (first, True)
    demo.go_on()

    child, text = demo.at_stop()  # it has read
    assert child != parent and told(text, place) == [page, first]
    of_child = demo.directory(child)
    assert of_child != of_parent
    assert demo.entry(of_parent, page) == demo.entry(of_child, page) == (first, False)
    demo.go_on()

    _, text = demo.at_stop()  # it has written
    copy = told(text, place)[1]
    assert copy != first and demo.entry(of_child, page) == (copy, True)
    assert demo.entry(of_parent, page) == (first, False)
    assert (demo.bytes_of(first)[:1], demo.bytes_of(copy)[:1]) == (b"p", b"c")
    demo.go_on()

    assert told(demo.at_stop()[1], place) == [page, first]  # the parent has written
    assert demo.entry(of_parent, page) == (first, True)
    assert demo.bytes_of(first)[:1] == b"Q"
    demo.go_on()
    for _ in range(2):
        demo.at_stop()
        demo.go_on()
    demo.check_end()


class Seen(NamedTuple):
    """What stands in the page tables and in RAM at one stop."""
    frame: str         # a name for it, the same for the same frame; "": the page is absent
    writable: object = None    # True, False, or nobody said
    bytes: object = None       # what the frame begins with; a function says whether it is right


def is_of_program(name):
    """Whether a frame holds a page of the program's file."""
    data = (ROOT / "build" / "user" / "root" / "demo" / name).read_bytes()
    pages = {data[at:at + PAGE] for at in range(0, len(data), PAGE)}
    return lambda frame: frame in pages


ABSENT = Seen("")
SEEN = {
    "calloc": [Seen("zeros", False, bytes(PAGE)), Seen("zeros", False, bytes(PAGE)),
               Seen("own", True, b"z" + bytes(PAGE - 1))],
    "realloc": [Seen("A", True, b"y" * PAGE), ABSENT, Seen("A", True, b"y" * PAGE)],
    "moving": [Seen("A", True, b"a"), ABSENT, Seen("A", True, b"a")],
    "protection": [Seen("A", False, b"a"), Seen("hidden A", None, b"a"), Seen("A", True, b"a" + bytes(99) + b"b"),
                   Seen("B", True, bytes(200) + b"c")],
    "sharing": [Seen("shared", True, b"\1"), Seen("parent's", True, b"\1"),  # the parent
                Seen("shared", True, b"\2"), Seen("child's", True, b"\2"),  # the child
                # The parent; its table is marked as shared until it writes again.
                Seen("shared", None, b"\2"), Seen("parent's", None, b"\1")],
    "mapped-file": [Seen("file's", True, b"a" * 10 + b"Sa"), Seen("file's", False, b"a" * 10 + b"S"),
                    Seen("own", True, b"a" * 10 + b"Pa")],
    "break": [Seen("A", True, b"h" + bytes(PAGE - 1)), ABSENT, Seen("zeros", False, bytes(PAGE))],
    "stack": [Seen("A", True, b"\1" + bytes(PAGE - 1)), ABSENT],
    "lazy-loading": [Seen("A", False, is_of_program("lazy-loading")), ABSENT],
    "bss": [Seen("A", True, b"\1" + bytes(PAGE - 1)), ABSENT,
            Seen("file's", False, is_of_program("bss")), Seen("own", True, b"\3")],
    "locked": [Seen("A", True, b"\7" + bytes(PAGE - 1)), Seen("A", True, b"\7" + bytes(PAGE - 1))],
}


def check_seen(demo, directories, frames, process, text, seen):
    if process not in directories:
        directories[process] = demo.directory(process)
    words = re.fullmatch(r"page (\w+) is (absent|in frame (\w+)|hidden, its frame (\w+))", text)
    page, frame = int(words[1], 16), int(words[3] or words[4] or "0", 16)
    entry = demo.entry(directories[process], page)
    assert bool(seen.frame) == (words[2] != "absent"), text
    if words[3]:
        assert entry is not None and entry[0] == frame, text
        assert seen.writable is None or entry[1] == seen.writable, text
    else:
        assert entry is None, text
    if frame:
        name = seen.frame.removeprefix("hidden ")
        assert frames.setdefault(name, frame) == frame and list(frames.values()).count(frame) == 1, text
        content = demo.bytes_of(frame)
        assert seen.bytes(content) if callable(seen.bytes) else content.startswith(seen.bytes), text


@pytest.mark.parametrize("name", SEEN)
def test_pages_seen_from_outside(boot, name):
    demo = Outside(boot, name, memory=16 if name in NEED_LITTLE_RAM else 64)
    directories, frames = {}, {}
    for seen in SEEN[name]:
        check_seen(demo, directories, frames, *demo.at_stop(), seen)
        demo.go_on()
    demo.check_end()


def test_addresses_seen_from_outside(boot):
    demo = Outside(boot, "address")
    directory = None
    for _ in ("text", "data", "heap", "mmap", "stack"):
        process, text = demo.at_stop()
        address, physical, byte = told(text, r"(\w+) is at physical (\w+) and holds (\w+)")
        directory = directory or demo.directory(process)
        pde_at = directory + 4 * (address >> 22)
        pte_at = (demo.word(pde_at) & -PAGE) + 4 * (address >> 12 & 1023)
        assert demo.explained(process, address) == [(at, demo.word(at)) for at in (pde_at, pte_at)]
        frame, _ = demo.entry(directory, address)
        assert frame * PAGE + address % PAGE == physical
        assert demo.bytes_of(frame)[address % PAGE] == byte
        demo.go_on()
    demo.check_end()
