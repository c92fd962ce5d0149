#!/usr/bin/env python3
"""Where the instructions of one operation go: make profile ROW=getpid [FUNCTION=name].

QEMU executes one instruction at a time and logs the address of each that a program or the kernel
executes; /bench/process_costs runs the row (tests/bench/guest), and what lies between two calls of
its mark() is what the row measures. Of two rounds the one with fewer instructions is told: a table by
function, for one turn of the row. With FUNCTION every instruction of the functions of that name is
listed with its source line and how often a turn executes it, inlined code included.

A repeated string instruction counts once for each turn of its own, as in the TSC.
"""
import argparse
import bisect
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter

import bench_costs
import guests
import results

BUILD = results.ROOT / "build"
BENCH = BUILD / "test_programs" / "debug" / "process_costs"
# Programs, and the kernel; not the BIOS.
LOGGED = [(0x08000000, 0x40000000), (0xC0000000, 0xFFC00000)]
BENCH_BASE = 0x20000000  # where the bench programs are linked (user_tests.mk)
TRACE = re.compile(rb"\[[0-9a-f]+/([0-9a-f]+)/")
# A line of nm. NASM names what a macro defines ..@number.label: part of the function around it.
FUNCTION = re.compile(r"([0-9a-f]+) [tTwW] (?!\.\.@)(.*)")
SOURCE_LINE = re.compile(r"^(?:/.*/)?((?:boot|cpu|drivers|fs|kernel|libc|mm)/[^ ]+:\d+)")
ROUNDS = 2
MEMORY = 128
SLOW = {"fork-64"}  # touching 64 MiB one instruction at a time takes minutes; its functions are fork-0's


class Symbols:
    """The functions of a program, by address."""

    def __init__(self, listing):
        """`listing`: the lines of nm -nC."""
        found = []
        for line in listing:
            match = FUNCTION.match(line)
            if match:
                found.append((int(match[1], 16), match[2]))
        found.sort(key=lambda entry: entry[0])
        self._starts = [start for start, _ in found]
        self._names = [name for _, name in found]

    @classmethod
    def of(cls, path):
        return cls(subprocess.run(["nm", "-nC", path], check=True, text=True,
                                  capture_output=True).stdout.splitlines())

    def start_of(self, address):
        """Where the function that holds `address` begins; None before the first."""
        at = bisect.bisect_right(self._starts, address) - 1
        return self._starts[at] if at >= 0 else None

    def name_at(self, start):
        """The name of the function that begins at `start`; of several the first."""
        return self._names[bisect.bisect_left(self._starts, start)]

    def address(self, name):
        """Where the function `name` begins (without its parameters); ends this program without one."""
        for start, known in zip(self._starts, self._names):
            if short(known) == name:
                return start
        sys.exit(f"profile: there is no function {name}")


def short(name):
    """A demangled name without parameters and without the room everything is in."""
    name = name.replace("(anonymous namespace)::", "").replace("quire::", "")
    depth = 0
    for at, character in enumerate(name):
        if character == "<":
            depth += 1
        elif character == ">":
            depth -= 1
        elif character == "(" and depth <= 0 and not name[:at].endswith("operator"):
            return name[:at]
    return name


def plain(name):
    """The same without the arguments of templates, and so without a type in front."""
    return name if name.startswith("(ring 3") else name.partition("<")[0].split()[-1]


def addresses(log):
    """The addresses in QEMU's log, a file opened for bytes."""
    for line in log:
        match = TRACE.search(line)
        if match:
            yield int(match[1], 16)


def windows(executed, mark):
    """For each pair of executions of `mark`: how often each address was executed between them."""
    counts = None
    for address in executed:
        if address == mark:
            if counts is not None:
                yield counts
                counts = None
            else:
                counts = Counter()
        if counts is not None:
            counts[address] += 1


def by_function(counts, kernel, base=BENCH_BASE):
    """{name: (instructions, calls)}: calls are executions of a function's first instruction."""
    table = {}
    for address, times in counts.items():
        if address >= 0xC0000000:
            start = kernel.start_of(address)
            name = short(kernel.name_at(start))
        else:
            start = None
            name = "(ring 3)" if base <= address < base + 0x01000000 else "(ring 3, other programs)"
        instructions, calls = table.get(name, (0, 0))
        table[name] = (instructions + times, calls + (times if address == start else 0))
    return table


