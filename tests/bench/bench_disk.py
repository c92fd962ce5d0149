#!/usr/bin/env python3
"""What reading 8 MiB costs the kernel, from the disk and through a file: guest instructions a page,
and commands.

Runs the monitor's `diskcost` and `filecost` under QEMU's -icount, where a TSC clock is an
instruction; what the CPU slept is taken off by the kernel itself. Once by DMA, once by PIO. The rows
go to build/bench/results.tsv.
"""
import re
import sys

import results

ROOT = results.ROOT
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import PROMPT, QuireVm  # noqa: E402

COSTS = {
    "diskcost": {"disk read, a page": "instructions", "disk commands for 8 MiB": "commands"},
    "filecost": {"file read cold, a page": "instructions", "commands for 8 MiB": "commands",
                 "file read cached, a page": "instructions", "page cache hit": "instructions"},
}


def measure(command: str, way: str, cmdline) -> list:
    units = COSTS[command]
    with QuireVm(ROOT / "build" / "quire.img", artifacts=ROOT / "build" / "bench" / "disk",
                 memory=128, cpu="pentium3", cmdline=cmdline, icount="shift=0",
                 extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(PROMPT)
        answer = vm.command(command)
    rows = re.findall(r"cost: (.{28}) +(\d+\.\d)\s", answer + "\n")
    if len(rows) != len(units):
        sys.exit(f"bench_disk: {command} said {answer!r}")
    return [(f"{name.strip()}, {way}", value, units[name.strip()]) for name, value in rows]


def main():
    table = results.Table("disk: ")
    for command in COSTS:
        for row in measure(command, "DMA", None) + measure(command, "PIO", "nodma"):
            table.add(*row)
    table.write()


main()
