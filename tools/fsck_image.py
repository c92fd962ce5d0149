#!/usr/bin/env python3
"""Looks at the disk image from outside: partition table, swap signature, and the root file system,
which e2fsck checks and debugfs reads back.

    tools/fsck_image.py build/quire.img [--built-from build/rootfs] [--copy FOLDER]

--built-from: what the image was made from; names what has been changed since. --copy: leaves the
files that were read back there. Changes nothing on the image. The exit code is 0 if it is whole.
"""
import argparse
import filecmp
import os
import sys
import tempfile
from pathlib import Path

from disk_tools import LINUX, LINUX_SWAP, SECTOR, fail, partitions, run, start

PAGE = 4096
NAMES = {LINUX: "Linux", LINUX_SWAP: "Linux swap"}
MOST_NAMES = 20  # that are listed


def show_table(image, table):
    for part in table:
        print(f"  {part.number}  {NAMES.get(part.kind, f'kind {part.kind:02x}'):11}  sectors "
              f"{part.first} to {part.first + part.sectors - 1}, {part.sectors // 2048} MiB"
              f"{', active' if part.active else ''}")
    if not table or (table[-1].first + table[-1].sectors) * SECTOR > os.path.getsize(image):
        fail("the partition table does not fit the image")


def has_swap_signature(image, part):
    with open(image, "rb") as file:
        file.seek(part.first * SECTOR)
        return file.read(PAGE).endswith(b"SWAPSPACE2")


def files_under(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def is_same(a, b):
    if a.is_symlink() or b.is_symlink():
        return a.is_symlink() and b.is_symlink() and os.readlink(a) == os.readlink(b)
    if a.is_dir() or b.is_dir():
        return a.is_dir() and b.is_dir()
    return filecmp.cmp(a, b, shallow=False)


def tell(what, names):
    for name in sorted(names)[:MOST_NAMES]:
        print(f"  {what}: /{name}")
    if len(names) > MOST_NAMES:
        print(f"  {what}: {len(names) - MOST_NAMES} more")


def compare(now, built):
    here, there = files_under(now) - {Path("lost+found")}, files_under(built)
    changed = {name for name in here & there if not is_same(now / name, built / name)}
    tell("new", here - there)
    tell("removed", there - here)
    tell("changed", changed)
    print(f"  {len(here & there) - len(changed)} files are as they were made")


def read_back(image, copy, built):
    copy.mkdir(parents=True, exist_ok=True)
    run(["debugfs", "-R", f"rdump / {copy}", image])
    print(f"debugfs reads {len(files_under(copy))} files and folders")
    if built:
        compare(copy, built)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image")
    parser.add_argument("--built-from", type=Path, metavar="FOLDER")
    parser.add_argument("--copy", type=Path, metavar="FOLDER")
    options = parser.parse_args()

    table = partitions(options.image)
    print(f"{options.image}: {os.path.getsize(options.image) >> 20} MiB")
    show_table(options.image, table)
    for part in table:
        if part.kind == LINUX_SWAP and not has_swap_signature(options.image, part):
            fail(f"partition {part.number} has no swap signature")
    root = next((part for part in table if part.kind == LINUX), None) or fail(
        "there is no Linux partition")
    file_system = f"{options.image}?offset={root.first * SECTOR}"
    checked = start(["e2fsck", "-fn", file_system])
    print(checked.stdout.strip())
    if options.copy:
        read_back(file_system, options.copy, options.built_from)
    else:
        with tempfile.TemporaryDirectory() as folder:
            read_back(file_system, Path(folder), options.built_from)
    sys.exit(checked.returncode)


main()
