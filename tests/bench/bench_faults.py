#!/usr/bin/env python3
"""Measures page faults and the calls that change an address space: prints a table and puts
its rows into build/bench/results.tsv.

Instructions come from callgrind, which counts inside one function named measured_* of
build/bench/bench_faults or bench_spaces (32-bit static programs, -O2). Copying a page is counted by
itself and taken off where a fault copies one.
"""
import results

FAULTS = "build/bench/bench_faults"
SPACES = "build/bench/bench_spaces"

# name, argument of the program, does the fault copy a page?
ROWS = [
    ("spurious fault: nothing to do", "spurious", False),
    ("demand-zero", "demand_zero", False),
    ("demand-zero, zeroed now", "demand_zero_now", False),
    ("read of an untouched page: zero frame", "zero_page", False),
    ("write to a page that shows the zero frame", "zero_then_write", False),
    ("copy-on-write, without the copying", "cow", True),
    ("copy-on-write, the last owner takes over", "take_over", False),
    ("page of a file, in RAM", "file", False),
    ("page of a file, in RAM, and 15 around it", "around", False),
    ("swapped page, in the swap cache", "swap_cache", False),
]

# name, argument of the program, the function that is counted
CALLS = [
    ("fork, 1 MiB touched", "fork1", "fork"),
    ("fork, 16 MiB touched", "fork16", "fork"),
    ("fork, 64 MiB touched", "fork64", "fork"),
    ("exit of the child, 64 MiB shared", "exit64", "exit"),
    ("munmap of 256 touched pages", "unmap256", "unmap"),
    ("mprotect of 256 touched pages", "protect256", "protect"),
    ("mmap of 1 MiB, untouched", "map", "map"),
]


def instructions(row, program=FAULTS, function=""):
    """Instructions a measured operation takes on average."""
    collected, turns = results.callgrind([program, row], f"*measured_{function}*")
    return collected / int(turns)


def main():
    copy = instructions("copy")
    table = results.Table("faults: ")

    def report(name, value, goal=""):
        table.add(name, f"{value:.1f}", "instructions", goal)

    for name, row, copies in ROWS:
        report(name, instructions(row) - (copy if copies else 0))
    calls = {}
    for name, row, function in CALLS:
        calls[row] = instructions(row, SPACES, function)
        report(name, calls[row])
    report("fork, for each further 4 MiB", (calls["fork64"] - calls["fork16"]) / 12, "<= 20")
    table.write()


if __name__ == "__main__":
    main()