def collect(rows):
    """{row: (counts, turns)}: of each row the counts of the round with the fewest instructions."""
    mark = Symbols.of(BENCH).address("mark")
    with tempfile.TemporaryDirectory() as private:
        log = os.path.join(private, "log")
        os.mkfifo(log)
        ranges = ",".join(f"{first:#x}..{last - 1:#x}" for first, last in LOGGED)
        rounds, turns = [], []

        def read():
            with open(log, "rb", buffering=1 << 20) as lines:
                rounds.extend(windows(addresses(lines), mark))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()  # QEMU waits for somebody who reads the pipe
        with guests.quire("profile", MEMORY, ["-dfilter", ranges, "-D", log]) as vm:
            vm.hmp("singlestep on")
            vm.hmp("log exec,nochain")
            for row in rows:
                vm.send_serial(f"/bench/process_costs {row} {ROUNDS}\r")
                said = vm.wait_for(re.compile(r"cost: \S+ +\S+ +of (\d+)\s|no such row\s"), guests.LONG)
                if not said[1]:
                    sys.exit(f"profile: process_costs has no row {row}")
                turns.append(int(said[1]))
        reader.join()
    return {row: (min(rounds[ROUNDS * at:ROUNDS * (at + 1)], key=lambda counts: counts.total()), turns[at])
            for at, row in enumerate(rows)}


def print_table(counts, turns, kernel):
    table = by_function(counts, kernel)
    total = counts.total()
    print(f"{'a turn':>10} {'share':>6} {'calls':>8}  function")
    for name, (instructions, calls) in sorted(table.items(), key=lambda entry: -entry[1][0]):
        if instructions / turns >= 0.05:
            print(f"{instructions / turns:10.1f} {instructions / total:6.1%} {calls / turns:8.2f}  {name}")
    print(f"{total / turns:10.1f}         in all, {turns} turns")


def print_function(counts, turns, kernel, wanted):
    starts = sorted({kernel.start_of(address) for address in counts if address >= 0xC0000000})
    starts = [start for start in starts if wanted in short(kernel.name_at(start))]
    if not starts:
        sys.exit(f"profile: no function with '{wanted}' in its name was executed")
    for start in starts:
        last = max(address for address in counts if kernel.start_of(address) == start)
        listing = subprocess.run(
            ["objdump", "-dlC", "--no-show-raw-insn", f"--start-address={start:#x}",
             f"--stop-address={last + 1:#x}", BUILD / "kernel.elf"],
            check=True, text=True, capture_output=True).stdout.splitlines()
        print(f"\n{kernel.name_at(start)}")
        for line in listing:
            place = SOURCE_LINE.search(line)
            instruction = re.match(r"([0-9a-f]+):\s*(.*)", line.strip())
            if instruction:
                times = counts.get(int(instruction[1], 16), 0)
                print(f"{times / turns:10.2f}  {instruction[1]}  {instruction[2]}" if times else
                      f"{'':10}  {instruction[1]}  {instruction[2]}")
            elif place:
                print(f"{'':12}{place[1]}")


def itemised(counts, turns, kernel):
    """The functions of a row for the book, the dearest first, those below a fiftieth as one."""
    table = {}
    for name, (times, calls) in by_function(counts, kernel).items():
        name = plain(name)
        table[name] = (table.get(name, (0, 0))[0] + times, calls)
    least = counts.total() / 50
    told = sorted(((times / turns, name) for name, (times, _) in table.items() if times >= least), reverse=True)
    rest = [times for times, _ in table.values() if times < least]
    words = [f"{name} {results.number(f'{times:.1f}')}" for times, name in told]
    if rest:
        words.append(f"{len(rest)} others {results.number(f'{sum(rest) / turns:.1f}')}")
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description="Counts instructions by kernel function.")
    parser.add_argument("row", help="a row of process_costs; `missed` writes those whose goal make bench "
                                    "found missed to build/bench/itemised.tsv")
    parser.add_argument("function", nargs="?", help="list the functions of this name, instruction by instruction")
    options = parser.parse_args()
    kernel = Symbols.of(BUILD / "kernel.elf")
    if options.row == "missed":
        table = results.Itemised()
        rows = [row for row in bench_costs.missed(results.read()) if row not in SLOW]
        for row, (counts, turns) in collect(rows).items():
            table.add(bench_costs.ROWS[row][0], f"{counts.total() / turns:.1f}", itemised(counts, turns, kernel))
        table.write()
        return
    counts, turns = collect([options.row])[options.row]
    print_table(counts, turns, kernel)
    if options.function:
        print_function(counts, turns, kernel, options.function)


if __name__ == "__main__":
    main()
