#!/usr/bin/env python3
"""Measures the map of regions: prints a table and puts its rows into build/bench/results.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_regions (a 32-bit static program, -O2). Each includes the call itself.
"""
import results

PROGRAM = "build/bench/bench_regions"

# name, row of the program, goal
ROWS = [
    ("find, 2,048 regions, random page", "find_random", "<= 60"),
    ("find, 2,048 regions, page after page", "find_sequential", "<= 20"),
    ("remove + insert, 2,048 regions", "insert_and_remove", ""),
    ("split + merge, 2,048 regions, allocation included", "split_and_merge", ""),
    ("find_gap_from_top, 2,048 regions, below a random page", "gap_below_random", ""),
    ("find_gap_from_top, 2,048 regions, the only one wide enough", "gap_the_only_one", ""),
]


def instructions(row):
    """Instructions a measured operation takes on average."""
    collected, turns = results.callgrind([PROGRAM, row], "*measured_*")
    return f"{collected / int(turns):.1f}"


def main():
    table = results.Table("regions: ")
    for name, row, goal in ROWS:
        peer = ("std::map", instructions("peer")) if row == "find_random" else ("", "")
        table.add(name, instructions(row), "instructions", goal, *peer)
    table.add("size of a region, 32 bits", results.run([PROGRAM, "bytes"]).stdout.strip(), "bytes", "<= 64")
    table.write()


main()
