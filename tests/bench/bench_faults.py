#!/usr/bin/env python3
"""Measures page faults and the calls that change an address space: prints a table and writes
build/bench/faults.tsv.

Instructions come from callgrind, which counts inside one function named measured_* of
build/bench/bench_faults or bench_spaces (32-bit static programs, -O2). Copying a page is counted by
itself and taken off where a fault copies one.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FAULTS = "build/bench/bench_faults"
SPACES = "build/bench/bench_spaces"
OUTPUT = pathlib.Path("build/bench/faults.tsv")
TIMEOUT = 120  # seconds for one row

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
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind",
                               f"--callgrind-out-file={folder}/out",
                               f"--toggle-collect=*measured_{function}*", program, row],
                              capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        sys.exit(f"{row}: exit {done.returncode}\n{done.stderr}")
    collected = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return collected / int(done.stdout)


def main():
    copy = instructions("copy")
    lines = ["name\tvalue\tunit\tgoal\tpeer\tpeer value"]

    def report(name, value, goal=""):
        lines.append(f"{name}\t{value:.1f}\tinstructions\t{goal}\t\t")
        print(f"{name:45} {value:8.1f} instructions", flush=True)

    for name, row, copies in ROWS:
        report(name, instructions(row) - (copy if copies else 0))
    calls = {}
    for name, row, function in CALLS:
        calls[row] = instructions(row, SPACES, function)
        report(name, calls[row])
    report("fork, for each further 4 MiB", (calls["fork64"] - calls["fork16"]) / 12, 20)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"written: {OUTPUT}")


if __name__ == "__main__":
    main()
