#!/usr/bin/env python3
"""What a boot costs, in guest instructions, and how large everything is: files, RAM at the prompt, and
what a process with 64 MiB takes beside its pages.

QEMU executes one instruction at a time (-singlestep) under -icount and logs the address of each, until
the shell first asks for a line. A repeated string instruction counts once for each turn, and what the
idle loop does while the disk works is in the kernel's part. The rows go to build/bench/results.tsv.
"""
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter

import guests
import profile
import results

BUILD = results.ROOT / "build"
MEMORY = 128
QEMU = ["qemu-system-i386", "-M", "pc", "-cpu", "pentium3", "-smp", "1", "-m", str(MEMORY), "-accel", "tcg",
        "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-display", "none", "-nic", "none",
        "-no-reboot", "-monitor", "none", "-serial", "null",
        "-drive", f"file={BUILD / 'quire.img'},format=raw,snapshot=on"]
# Each ends where the next begins; the BIOS moves most of itself to the top of RAM.
PARTS = [(0x00000, "SeaBIOS"), (0x07C00, "stage 1"), (0x07E00, "SeaBIOS"), (0x08000, "stage 2"),
         (0x0C000, "SeaBIOS"), (0x100000, "entry"), (0x101000, "SeaBIOS"), (0x08000000, "programs"),
         (0xC0000000, "kernel"), (0xFFFC0000, "SeaBIOS")]
OURS = ["stage 1", "stage 2", "entry", "kernel", "programs"]
ADDRESS = re.compile(rb"\[[0-9a-f]+/([0-9a-f]{6})[0-9a-f]{2}/")  # its 256 bytes
SIZE = re.compile(r"^size: (\S+) (-?\d+)$", re.MULTILINE)


def part_of(address):
    return [name for start, name in PARTS if start <= address][-1]


def by_part(log, end, at_once=1 << 20):
    """Instructions of each part in QEMU's log, a file opened for bytes, until `end` is executed; None
    if it is not."""
    last = b"/%08x/" % end
    pages, rest = Counter(), b""
    while block := log.read(at_once):
        block = rest + block
        at = block.find(last)
        whole = at if at >= 0 else block.rfind(b"\n") + 1
        pages.update(ADDRESS.findall(block, 0, whole))
        rest = block[whole:]
        if at >= 0:
            counts = Counter()
            for page, times in pages.items():
                counts[part_of(int(page, 16) << 8)] += times
            return counts
    return None


def count_instructions():
    end = profile.Symbols.of(BUILD / "kernel.elf").address("kernel::LineDiscipline::read")
    with tempfile.TemporaryDirectory() as private:
        log = os.path.join(private, "log")
        os.mkfifo(log)
        qemu = subprocess.Popen(QEMU + ["-singlestep", "-d", "exec,nochain", "-D", log],
                                stdin=subprocess.DEVNULL)
        try:
            with open(log, "rb") as lines:
                counts = by_part(lines, end)
        finally:
            qemu.kill()
            qemu.wait()
    return counts or sys.exit("bench_boot: QEMU ended before the prompt")


def sizes_of(text):
    """{name: KiB} of what memory_sizes printed."""
    sizes = {name: int(value) for name, value in SIZE.findall(text)}
    missing = {"free", "page-tables", "slab", "beside"} - sizes.keys()
    if missing:
        sys.exit(f"bench_boot: memory_sizes did not tell {', '.join(sorted(missing))}:\n{text[-1000:]}")
    return sizes


def record_bytes():
    """As the compiler has checked it."""
    header = (results.ROOT / "mm" / "frame_table.h").read_text()
    return re.search(r"sizeof\(FrameInfo\) == (\d+)", header)[1]


def main():
    counts = count_instructions()
    table = results.Table("boot: ")
    table.add("reset to the shell's prompt", sum(counts.values()), "instructions", "<= 12000000")
    for name in ["SeaBIOS", *OURS]:
        table.add(f"of them {name}", counts[name], "instructions")
    table.add("ours, stage 1 to prompt", sum(counts[name] for name in OURS), "instructions", "<= 3000000")
    for name, path in (("stage 1", "boot/stage1.bin"), ("stage 2", "boot/stage2.bin"),
                       ("the kernel's file", "kernel/kernel.stripped")):
        table.add(f"bytes of {name}", (BUILD / path).stat().st_size, "bytes")
    ours = sizes_of(guests.on_quire("memory_sizes", MEMORY))
    theirs = sizes_of(guests.on_linux("memory_sizes", MEMORY))
    peer = guests.peer_name()
    table.add(f"RAM not free at the prompt, of {MEMORY} MiB", MEMORY * 1024 - ours["free"], "KiB", "<= 1500",
              peer, MEMORY * 1024 - theirs["free"])
    for name, what in (("page-tables", "page tables"), ("slab", "records in slabs")):
        table.add(f"64 MiB touched: {what}", ours[name], "KiB", "", peer, theirs[name])
    table.add("64 MiB touched: all but the pages themselves", ours["beside"], "KiB")
    table.add("a frame's record, there from the boot", record_bytes(), "bytes")
    table.write()


if __name__ == "__main__":
    main()
