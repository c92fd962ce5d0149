#!/usr/bin/env python3
"""Measures the map of regions: prints a table and puts its rows into build/bench/results.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_regions (a 32-bit static program, -O2). Each includes the call itself.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = "build/bench/bench_regions"
RESULTS = Path("build/bench/results.tsv")
HEADER = "name\tvalue\tunit\tgoal\tpeer\tpeer value"
PREFIX = "regions: "

# name, row of the program, goal
ROWS = [
    ("find, 2,048 regions, random page", "find_random", "<= 60"),
    ("find, 2,048 regions, page after page", "find_sequential", "<= 20"),
    ("remove + insert, 2,048 regions", "insert_and_remove", ""),
    ("split + merge, 2,048 regions, allocation included", "split_and_merge", ""),
    ("find_gap_from_top, 2,048 regions, below a random page", "gap_below_random", ""),
    ("find_gap_from_top, 2,048 regions, the only one wide enough", "gap_the_only_one", ""),
]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done


def instructions(row):
    """Instructions a measured operation takes on average."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                    "--toggle-collect=*measured_*", PROGRAM, row])
    collected = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return f"{collected / int(done.stdout):.1f}"


def main():
    rows = []
    for name, row, goal in ROWS:
        peer = ("std::map", instructions("peer")) if row == "find_random" else ("", "")
        rows.append((name, instructions(row), "instructions", goal, *peer))
    rows.append(("size of a region, 32 bits", run([PROGRAM, "bytes"]).stdout.strip(), "bytes",
                 "<= 64", "", ""))
    old = RESULTS.read_text().splitlines() if RESULTS.exists() else [HEADER]
    kept = [line for line in old if not line.startswith(PREFIX)]
    RESULTS.write_text("\n".join(kept + [PREFIX + "\t".join(row) for row in rows]) + "\n")
    for name, value, unit, goal, peer, peer_value in rows:
        print(f"  {name:60} {value:>8} {unit:13}", f"(goal {goal})" if goal else "",
              f"({peer}: {peer_value})" if peer else "")


main()
