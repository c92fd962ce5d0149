#!/usr/bin/env python3
"""Reads what Quire sent to COM2 (docs/trace.md) and tells of each process: faults by the way they were
resolved, pages in and out, and the pages it touched over time.

    tools/trace_view.py [--interval SECONDS] build/trace.txt

A line is a kind and key=value pairs. What cannot be read, such as half a line at the end of a file that
is still written, is counted and left out.
"""
from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from typing import Iterable, NamedTuple

KNOWN_VERSION = "1"
HEXADECIMAL = {"address", "from", "frame"}
WORDS = {"name", "access", "outcome", "steps", "rights", "cause", "fate", "policy", "version"}
PAGE = 4096
BAR = 40


class Event(NamedTuple):
    kind: str
    fields: dict

    def __getitem__(self, key):
        return self.fields[key]

    def get(self, key, otherwise=None):
        return self.fields.get(key, otherwise)


class Trace(NamedTuple):
    policy: str
    events: list[Event]
    lost: int      # the port was slower than the kernel
    unread: int    # lines that are none
    frames: int    # of RAM; 0: not told


def parse_line(line: str) -> Event:
    """Raises ValueError for a line that is none."""
    kind, *pairs = line.split()
    fields = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(pair)
        if key not in WORDS:
            value = int(value, 16 if key in HEXADECIMAL else 10)
        fields[key] = value
    return Event(kind, fields)


def parse(lines: Iterable[str]) -> Trace:
    policy, frames, events, lost, unread = "unknown", 0, [], 0, 0
    for line in lines:
        if not line.strip():
            continue
        try:
            event = parse_line(line)
            if event.kind == "trace":
                if event["version"] != KNOWN_VERSION:
                    raise SystemExit(f"trace_view: version {event['version']} is not known")
                policy = event["policy"]
                frames = event.get("frames", 0)
            elif event.kind == "lost":
                lost += event["count"]
            else:
                for key in ("n", "t", "pid", "by", "name"):
                    event[key]
                events.append(event)
        except (ValueError, KeyError):
            unread += 1
    return Trace(policy, events, lost, unread, frames)


def way_of(fault: Event) -> str:
    """How a fault was resolved: its last step, and whether it had to wait for a disk."""
    if not fault["outcome"].startswith("ok"):
        return fault["outcome"]
    last = fault["steps"].split(",")[-1]
    return f"{last} after a read" if fault["outcome"] == "ok_read" else last


class Life:
    """What a process did, and what happened to its memory."""

    def __init__(self):
        self.names = []
        self.ways = Counter()
        self.clocks = Counter()
        self.others = Counter()
        self.pages_in = self.pages_evicted = 0
        self.touched = defaultdict(set)  # interval: pages that faulted in it

    def add(self, event: Event, pid: int, interval: int) -> None:
        if event["by"] == pid:
            if not self.names or self.names[-1] != event["name"]:
                self.names.append(event["name"])
            if event.kind in ("swap_in", "file_read"):
                self.pages_in += event["pages"]
        if event["pid"] != pid:
            return
        if event.kind == "fault":
            way = way_of(event)
            self.ways[way] += 1
            self.clocks[way] += event["cost"]
            self.touched[interval].add(event["address"] // PAGE)
        elif event.kind == "evict":
            self.pages_evicted += 1
        else:
            self.others[event.kind] += 1


def lives_of(trace: Trace, interval: float) -> dict[int, Life]:
    lives = defaultdict(Life)
    start = trace.events[0]["t"] if trace.events else 0
    for event in trace.events:
        at = int((event["t"] - start) / (interval * 1e6))
        for pid in {event["pid"], event["by"]} - {0}:
            lives[pid].add(event, pid, at)
    return dict(sorted(lives.items()))


def report_life(pid: int, life: Life, interval: float) -> Iterable[str]:
    yield f"process {pid}: {', '.join(life.names) or '-'}"
    for way, count in life.ways.most_common():
        yield f"  {count:6} faults  {way:32} {life.clocks[way] // count:9} clocks each"
    yield f"  {life.pages_in:6} pages read for it, {life.pages_evicted} of its pages evicted"
    if life.others:
        yield "  " + ", ".join(f"{count} {kind}" for kind, count in sorted(life.others.items()))
    if len(life.touched) > 1:
        yield f"  pages that faulted, each {interval:g} s:"
        most = max(map(len, life.touched.values()))
        for at, pages in sorted(life.touched.items()):
            bar = "#" * max(1, len(pages) * BAR // most)
            yield f"  {at * interval:8.1f}  {len(pages):5} {bar}"


def report(trace: Trace, interval: float = 1.0) -> Iterable[str]:
    yield (f"{len(trace.events)} events, {trace.lost} lost, {trace.unread} lines unread; "
           f"replacement policy: {trace.policy}")
    written = sum(e["pages"] - e["failed"] for e in trace.events if e.kind == "swap_out")
    back = sum(e["pages"] - e["failed"] for e in trace.events if e.kind == "file_write")
    yield f"{written} pages written to swap, {back} to files"
    for pid, life in lives_of(trace, interval).items():
        yield ""
        yield from report_life(pid, life, interval)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("file", help="what COM2 sent; - is standard input")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds (1)")
    options = parser.parse_args()
    if options.interval <= 0:
        parser.error("the interval must be above 0")
    if options.file == "-":
        trace = parse(sys.stdin)
    else:
        with open(options.file, encoding="ascii", errors="replace") as lines:
            trace = parse(lines)
    for line in report(trace, options.interval):
        print(line)


if __name__ == "__main__":
    main()
