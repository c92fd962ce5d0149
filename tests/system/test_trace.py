"""The event trace of memory: what COM2 says of a program whose uses of memory are known, what the monitor
shows and accepts, and that nothing is told when it is off."""
import re
import sys
from pathlib import Path

import pytest
from quire_vm import PROMPT_AT_END
from test_programs import MONITOR_KEY, SHELL_READY, output_of, shell, tests_image  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import trace_view  # noqa: E402

PROGRAM = "/tests/memory_trace"


def com2(path):
    """QEMU's arguments for a COM2 that writes to a file; COM1 is QuireVm's."""
    return ["-chardev", f"file,id=com2,path={path}", "-device", "isa-serial,index=1,chardev=com2"]


@pytest.fixture
def traced(shell, artifacts):  # noqa: F811
    """traced(words, test) boots with trace=words, runs one test of the program, switches the machine off,
    and returns the trace, the program's process and address as it noted them, and its child's."""
    def run(words, test, **options):
        artifacts.mkdir(parents=True, exist_ok=True)
        path = artifacts / "trace.txt"
        vm = shell(cmdline=f"trace={words}", extra=com2(path), **options)
        text, status = output_of(vm, f"{PROGRAM} {test}")
        assert status == 0, text
        note = re.search(r"# pid (\d+) memory ([0-9a-f]+)", text)
        child = re.search(r"# child (\d+)", text)
        vm.send_serial("poweroff\r")
        vm.wait_exit()
        trace = trace_view.parse(path.read_text().splitlines())
        assert trace.unread == 0
        return trace, int(note[1]), int(note[2], 16), int(child[1]) if child else None
    return run


def faults(trace, pid, first, pages):
    """(page, access, outcome, steps) of the faults of a process in a range, in order."""
    return [((e["address"] - first) // 4096, e["access"], e["outcome"], e["steps"])
            for e in trace.events
            if e.kind == "fault" and e["pid"] == pid and first <= e["address"] < first + pages * 4096]


def kinds(trace, pid):
    return [e.kind for e in trace.events if e["pid"] == pid]


def test_first_touches_are_told_one_by_one(traced):
    trace, pid, memory, _ = traced("com2", "first_touches")
    assert trace.lost == 0
    assert [e["n"] for e in trace.events] == list(range(len(trace.events)))
    assert faults(trace, pid, memory, 4) == [
        (0, "read", "ok", "MapZeroFrame"), (0, "write", "ok", "FillWithZeros"),
        (1, "write", "ok", "FillWithZeros")]
    regions = [(e.kind, e["address"], e["pages"], e.get("rights")) for e in trace.events
               if e["pid"] == pid and e.kind in ("mmap", "mprotect", "munmap")]
    assert regions == [("mmap", memory, 4, "rw-"), ("mprotect", memory, 1, "r--"), ("munmap", memory, 4, None)]
    mine = kinds(trace, pid)
    assert mine[0] == "fork" and mine[-1] == "release"
    times = [e["t"] for e in trace.events]
    assert times == sorted(times)


def test_a_fork_shares_and_each_write_copies(traced):
    trace, pid, memory, child = traced("com2", "copies_after_fork")
    assert faults(trace, pid, memory, 1) == [
        (0, "write", "ok", "FillWithZeros"), (0, "write", "ok", "TakeOverTable,TakeOverPage")]
    assert faults(trace, child, memory, 1) == [(0, "write", "ok", "UnshareTable,CopyPage")]
    fork = next(e for e in trace.events if e.kind == "fork" and e["pid"] == child)
    assert fork["by"] == pid and fork["tables"] > 0
    frames = {e["pid"]: e["frame"] for e in trace.events if e.kind == "fault" and e["address"] == memory}
    assert frames[pid] != frames[child]


def test_a_refused_write_says_why(traced):
    trace, _, memory, child = traced("faults,com2", "a_forbidden_write")
    assert faults(trace, child, memory, 1) == [(0, "write", "segv_accerr", "SegvAccErr")]
    assert {e.kind for e in trace.events} <= {"fault", "prefault"}


def test_memory_that_is_short_shows_victims_writes_and_reads(traced):
    trace, pid, memory, _ = traced("swap,evictions,com2", "more_than_there_is", memory=12)
    assert trace.policy == "generations"
    of_kind = {kind: [e for e in trace.events if e.kind == kind]
               for kind in ("choose", "swap_out", "evict", "swap_in")}
    assert all(of_kind.values())
    assert {e.kind for e in trace.events} <= {"choose", "set_aside", "evict", "swap_in", "swap_out"}
    # A page of the program that left for a slot: it was chosen before, and the slot was written.
    gone = next(e for e in of_kind["evict"] if e["pid"] == pid and e.get("slot"))
    assert memory <= gone["address"] < memory + (12 << 20)
    before = [e for e in trace.events if e["n"] < gone["n"]]
    assert any(e.kind == "swap_out" and e["slot"] <= gone["slot"] < e["slot"] + e["pages"] for e in before)
    if not trace.lost:
        assert any(e.kind == "choose" and e["frame"] == gone["frame"] for e in before)
    assert all(e["slot"] <= e["wanted"] < e["slot"] + e["pages"] for e in of_kind["swap_in"])
    numbers = [e["n"] for e in trace.events]
    assert numbers == sorted(numbers) and numbers[-1] + 1 == len(numbers) + trace.lost


@pytest.fixture
def vm(boot):
    """The monitor, beside a shell that is process 2."""
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    return vm


def run_in_shell(vm, line):
    """From the monitor to the shell, and back when the line is done."""
    vm.send_serial("exit\r")
    vm.wait_for(re.compile(r"exit[^\n]*\n"))
    vm.send_serial("\r")  # the shell's prompt stands further up
    vm.wait_for(SHELL_READY)
    output_of(vm, line)
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)


