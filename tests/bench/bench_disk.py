#!/usr/bin/env python3
"""What reading 8 MiB from the disk costs the kernel: guest instructions a page, and commands.

Runs the monitor's `diskcost` under QEMU's -icount, where a TSC clock is an instruction; what the CPU
slept is taken off by the kernel itself. Once by DMA, once by PIO. Appends to
build/bench/results.tsv: name, value, unit, goal, peer, peer's value.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import PROMPT, QuireVm  # noqa: E402

UNITS = {"disk read, a page": "instructions", "disk commands for 8 MiB": "commands"}


def measure(way: str, cmdline) -> list:
    with QuireVm(ROOT / "build" / "quire.img", artifacts=ROOT / "build" / "bench" / "disk",
                 memory=128, cpu="pentium3", cmdline=cmdline, icount="shift=0",
                 extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(PROMPT)
        answer = vm.command("diskcost")
    rows = re.findall(r"cost: (.{28}) +(\d+\.\d)\s", answer + "\n")
    if len(rows) != len(UNITS):
        sys.exit(f"bench_disk: diskcost said {answer!r}")
    return [(f"{name.strip()}, {way}", value, UNITS[name.strip()]) for name, value in rows]


def main():
    results = ROOT / "build" / "bench" / "results.tsv"
    results.parent.mkdir(parents=True, exist_ok=True)
    rows = measure("DMA", None) + measure("PIO", "nodma")
    with results.open("a") as file:
        for name, value, unit in rows:
            print(f"guest: {name}", value, unit, "", "", "", sep="\t", file=file)
            print(f"  {name:32} {value:>10} {unit}")


main()
