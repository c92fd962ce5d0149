#!/usr/bin/env python3
"""Puts the disk image together: MBR, stage 2 with its header filled in, and the kernel file.

    LBA 0          stage 1 (boot/stage1.asm) and the partition table
    LBA 1 ...      stage 2, whose first bytes are the image header (boot/layout.inc)
    behind it      the kernel ELF file, padded with zeros to whole sectors
    LBA 8192       the first partition: the boot area is 4 MiB

Every size is computed here and checked; nothing is assumed to fit.
"""
import argparse
import struct
import sys

SECTOR = 512
BOOT_AREA_SECTORS = 8192
ACTIVE = 0x80  # some BIOSes boot only a disk with one active partition
ROOT_SECTORS = 16384
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


def fail(sentence):
    sys.exit(f"make_image: {sentence}")


def partition(kind, first, count):
    """An active partition-table entry addressed by LBA only (CHS fields at their maximum)."""
    return struct.pack("<B3sB3sII", ACTIVE, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", first, count)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stage1", required=True)
    parser.add_argument("--stage2", required=True)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--command-line-file", metavar="FILE", help="a text of one line")
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

    stage1[446:462] = partition(0x83, BOOT_AREA_SECTORS, ROOT_SECTORS)

    with open(options.output, "wb") as image:
        image.write(stage1 + stage2 + kernel_padded)
        image.truncate((BOOT_AREA_SECTORS + ROOT_SECTORS) * SECTOR)
    print(f"          stage 1 {len(stage1)} bytes, stage 2 {len(stage2)}, kernel {len(kernel)}, "
          f"image {(BOOT_AREA_SECTORS + ROOT_SECTORS) * SECTOR}")


main()
