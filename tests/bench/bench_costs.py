#!/usr/bin/env python3
"""What processes and their memory cost, in guest instructions, on Quire and on Linux.

/bench/process_costs (tests/bench/guest) runs in Quire and, the same bytes, in Debian's Linux for i686
on the same machine under QEMU's -icount, where a clock of the TSC is an instruction: a loop of two
instructions a turn shows it in every run. With a small Linux built by `make bench PEER=small` the
same runs there, too. The floor beside a row is what the shortest handler that could do it takes on
the bare machine (floor.asm).
"""
import re
import sys
from pathlib import Path

import floor
import guests
import results

MEMORY = 128
COST = re.compile(r"^cost: (\S+) +(\d+\.\d\d) of \d+\s*$", re.MULTILINE)

# row of process_costs: what it is, goal
ROWS = {
    "getpid": ("getpid", 60),
    "zero-fault": ("demand-zero fault, a page", 1250),
    "zero-fault-ahead": ("demand-zero fault, zeroed ahead, a page", 250),
    "read-fault": ("read fault to the zero frame, a page", 200),
    "cow-copy": ("COW copy, a page", 1300),
    "cow-first": ("COW copy, the first under a page table", None),
    "cow-sole": ("COW sole owner, a page", 180),
    "cow-sole-tables": ("COW sole owner, tables never split, a page", None),
    "brk-touch": ("brk + touch, a page", 1500),
    "map-1": ("mmap + munmap of 1 page", 700),
    "map-256": ("mmap + munmap of 256 pages", None),
    "map-touch-1": ("mmap + touch + munmap of 1 page", None),
    "unmap-page": ("munmap, per touched page", 60),
    "protect-256": ("mprotect flip of 256 touched pages", 3000),
    "remap-256": ("mremap: 256 touched pages moved", None),
    "remap-resize": ("mremap: a page more, a page less", None),
    "discard-page": ("madvise DONTNEED, per touched page", None),
    "fork-0": ("fork + exit + wait, nothing touched", 9000),
    "fork-1": ("fork + exit + wait, 1 MiB touched", None),
    "fork-16": ("fork + exit + wait, 16 MiB touched", None),
    "fork-64": ("fork + exit + wait, 64 MiB touched", 10000),
    "fork-exec": ("fork + exec + exit + wait", 30000),
    "vfork-exec": ("vfork + exec + exit + wait", None),
    "pipe": ("pipe round trip, two processes", 1200),
    "pipe-alone": ("pipe: a byte written and read back", None),
    "signal": ("signal to self, handler, sigreturn", None),
}


def parse(text):
    """{row: instructions a turn} of what process_costs printed. Ends this program when the clock was
    not counting instructions, or a row is missing."""
    costs = {name: float(value) for name, value in COST.findall(text.replace("\r", ""))}
    missing = [name for name in ["loop", *ROWS] if name not in costs]
    if missing:
        sys.exit(f"bench_costs: no figure for {', '.join(missing)} in what was printed:\n{text[-2000:]}")
    turn = costs.pop("loop")
    if abs(turn - 2) > 0.02:
        sys.exit(f"bench_costs: a loop of 2 instructions took {turn} clocks a turn")
    return costs


def missed(rows):
    """The rows of process_costs whose goal is not reached in `rows` of results.tsv."""
    names = {title: name for name, (title, _) in ROWS.items()}
    return [names[row["name"].removeprefix("cost: ")] for row in rows if row["name"].startswith("cost: ")
            and results.reached(row["value"], row["goal"]) == "NO"]


def main():
    small = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    quire = parse(guests.on_quire("process_costs", MEMORY))
    linux = parse(guests.on_linux("process_costs", MEMORY))
    floors = floor.measure()
    table = results.Table("cost: ")
    for name, (title, goal) in ROWS.items():
        table.add(title, f"{quire[name]:.2f}", "instructions", f"<= {goal}" if goal else "",
                  guests.peer_name(), f"{linux[name]:.2f}", floors.get(name, ""))
    table.write()
    if small:
        smallest = parse(guests.on_linux("process_costs", MEMORY, small))
        table = results.Table("small peer: ")
        for name, (title, _) in ROWS.items():
            table.add(title, f"{quire[name]:.2f}", "instructions", "", "small Linux", f"{smallest[name]:.2f}")
        table.write()


if __name__ == "__main__":
    main()
