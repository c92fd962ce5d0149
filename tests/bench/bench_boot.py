#!/usr/bin/env python3
"""What a boot costs, in guest instructions, and how large its parts are.

QEMU executes one instruction at a time (-singlestep) under -icount and logs the address of each
that lies in Quire's own code; the log is read until the monitor first waits for a key. So the
BIOS's instructions are not counted, with one exception: the total since reset is the TSC that the
kernel itself read at its first prompt. A repeated string instruction counts once for each turn.

The rows go to build/bench/results.tsv.
"""
import os
import re
import subprocess
import sys
import tempfile

import results

ROOT = results.ROOT
BUILD = ROOT / "build"
QEMU = ["qemu-system-i386", "-M", "pc", "-cpu", "pentium3", "-smp", "1", "-m", "128", "-accel", "tcg",
        "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-display", "none", "-nic", "none",
        "-no-reboot", "-monitor", "none",
        "-fw_cfg", "name=opt/quire/cmdline,string=monitor",
        "-drive", f"file={BUILD / 'quire.img'},format=raw,snapshot=on"]
PARTS = [("stage 1", 0x7C00, 0x7E00), ("stage 2", 0x8000, 0xC000),
         ("entry", 0x100000, 0x101000), ("kernel", 0xC0101000, 0xC0400000)]
TRACE = re.compile(rb"\[[0-9a-f]+/([0-9a-f]+)/")


def symbol(name):
    """The address of the function whose demangled name is `name`."""
    listing = subprocess.run(["nm", "-C", BUILD / "kernel.elf"], check=True, text=True,
                             capture_output=True).stdout
    for line in listing.splitlines():
        address, _, rest = line.partition(" ")
        if rest[2:].split("(")[0] == name:
            return int(address, 16)
    sys.exit(f"bench_boot: the kernel has no function {name}")


def count_own_instructions():
    """Instructions executed in each of PARTS until the monitor first waits for input."""
    end = symbol("quire::kernel::ConsoleInput::read_for_monitor")
    counts = dict.fromkeys((name for name, _, _ in PARTS), 0)
    with tempfile.TemporaryDirectory() as private:
        log = os.path.join(private, "log")
        os.mkfifo(log)
        ranges = ",".join(f"{first:#x}..{last - 1:#x}" for _, first, last in PARTS)
        qemu = subprocess.Popen(
            QEMU + ["-serial", "null", "-singlestep", "-d", "exec,nochain", "-dfilter", ranges,
                    "-D", log], stdin=subprocess.DEVNULL)
        try:
            with open(log, "rb") as lines:
                for line in lines:
                    match = TRACE.search(line)
                    if not match:
                        continue
                    address = int(match[1], 16)
                    if address == end:
                        return counts
                    for name, first, last in PARTS:
                        if first <= address < last:
                            counts[name] += 1
                            break
        finally:
            qemu.kill()
            qemu.wait()
    sys.exit("bench_boot: QEMU ended before the prompt")


def total_since_reset():
    """The TSC at the first prompt, and what of it the BIOS took to read the kernel."""
    sys.path.insert(0, str(ROOT / "tests" / "system"))
    from quire_vm import PROMPT, QuireVm
    with QuireVm(BUILD / "quire.img", artifacts=BUILD / "bench" / "boot", memory=128,
                 cpu="pentium3", icount="shift=0,sleep=off", extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(PROMPT)
        vm.send_serial("ticks\r")
        match = vm.wait_for(re.compile(r"at the first prompt (\d+), of which (\d+)"))
    return int(match[1]), int(match[2])


def sizes():
    image_parts = {"stage 1": BUILD / "boot/stage1.bin", "stage 2": BUILD / "boot/stage2.bin",
                   "kernel file": BUILD / "kernel/kernel.stripped"}
    return {name: path.stat().st_size for name, path in image_parts.items()}


def main():
    own = count_own_instructions()
    total, bios_disk = total_since_reset()
    table = results.Table("boot: ")
    for name, count in own.items():
        table.add(name, count, "instructions")
    table.add("ours, stage 1 to prompt", sum(own.values()), "instructions", "<= 3000000")
    table.add("BIOS reading the kernel", bios_disk, "instructions")
    table.add("reset to prompt", total, "instructions")
    for name, size in sizes().items():
        table.add(f"size of {name}", size, "bytes")
    table.write()


main()
