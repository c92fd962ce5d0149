#!/usr/bin/env python3
"""Measures the frame allocator: prints a table and puts its rows into build/bench/results.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_frames (a 32-bit static program, -O2). The longest operation is counted by
single-stepping. The rest the program answers itself.
"""
import results

PROGRAM = "build/bench/bench_frames"

# name, arguments of the program, counted by callgrind?, unit, goal, peer, peer's value
ROWS = [
    ("alloc+free of a frame, half used, the bitmap alone", "pair alone", True, "instructions",
     "<= 45", "Linux-like per-CPU cache", "47"),
    ("alloc+free of a frame, half used, with its record", "pair", True, "instructions",
     "<= 45", "plain buddy", "85"),
    ("the same through OwnedFrame", "owned_pair", True, "instructions", "", "", ""),
    ("free a random frame, alloc, half used, the bitmap alone", "churn50 alone", True,
     "instructions", "<= 100", "lowest-first bitmap, word in hand", "162"),
    ("free a random frame, alloc, half used, with its record", "churn50", True, "instructions",
     "<= 100", "lowest-first bitmap, word in hand", "162"),
    ("free a random frame, alloc, 90 % used, with its record", "churn90", True, "instructions",
     "<= 100", "", ""),
    ("alloc+free of order 9, the bitmap alone", "order9 alone", True, "instructions", "<= 120",
     "", ""),
    ("alloc+free of order 9, with its record", "order9", True, "instructions", "<= 120", "", ""),
    ("alloc+free of order 10, the bitmap alone", "order10 alone", True, "instructions", "<= 120",
     "", ""),
    ("alloc+free of order 10, with its record", "order10", True, "instructions", "<= 120", "", ""),
    ("alloc+free of orders 5 to 10 at random, with its record", "orders", True, "instructions",
     "", "", ""),
    ("longest order-0 operation met", "longest", False, "instructions", "<= 400", "", ""),
    ("bookkeeping of the allocator, 768 MiB", "bytes", False, "bytes/frame", "<= 0.14", "", ""),
    ("free frames in 2 MiB blocks, 50 % used, 256 MiB", "share50 whole 65536", False, "%",
     ">= 95", "lowest-first bitmap; buddy", "95.3; 0"),
    ("free frames in 2 MiB blocks, 90 % used, 256 MiB", "share90 whole 65536", False, "%",
     ">= 78", "lowest-first bitmap; buddy", "78.1; 0"),
    ("free frames in 2 MiB blocks, 50 % used, 768 MiB", "share50", False, "%", ">= 95", "", ""),
    ("free frames in 2 MiB blocks, 90 % used, 768 MiB", "share90", False, "%", ">= 78", "", ""),
    ("runs as at the start after 10^6 mixed requests", "mixed", False, "%", ">= 100", "", ""),
]


def answer(arguments):
    return results.run([PROGRAM, *arguments]).stdout.strip()


def instructions(arguments):
    """Instructions a measured operation takes on average."""
    collected, turns = results.callgrind([PROGRAM, *arguments], "*measured_*")
    return f"{collected / int(turns):.1f}"


def main():
    table = results.Table("frames: ")
    for name, arguments, counted, unit, goal, peer, peer_value in ROWS:
        measure = instructions if counted else answer
        table.add(name, measure(arguments.split()), unit, goal, peer, peer_value)
    table.write()


if __name__ == "__main__":
    main()
