#!/usr/bin/env python3
"""Gathers what the root file system of the image is to hold, in a folder.

    tools/make_rootfs.py FOLDER [--programs TREE NAME...]... [--busybox PROGRAM]

What is under tools/rootfs/ is copied, the book goes to /docs, and /data is made by a rule, so that
a reader of it can tell whether every byte is right. The programs named are taken from TREE
(build/user/root bin/sh sbin/init). With --busybox what would be in /bin is in /quire, and /bin has
that program and a link for each of its applets. Permissions are set here, whatever the umask.
"""
import argparse
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOUNT_POINTS = {"dev": 0o755, "proc": 0o555, "tmp": 0o1777}
EMPTY_FOLDERS = {"bin": 0o755, "sbin": 0o755, "root": 0o700}
OURS_ALWAYS = {"poweroff", "reboot"}  # the applets would ask an init that is not ours
LINE = 16
OFFSETS_BYTES = 64 << 10      # past the direct blocks of ext2
HOLES_BYTES = 64 << 20        # past the single indirect ones, too
HOLES_STEP = 9 << 20
SUMMED_BYTES = 1 << 20        # a file larger than this is left out of /etc/sums
MANY = 300                    # names: more than fit into one block of a directory
NOT_FOR_THE_SCREEN = {".png", ".svg"}  # of the book


def offsets(first, count):
    """Lines of 16 bytes, each of which is its own offset."""
    return b"".join(b"%015x\n" % at for at in range(first, first + count, LINE))


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o644)


def write_with_holes(path):
    with open(path, "wb") as file:
        for at in range(0, HOLES_BYTES, HOLES_STEP):
            file.seek(at)
            file.write(offsets(at, 4096))
        file.truncate(HOLES_BYTES)
    path.chmod(0o644)


def make_links(folder):
    write(folder / "file", b"one file, two names\n")
    os.link(folder / "file", folder / "other_name")
    os.symlink("file", folder / "short")
    os.symlink("./" * 60 + "file", folder / "long")     # its target needs a block
    os.symlink("/etc/motd", folder / "absolute")
    os.symlink("nowhere", folder / "dangling")
    os.symlink("circle", folder / "circle")


def make_data(data):
    write(data / "empty", b"")
    write(data / "offsets", offsets(0, OFFSETS_BYTES))
    write_with_holes(data / "holes")
    for number in range(MANY):
        write(data / "many" / f"file_{number:03}", b"")
    write(data / ("n" * 255), b"a long name\n")
    write(data / "deep" / "/".join("abcdefghijklmnop") / "end", b"sixteen folders down\n")
    make_links(data / "links")


def copy_tree(source, target):
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix not in NOT_FOR_THE_SCREEN:
            write(target / path.relative_to(source), path.read_bytes())
            if os.access(path, os.X_OK):
                (target / path.relative_to(source)).chmod(0o755)


def copy_program(source, target):
    write(target, source.read_bytes())
    target.chmod(0o755)


def applets_of(busybox):
    """The names it answers to. It is an i386 program for Linux, and is asked itself."""
    try:
        said = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"make_rootfs: this machine cannot run {busybox}, an i386 program: {error}")
    return said.split()


def install_busybox(folder, busybox):
    (folder / "bin").rename(folder / "quire")
    (folder / "bin").mkdir()
    copy_program(busybox, folder / "bin" / "busybox")
    for name in applets_of(busybox):
        if name != "busybox" and name not in OURS_ALWAYS:
            os.symlink("busybox", folder / "bin" / name)
    for name in OURS_ALWAYS:
        os.symlink(f"../quire/{name}", folder / "bin" / name)


def write_sums(folder):
    """What a self-test compares: the CRC-32 of each file, but for the very large ones."""
    lines = [f"{zlib.crc32(path.read_bytes()):08x} /{path.relative_to(folder)}\n"
             for path in sorted(folder.rglob("*"))
             if path.is_file() and not path.is_symlink() and path.stat().st_size <= SUMMED_BYTES]
    write(folder / "etc" / "sums", "".join(lines).encode())


def set_folder_permissions(folder):
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    for name, permissions in (MOUNT_POINTS | EMPTY_FOLDERS).items():
        (folder / name).chmod(permissions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--programs", nargs="+", action="append", default=[])
    parser.add_argument("--busybox", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in MOUNT_POINTS | EMPTY_FOLDERS:
        (folder / name).mkdir()
    copy_tree(ROOT / "tools" / "rootfs", folder)
    copy_tree(ROOT / "docs", folder / "docs")
    for tree, *names in arguments.programs:
        for name in names:
            copy_program(Path(tree) / name, folder / name)
    os.symlink("test", folder / "bin" / "[")
    if arguments.busybox:
        install_busybox(folder, arguments.busybox)
    make_data(folder / "data")
    write_sums(folder)
    set_folder_permissions(folder)


main()
