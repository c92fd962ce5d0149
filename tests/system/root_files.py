"""Changes the root file system of a disk image from outside, with debugfs; and a file of 8 MiB, past the single
indirect blocks of ext2 whatever the block size, which is no part of the image: who needs it puts it into a copy.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import disk_tools  # noqa: E402

LARGE = "/data/large"
LARGE_BYTES = 8 << 20
LINE = 16


def change_root(image, command):
    """One command of debugfs that may write. Returns what it said."""
    root = disk_tools.partitions(image)[0]
    return disk_tools.run(["debugfs", "-w", "-R", command, f"{image}?offset={root.first * disk_tools.SECTOR}"])


def put_file(image, path, data, scratch):
    """Makes a file of the root, in the place of one that is there. The folder `scratch` is used on the way."""
    source = Path(scratch) / "put_file"
    source.write_bytes(data)
    change_root(image, f"rm {path}")
    said = change_root(image, f"write {source} {path}")
    source.unlink()
    if "Allocated inode" not in said:
        disk_tools.fail(f"{image} takes no {path}: {said.strip()}")


def put_large_file(image, scratch):
    """Lines of 16 bytes, each its own offset. Returns what it holds."""
    data = b"".join(b"%015x\n" % at for at in range(0, LARGE_BYTES, LINE))
    put_file(image, LARGE, data, scratch)
    return data
