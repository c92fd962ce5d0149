#!/usr/bin/env python3
"""Measures slab caches: bytes beside an object of each size, instructions of a pair of allocate and release.

build/bench/bench_slab tells the bytes itself; callgrind counts inside measured_pair (the same object
again and again) and measured_churn (one of many at random). Rows go to build/bench/results.tsv.
"""
import re

import results

PROGRAM = "build/bench/bench_slab"
BYTES = re.compile(r" *(\d+) plain .*: +(\d+\.\d+) bytes each")
ROWS = [("allocate + release, warm", "pair"), ("allocate + release, at random", "churn")]


def main():
    table = results.Table("slab: ")
    for name, row in ROWS:
        collected, turns = results.callgrind([PROGRAM, row], f"*measured_{row}*")
        table.add(name, f"{collected / int(turns):.1f}", "instructions")
    for line in results.run([PROGRAM, "bytes"]).stdout.splitlines():
        match = BYTES.match(line)
        if match:
            table.add(f"beside an object of {match[1]} bytes", match[2], "bytes")
    table.write()


main()
