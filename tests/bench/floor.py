#!/usr/bin/env python3
"""Runs build/bench/floor.elf (floor.asm) and tells what it measured: the instructions of the shortest
handlers that could do the rows of process_costs."""
import re
import subprocess
import sys

import results

QEMU = ["qemu-system-i386", "-M", "pc", "-cpu", "pentium3", "-smp", "1", "-m", "128", "-accel", "tcg",
        "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-display", "none", "-nic", "none",
        "-monitor", "none", "-no-reboot", "-serial", "stdio"]
FLOOR = re.compile(r"^floor: (\S+) (\d+\.\d\d) of \d+\s*$", re.MULTILINE)


def parse(text):
    """{row: instructions a turn}; ends this program when the clock was not counting instructions."""
    floors = {name: float(value) for name, value in FLOOR.findall(text.replace("\r", ""))}
    turn = floors.pop("loop", 0.0)
    if abs(turn - 2) > 0.02:
        sys.exit(f"floor: a loop of 2 instructions took {turn} clocks a turn:\n{text[-1000:]}")
    return floors


def measure():
    done = subprocess.run(QEMU + ["-kernel", results.ROOT / "build" / "bench" / "floor.elf"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return parse(done.stdout)


if __name__ == "__main__":
    for row, floor in measure().items():
        print(f"  {row:20} {floor:10.2f} instructions")
