#!/usr/bin/env python3
"""What memory operations cost inside the kernel, in guest instructions.

Runs the monitor's `costs` under QEMU's -icount, where a TSC clock is an instruction; its lines
go to build/bench/results.tsv.
"""
import re
import sys

import results

ROOT = results.ROOT
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import PROMPT, QuireVm  # noqa: E402

GOALS = {"kmalloc(64)+kfree": "<= 60"}
LAST = "kmalloc(1000)+kfree"


def main():
    with QuireVm(ROOT / "build" / "quire.img", artifacts=ROOT / "build" / "bench" / "guest",
                 memory=128, cpu="pentium3", icount="shift=0,sleep=off",
                 extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(PROMPT)
        vm.send_serial("costs\r")
        rows = []
        while not rows or rows[-1][0] != LAST:
            match = vm.wait_for(re.compile(r"cost: (.{28}) +(\d+\.\d)\s"))
            rows.append((match[1].strip(), match[2]))
    turn = float(dict(rows)["empty loop"])
    if not 1.9 <= turn <= 2.1:
        sys.exit(f"bench_guest: the empty loop took {turn} a turn: clocks are no instructions here")
    table = results.Table("guest: ")
    for name, value in rows:
        table.add(name, value, "instructions", GOALS.get(name, ""))
    table.write()


main()