def test_it_is_off_until_it_is_switched_on(vm):
    assert vm.command("trace") == "  the trace is off; 0 events kept, 0 older ones overwritten\n"
    run_in_shell(vm, "hello")
    assert "0 events kept" in vm.command("trace")


def test_it_shows_sentences_and_stops(vm):
    assert vm.command("trace on").startswith("  the trace is on: all kinds; 0 events kept")
    run_in_shell(vm, "hello")
    text = vm.command("trace 1000")
    assert re.search(r"^ +\d+\.\d{6} +\d+ hello  (read|write) of [0-9A-F]{8}: \w+.*; frame [0-9A-F]{5}, \d+ clocks$",
                     text, re.M)
    assert re.search(r"^ +\d+\.\d{6} +\d+ hello  exec: the program begins$", text, re.M)
    assert re.search(r"released: \d+ pages mapped, \d+ in RAM, 0 in swap$", text, re.M)
    assert len(vm.command("trace 3").splitlines()) == 4
    assert "the trace is off" in vm.command("trace off")
    kept = re.search(r"(\d+) events kept", vm.command("trace 1"))[1]
    run_in_shell(vm, "hello")
    assert f"{kept} events kept" in vm.command("trace 1")
    assert "0 events kept" in vm.command("trace clear")
    assert "agree" in vm.command("mmck")


def test_kinds_and_a_process_can_be_chosen(vm):
    assert "on: faults, only process 2;" in vm.command("trace on faults 2")
    run_in_shell(vm, "hello")
    lines = vm.command("trace 1000").splitlines()[:-1]
    assert lines
    # What the shell did, also in the name of its child before that was somebody.
    assert all(re.match(r" +\d+\.\d+ +2 sh  (read|write) of ", line) for line in lines)


@pytest.mark.parametrize("line, answer", [
    ("trace on nonsense", '  "nonsense" is nothing to trace\nusage: trace [N]'),
    ("trace on 0", '  "0" is nothing to trace\nusage: trace [N]'),
    ("trace on com2", "  not switched on: there is no COM2\n"),
    ("trace off 3", "usage: trace [N]"), ("trace offf", "usage: trace [N]"),
    ("trace 20 30", "usage: trace [N]"), ("trace 99999999999", "usage: trace [N]"),
    ("trace -1", "usage: trace [N]"),
])
def test_wrong_words_change_nothing(vm, line, answer):
    assert vm.command(line).startswith(answer)
    assert "the trace is off" in vm.command("trace")


def test_help_lists_it(vm):
    assert re.search(r"^  trace .*what happened to memory", vm.command("help"), re.M)


@pytest.mark.parametrize("words, message", [
    ("faults,nonsense", '"nonsense" is nothing to trace'), ("com2", "not switched on: there is no COM2")])
def test_a_wrong_word_at_boot_is_told(boot, words, message):
    vm = boot.to_prompt(cmdline=f"trace={words}")
    assert message in vm.command("dmesg")
    assert "the trace is off" in vm.command("trace")
