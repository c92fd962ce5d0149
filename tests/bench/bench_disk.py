#!/usr/bin/env python3
"""What reading 8 MiB costs the kernel, from the disk and through a file: guest instructions a page,
and commands.

Runs the monitor's `diskcost` and `filecost` under QEMU's -icount, where a TSC clock is an
instruction; what the CPU slept is taken off by the kernel itself. Once by DMA, once by PIO. The rows
go to build/bench/results.tsv.
"""
import re
import shutil
import sys
import tempfile
from pathlib import Path

import results

ROOT = results.ROOT
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import PROMPT, QuireVm  # noqa: E402
from root_files import put_large_file  # noqa: E402

COSTS = {
    "diskcost": {"disk read, a page": "instructions", "disk commands for 8 MiB": "commands"},
    "filecost": {"file read cold, a page": "instructions", "commands for 8 MiB": "commands",
                 "file read cached, a page": "instructions", "page cache hit": "instructions"},
}


def measure(image: Path, command: str, way: str, cmdline) -> list:
    units = COSTS[command]
    with QuireVm(image, artifacts=ROOT / "build" / "bench" / "disk",
                 memory=128, cpu="pentium3", cmdline=cmdline, icount="shift=0,sleep=off",
                 extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(PROMPT)
        answer = vm.command(command)
    rows = re.findall(r"cost: (.{28}) +(\d+\.\d)\s", answer + "\n")
    if len(rows) != len(units):
        sys.exit(f"bench_disk: {command} said {answer!r}")
    return [(f"{name.strip()}, {way}", value, units[name.strip()]) for name, value in rows]


def main():
    table = results.Table("disk: ")
    with tempfile.TemporaryDirectory() as folder:
        image = Path(shutil.copy(ROOT / "build" / "quire.img", folder))
        put_large_file(image, folder)
        for command in COSTS:
            for row in measure(image, command, "DMA", None) + measure(image, command, "PIO", "nodma"):
                table.add(*row)
    table.write()


main()
