"""What the tools around the disk image share: how sfdisk and e2fsprogs are run, and the partition
table as it is read back."""
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
LINUX, LINUX_SWAP = 0x83, 0x82  # kinds of partitions
PACKAGES = {"sfdisk": "fdisk"}  # all others are e2fsprogs's


class Partition(NamedTuple):
    number: int   # from 1
    kind: int
    active: bool
    first: int    # sectors
    sectors: int


def fail(sentence):
    sys.exit(f"{Path(sys.argv[0]).stem}: {sentence}")


def find(tool):
    """Debian keeps these in sbin, which is not on everybody's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return shutil.which(tool, path=path) or fail(
        f"there is no {tool} on this machine. 'tools/setup.sh run' installs it "
        f"(package {PACKAGES.get(tool, 'e2fsprogs')}).")


def start(command, day=None, **options):
    """Runs a tool, by its own settings and not this machine's; returns how it ended."""
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC", "MKE2FS_CONFIG": "/dev/null",
                   "E2FSCK_CONFIG": "/dev/null"}
    if day is not None:
        environment["E2FSPROGS_FAKE_TIME"] = str(day)
    command = [find(command[0]), *map(str, command[1:])]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment, **options)


def run(command, day=None, **options):
    """The same for a tool that must succeed; returns what it said."""
    done = start(command, day, **options)
    if done.returncode != 0:
        fail(f"{command[0]} ended with code {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def partitions(image):
    """The used entries of the image's partition table."""
    with open(image, "rb") as file:
        sector = file.read(SECTOR)
    if sector[510:] != b"\x55\xaa":
        fail(f"{image} has no partition table")
    found = []
    for number in range(1, 5):
        status, kind, first, sectors = struct.unpack_from("<B3xB3xII", sector, 446 + 16 * (number - 1))
        if kind != 0:
            found.append(Partition(number, kind, status == 0x80, first, sectors))
    return found
