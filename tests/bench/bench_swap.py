#!/usr/bin/env python3
"""Measures swap slots and the tree of a page cache: instructions an operation takes.

callgrind counts inside one function measured_* of build/bench/bench_swap. Rows go to
build/bench/results.tsv.
"""
import results

PROGRAM = "build/bench/bench_swap"
# name, row of the program, the function that is counted
ROWS = [
    ("take and give back a slot, half full", "pair50", "pair"),
    ("take and give back a slot, 90 % full", "pair90", "pair"),
    ("give back a random slot, take one, half full", "churn50", "churn"),
    ("give back a random slot, take one, 90 % full", "churn90", "churn"),
    ("take a run of slots", "run", "run"),
    ("page tree: look up, random", "lookup", "lookup"),
    ("page tree: look up, in sequence", "sequence", "lookup"),
    ("page tree: walk", "walk", "walk"),
    ("page tree: put and take out", "put", "put"),
]


def main():
    table = results.Table("swap: ")
    for name, row, function in ROWS:
        collected, turns = results.callgrind([PROGRAM, row], f"*measured_{function}*")
        table.add(name, f"{collected / int(turns):.1f}", "instructions")
    table.write()


main()
