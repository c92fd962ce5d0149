#!/usr/bin/env python3
"""Measures files in the page cache: prints a table, and puts its rows into build/bench/results.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_file_cache (a 32-bit static program, kernel flags). Each includes the call itself;
the disk and the copying of the bytes cost nothing.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = "build/bench/bench_file_cache"
RESULTS = Path("build/bench/results.tsv")
HEADER = "name\tvalue\tunit\tgoal\tpeer\tpeer value"
PREFIX = "file cache: "

# name, row of the program
COUNTED = [
    ("page-cache hit, 64 MiB file, random page", "hit"),
    ("read of a cached page, random", "read"),
    ("write of a cached page, random", "write"),
    ("8 MiB read cold in sequence, 4 KiB a call, per page", "cold4k"),
    ("8 MiB read cold in sequence, 64 KiB a call, per page", "cold64k"),
    ("8 MiB appended, 4 KiB a call, per page", "append"),
    ("block of metadata in RAM: get, and its end", "block"),
]
TOLD = [
    ("8 MiB read cold in sequence, 4 KiB a call", "calls4k", "disk reads", 1),
    ("8 MiB read cold in sequence, 64 KiB a call", "calls64k", "disk reads", 1),
    ("memory of a cached page beside its frame", "bytes", "bytes", 100),
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
    rows = [(name, instructions(row), "instructions", "", "", "") for name, row in COUNTED]
    for name, row, unit, scale in TOLD:
        rows.append((name, f"{int(run([PROGRAM, row]).stdout) / scale:g}", unit, "", "", ""))
    old = RESULTS.read_text().splitlines() if RESULTS.exists() else [HEADER]
    kept = [line for line in old if not line.startswith(PREFIX)]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text("\n".join(kept + [PREFIX + "\t".join(row) for row in rows]) + "\n")
    for name, value, unit, *_ in rows:
        print(f"  {name:60} {value:>8} {unit}")


main()
