#!/usr/bin/env python3
"""Measures files in the page cache: prints a table, and puts its rows into build/bench/results.tsv.

Instruction counts come from callgrind, which counts inside the functions named measured_* of
build/bench/bench_file_cache (a 32-bit static program, kernel flags). Each includes the call itself;
the disk and the copying of the bytes cost nothing.
"""
import results

PROGRAM = "build/bench/bench_file_cache"

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


def main():
    table = results.Table("file cache: ")
    for name, row in COUNTED:
        collected, turns = results.callgrind([PROGRAM, row], "*measured_*")
        table.add(name, f"{collected / int(turns):.1f}", "instructions")
    for name, row, unit, scale in TOLD:
        table.add(name, f"{int(results.run([PROGRAM, row]).stdout) / scale:g}", unit)
    table.write()


main()
