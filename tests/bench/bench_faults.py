#!/usr/bin/env python3
"""Measures page faults: prints a table and writes build/bench/faults.tsv.

Instructions come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_faults (a 32-bit static program, -O2). Copying a page is counted by itself and
taken off where a fault copies one.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = "build/bench/bench_faults"
OUTPUT = pathlib.Path("build/bench/faults.tsv")
TIMEOUT = 120  # seconds for one row

# name, argument of the program, does the fault copy a page?
ROWS = [
    ("spurious fault: nothing to do", "spurious", False),
    ("demand-zero", "demand_zero", False),
    ("read of an untouched page: zero frame", "zero_page", False),
    ("write to a page that shows the zero frame", "zero_then_write", False),
    ("copy-on-write, without the copying", "cow", True),
    ("copy-on-write, the last owner takes over", "take_over", False),
    ("page of a file, in RAM", "file", False),
    ("page of a file, in RAM, and 15 around it", "around", False),
    ("swapped page, in the swap cache", "swap_cache", False),
]


def instructions(row):
    """Instructions a measured operation takes on average."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind",
                               f"--callgrind-out-file={folder}/out",
                               "--toggle-collect=*measured_*", PROGRAM, row],
                              capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        sys.exit(f"{row}: exit {done.returncode}\n{done.stderr}")
    collected = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return collected / int(done.stdout)


def main():
    copy = instructions("copy")
    lines = ["name\tvalue\tunit\tgoal\tpeer\tpeer value"]
    for name, row, copies in ROWS:
        value = instructions(row) - (copy if copies else 0)
        lines.append(f"{name}\t{value:.1f}\tinstructions\t\t\t")
        print(f"{name:45} {value:8.1f} instructions", flush=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"written: {OUTPUT}")


if __name__ == "__main__":
    main()
