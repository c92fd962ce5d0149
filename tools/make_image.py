#!/usr/bin/env python3
"""Puts the disk image together: MBR, stage 2 with its header filled in, the kernel file, and the
partitions.

    LBA 0          stage 1 (boot/stage1.asm) and the partition table, which sfdisk writes
    LBA 1 ...      stage 2, whose first bytes are the image header (boot/layout.inc)
    behind it      the kernel ELF file, padded with zeros to whole sectors
    LBA 8192       partition 1: the root file system; the boot area is 4 MiB
    behind it      partition 2: swap space, with the signature of Linux's mkswap

Every size is computed here and checked; nothing is assumed to fit.
"""
import argparse
import os
import struct
import uuid

from disk_tools import LINUX, LINUX_SWAP, SECTOR, fail, run

BOOT_AREA_SECTORS = 8192
DISK_ID = 0x51756972
PAGE = 4096
SWAP_UUID = uuid.UUID("51756972-6500-4000-8000-000000000003")
PIECE = 65536  # of a file that is copied; a piece of zeros becomes a hole
COMMAND_LINE_BYTES = 256
STAGE2_SUM_SEED = 0x51554952
WORD = 0xFFFFFFFF


def checksum(data):
    """The kernel's checksum as stage 2 computes it: sum = rotate_left(sum, 1) + word."""
    total = 0
    for (word,) in struct.iter_unpack("<I", data):
        total = ((total << 1 | total >> 31) + word) & WORD
    return total


def pad(data, unit):
    return data + bytes(-len(data) % unit)


def swap_header(count):
    """The first page of a swap space of so many bytes, as mkswap(8) writes it: version 1, the last
    page's number, no bad pages, a UUID, no name; the signature ends the page."""
    header = bytearray(PAGE)
    struct.pack_into("<III16s16s", header, 1024, 1, count // PAGE - 1, 0, SWAP_UUID.bytes, b"")
    header[-10:] = b"SWAPSPACE2"
    return bytes(header)


def write_partition_table(path, root_sectors, swap_sectors):
    """One partition is active: some BIOSes boot no other disk."""
    run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe=never", path], input=f"""
        label: dos
        label-id: {DISK_ID:#x}
        start={BOOT_AREA_SECTORS}, size={root_sectors}, type={LINUX:x}, bootable
        start={BOOT_AREA_SECTORS + root_sectors}, size={swap_sectors}, type={LINUX_SWAP:x}
        """)


def copy_into(image, path, sector):
    with open(path, "rb") as source:
        for number, piece in enumerate(iter(lambda: source.read(PIECE), b"")):
            if any(piece):
                image.seek(sector * SECTOR + number * PIECE)
                image.write(piece)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stage1", required=True)
    parser.add_argument("--stage2", required=True)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--command-line-file", metavar="FILE", help="a text of one line")
    parser.add_argument("--root", required=True, help="the root file system")
    parser.add_argument("--swap-mib", type=int, required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    stage1 = bytearray(open(options.stage1, "rb").read())
    stage2 = bytearray(open(options.stage2, "rb").read())
    kernel = open(options.kernel, "rb").read()
    command_line = b""
    if options.command_line_file:
        command_line = open(options.command_line_file, "rb").read().removesuffix(b"\n")

    if len(stage1) != SECTOR or stage1[510:] != b"\x55\xaa":
        fail("stage 1 must be one sector with a boot signature")
    if len(stage2) % SECTOR or stage2[4:12] != b"QUIRE-S2":
        fail("stage 2 must be whole sectors and begin with the image header")
    if not command_line.isascii() or b"\0" in command_line:
        fail(f"the command line has bytes that are not ASCII text: {command_line!r}")
    if len(command_line) >= COMMAND_LINE_BYTES:
        fail(f"the command line is longer than {COMMAND_LINE_BYTES - 1} bytes")

    kernel_lba = 1 + len(stage2) // SECTOR
    kernel_padded = pad(kernel, SECTOR)
    if kernel_lba + len(kernel_padded) // SECTOR > BOOT_AREA_SECTORS:
        fail(f"the kernel ({len(kernel)} bytes) does not fit before the first partition")

    struct.pack_into("<IIII", stage2, 16, kernel_lba, len(kernel), checksum(pad(kernel, 4)),
                     checksum(kernel_padded[:SECTOR]))
    stage2[32:32 + COMMAND_LINE_BYTES] = command_line.ljust(COMMAND_LINE_BYTES, b"\0")
    struct.pack_into("<I", stage2, 12, 0)
    words = sum(word for (word,) in struct.iter_unpack("<I", stage2))
    struct.pack_into("<I", stage2, 12, -(STAGE2_SUM_SEED + words) & WORD)

    root_sectors = os.path.getsize(options.root) // SECTOR
    swap_bytes = options.swap_mib << 20
    swap_first = BOOT_AREA_SECTORS + root_sectors
    with open(options.output, "wb") as image:
        image.write(stage1 + stage2 + kernel_padded)
        copy_into(image, options.root, BOOT_AREA_SECTORS)
        image.seek(swap_first * SECTOR)
        image.write(swap_header(swap_bytes))
        image.truncate(swap_first * SECTOR + swap_bytes)
    write_partition_table(options.output, root_sectors, swap_bytes // SECTOR)
    print(f"          stage 1 {len(stage1)} bytes, stage 2 {len(stage2)}, kernel {len(kernel)}; "
          f"root {root_sectors // 2048} MiB, swap {options.swap_mib} MiB")


main()
