"""tools/trace_view.py: what it reads of COM2's lines, and what it makes of lines that are none."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import trace_view  # noqa: E402

COMMON = "pid=5 by=5 tid=5 name=sh"
LINES = [
    "trace version=1 policy=clock",
    f"fault n=0 t=1000000 {COMMON} address=08049010 access=write ring=3 outcome=ok "
    "steps=UnshareTable,CopyPage frame=1f3a cost=300",
    f"fault n=1 t=1500000 {COMMON} address=08049020 access=write ring=3 outcome=ok steps=CopyPage "
    "frame=1f3b cost=100",
    "swap_in n=2 t=2200000 pid=0 by=5 tid=5 name=sh slot=8 pages=8 wanted=9 frame=2a",
    f"fault n=3 t=2300000 {COMMON} address=0804a000 access=read ring=3 outcome=ok_read "
    "steps=SwapIn,MapCachedSlot frame=2a cost=9000",
    "lost n=4 count=6",
    f"fault n=10 t=2400000 {COMMON} address=00000000 access=read ring=3 outcome=segv_maperr "
    "steps=SegvMapErr cost=50",
    "evict n=11 t=2400000 pid=5 by=0 tid=0 name=reclaim frame=2a mappings=1 address=0804a000 slot=8 "
    "cause=background",
    "swap_out n=12 t=2400000 pid=0 by=0 tid=0 name=reclaim slot=16 pages=4 failed=1",
]


def text_of(lines, interval=1.0):
    return "\n".join(trace_view.report(trace_view.parse(lines), interval))


def test_addresses_and_frames_are_hexadecimal_and_other_numbers_are_not():
    event = trace_view.parse_line(LINES[1])
    assert event.kind == "fault"
    assert event["address"] == 0x8049010 and event["frame"] == 0x1F3A and event["cost"] == 300
    assert event["steps"] == "UnshareTable,CopyPage" and event["name"] == "sh"


def test_a_process_is_summed_up():
    text = text_of(LINES)
    assert "7 events, 6 lost, 0 lines unread; replacement policy: clock" in text
    assert "3 pages written to swap, 0 to files" in text
    assert "process 5: sh" in text
    assert "2 faults  CopyPage                               200 clocks each" in text
    assert "1 faults  MapCachedSlot after a read            9000 clocks each" in text
    assert "1 faults  segv_maperr" in text
    assert "8 pages read for it, 1 of its pages evicted" in text


def test_pages_over_time_count_each_page_once():
    rows = [line.split() for line in text_of(LINES).splitlines() if line.endswith("#")]
    assert [(row[0], row[1]) for row in rows] == [("0.0", "1"), ("1.0", "2")]
    assert len(rows[1][2]) == 2 * len(rows[0][2])


def test_the_kernels_own_threads_are_no_process():
    assert "process 0" not in text_of(LINES)


@pytest.mark.parametrize("line", ["fau", "fault n=1", "fault n=x t=1", "fault n=1 t=2 pid", "\x00\x01", "="])
def test_a_broken_line_is_counted(line):
    trace = trace_view.parse([LINES[0], line, LINES[1]])
    assert (len(trace.events), trace.unread) == (1, 1)


def test_nothing_at_all():
    assert text_of([]).startswith("0 events, 0 lost")


def test_another_version_is_refused():
    with pytest.raises(SystemExit, match="version 2"):
        trace_view.parse(["trace version=2 policy=clock"])
