#!/usr/bin/env python3
"""Builds the smallest Linux that can run the programs of tests/bench/guest, from Debian's linux-source
package, with the compiler of the 32-bit tests: the second peer of `make bench PEER=small`.

    small_linux.py          prints the kernel's path, build/linux/bzImage

The kernel's own `tinyconfig`, and what CONFIG adds to it: a first root in RAM, programs, a serial
console, /proc. No SMP, no modules, no network, no disk, no security modules, no cgroups. What is built
already is not built again.
"""
import shutil
import subprocess

import debian_package

PACKAGE = "linux-source-6.1"
PLACE = debian_package.ROOT / "build" / "linux"
IMAGE = PLACE / "bzImage"
MAKE = ["make", "ARCH=i386", "CROSS_COMPILE=i686-linux-gnu-", "KBUILD_BUILD_TIMESTAMP=none", "-j2"]
CONFIG = """\
# CONFIG_64BIT is not set
CONFIG_M686=y
CONFIG_HZ_100=y
CONFIG_MULTIUSER=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_RD_GZIP=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_FUTEX=y
CONFIG_POSIX_TIMERS=y
CONFIG_COMPAT_32BIT_TIME=y
CONFIG_ADVISE_SYSCALLS=y
CONFIG_SHMEM=y
CONFIG_TMPFS=y
CONFIG_PROC_FS=y
CONFIG_PRINTK=y
CONFIG_TTY=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_PCI=y
CONFIG_ACPI=y
"""


def make(tree, log, *goals):
    done = subprocess.run([*MAKE, *goals], cwd=tree, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        debian_package.fail(f"make {' '.join(goals)} ended with code {done.returncode}; {log.name} says why")


def build():
    """The path of the kernel, built if it is not there."""
    if IMAGE.exists():
        return IMAGE
    archive = next((debian_package.fetch(PACKAGE) / "usr" / "src").glob("linux-source-*.tar.xz"))
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    debian_package.say("unpacking and building Linux; this takes minutes")
    subprocess.run(["tar", "-C", PLACE, "-xf", archive], check=True)
    tree = next(PLACE.glob("linux-source-*"))
    with open(PLACE / "build.log", "wb") as log:
        make(tree, log, "tinyconfig")
        with open(tree / ".config", "a", encoding="ascii") as config:
            config.write(CONFIG)
        make(tree, log, "olddefconfig")
        make(tree, log, "bzImage")
    shutil.copy(tree / "arch" / "x86" / "boot" / "bzImage", IMAGE)
    return IMAGE


if __name__ == "__main__":
    print(build())
