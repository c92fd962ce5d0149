#!/usr/bin/env python3
"""What memory operations cost inside the kernel, in guest instructions.

Runs the monitor's `costs` under QEMU's -icount, where a TSC clock is an instruction, and appends
its lines to build/bench/results.tsv: name, value, unit, goal, peer, peer's value.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import PROMPT, QuireVm  # noqa: E402

GOALS = {"kmalloc(64)+kfree": 60}
LAST = "kmalloc(1000)+kfree"


def main():
    results = ROOT / "build" / "bench" / "results.tsv"
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
    with results.open("a") as file:
        for name, value in rows:
            goal = GOALS.get(name, "")
            print(f"guest: {name}", value, "instructions", goal, "", "", sep="\t", file=file)
            print(f"  {name:32} {value:>10} instructions" + (f"  (goal {goal})" if goal else ""))


main()
