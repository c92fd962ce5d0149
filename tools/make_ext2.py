#!/usr/bin/env python3
"""Makes an ext2 file system out of a folder, with mke2fs: no root, no loop mount.

    tools/make_ext2.py --folder build/rootfs --mib 32 --output build/root.ext2

The same folder gives the same bytes on every machine and every day: all names and numbers that
mke2fs would draw by lot are fixed, and owner and times of the files, which it takes over from this
machine, are set with debugfs.
"""
import argparse
import os
import sys
from pathlib import Path

import disk_tools

BLOCK = 4096
UUID = "51756972-6500-4000-8000-000000000001"
HASH_SEED = "51756972-6500-4000-8000-000000000002"
# What fs/ext2 knows how to change. No journal, no extents, no hashed directories.
FEATURES = "none,filetype,sparse_super,large_file"
DAY = int(os.environ.get("SOURCE_DATE_EPOCH", 1767225600))  # 2026-01-01


def fix_owner_and_times(output, folder):
    """Everything is root's and of that day."""
    names = ["/", "/lost+found"]
    names += ["/" + str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))]
    commands = [f'sif "{name}" {field} {value}' for name in names
                for field, value in (("uid", 0), ("gid", 0), ("atime", f"@{DAY}"),
                                     ("mtime", f"@{DAY}"), ("ctime", f"@{DAY}"))]
    said = disk_tools.run(["debugfs", "-w", "-f", "-", output], input="\n".join(commands) + "\n")
    wrong = [line for line in said.splitlines() if line and not line.startswith("debugfs")]
    if wrong:
        disk_tools.fail(f"debugfs could not set owner and times: {wrong[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--mib", type=int, required=True, help="size of the file system")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    with open(options.output, "wb") as image:
        image.truncate(options.mib << 20)
    disk_tools.run(["mke2fs", "-q", "-F", "-t", "ext2", "-b", str(BLOCK), "-i", str(4 * BLOCK), "-m", "5", "-L", "quire",
                    "-O", FEATURES, "-U", UUID, "-E", f"hash_seed={HASH_SEED}", "-d", options.folder,
                    options.output, str((options.mib << 20) // BLOCK)], day=DAY)
    fix_owner_and_times(options.output, options.folder)


if __name__ == "__main__":
    sys.exit(main())
