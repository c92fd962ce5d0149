#!/usr/bin/env python3
"""Measures the frame allocator: prints a table and writes build/bench/frames.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_frames (a 32-bit static program, -O2). The longest operation is counted by
single-stepping. The rest the program answers itself.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = "build/bench/bench_frames"
OUTPUT = pathlib.Path("build/bench/frames.tsv")
TIMEOUT = 120  # seconds for one row

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


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done


def answer(arguments):
    return run([PROGRAM, *arguments]).stdout.strip()


def instructions(arguments):
    """Instructions a measured operation takes on average."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                    "--toggle-collect=*measured_*", PROGRAM, *arguments])
    collected = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return f"{collected / int(done.stdout):.1f}"


def reached(value, goal):
    if not goal:
        return ""
    relation, bound = goal.split()
    good = float(value) <= float(bound) if relation == "<=" else float(value) >= float(bound)
    return "yes" if good else "NO"


def main():
    lines = ["name\tvalue\tunit\tgoal\tpeer\tpeer value"]
    for name, arguments, counted, unit, goal, peer, peer_value in ROWS:
        measure = instructions if counted else answer
        value = measure(arguments.split())
        lines.append("\t".join([name, value, unit, goal, peer, peer_value]))
        print(f"{name:58} {value:>8} {unit:13} {goal:8} {reached(value, goal)}", flush=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"written: {OUTPUT}")


if __name__ == "__main__":
    main()
