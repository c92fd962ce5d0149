"""The demonstrations of user/demo: each is run inside Quire, and every claim must come out as
expected. What some of them say of frames is held against the PC's physical memory, read from outside:
the program waits (--stop), the monitor tells its page directory, and the rest is in RAM.

Their pages in docs/demos show what they print; a page that shows something else is noticed here.
"""
import re
import struct
from pathlib import Path

import pytest
from conftest import ARTIFACTS
from quire_vm import PROMPT_AT_END, QuireVm, VmFailure
from test_programs import MONITOR_KEY, SHELL_READY, output_of

ROOT = Path(__file__).resolve().parents[2]
NO_DEMOS = {"demo", "look", "tour"}
DEMOS = sorted(path.stem for path in (ROOT / "user" / "demo").glob("*.cpp")
               if path.stem not in NO_DEMOS)
NEED_LITTLE_RAM = {"locality", "thrashing", "locked"}
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
    little RAM; each once."""
    seen = {}

    def run_once(name):
        if name not in seen:
            vm = request.getfixturevalue("small_vm" if name in NEED_LITTLE_RAM else "vm")
            seen[name] = output_of(vm, f"/demo/{name}")
        return seen[name]
    return run_once


def check_claims(text, status):
    claims = [line for line in text.splitlines() if CLAIM.fullmatch(line)]
    assert claims and not [line for line in claims if "NOT as" in line], text
    assert text.splitlines()[-1].endswith(f": {len(claims)} claims, all as expected"), text
    assert status == 0, text


@pytest.mark.parametrize("name", DEMOS)
def test_claims_hold(run, name):
    check_claims(*run(name))


def without_figures(text):
    """Numbers, addresses and frames are others each time."""
    return [re.sub(r"\b[0-9a-f]*\d[0-9a-f]*\b", "N", line) for line in text.splitlines()]


@pytest.mark.parametrize("name", DEMOS)
def test_page_shows_what_is_printed(run, name):
    page = (ROOT / "docs" / "demos" / f"{name}.md").read_text()
    shown = re.search(rf"    # /demo/{name}\n((?:    .*\n)+)", page)[1]
    shown = "".join(line[4:] + "\n" for line in shown.splitlines())
    text, _ = run(name)
    assert without_figures(shown) == without_figures(text)


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
    for name in ("three-states", "demand-zero"):
        vm.wait_for(f"Read more in /docs/demos/{name}.md.\r\n[Enter for the next, q ends] ")
        vm.send_serial("\r" if name == "three-states" else "q\r")
    vm.wait_for("tour-ended 0")
    vm.wait_for(SHELL_READY)


class Outside:
    """A demonstration at its stops, and its page tables as they are in physical memory."""

    def __init__(self, boot, name):
        self._vm = vm = boot(shell=True)
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
        self._vm.send_serial(MONITOR_KEY)
        self._vm.wait_for(PROMPT_AT_END)
        tables = self._vm.command(f"pt {process}")
        self._leave_monitor()
        return int(re.match(r"page directory in frame ([0-9a-f]{5})", tables)[1], 16) * PAGE

    def _leave_monitor(self):
        """Back when the terminal has the keys again: it echoes ^R, the monitor does not."""
        self._vm.send_serial("exit\r")
        while True:
            self._vm.send_serial(TERMINAL_KEY)
            try:
                self._vm.wait_for("^R", 5)
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
    demo.check_end()


def test_addresses_seen_from_outside(boot):
    demo = Outside(boot, "address")
    directory = None
    for _ in ("text", "data", "heap", "mmap", "stack"):
        process, text = demo.at_stop()
        address, physical, byte = told(text, r"(\w+) is at physical (\w+) and holds (\w+)")
        directory = directory or demo.directory(process)
        frame, _ = demo.entry(directory, address)
        assert frame * PAGE + address % PAGE == physical
        assert demo.bytes_of(frame)[address % PAGE] == byte
        demo.go_on()
    demo.check_end()
