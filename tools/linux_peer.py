#!/usr/bin/env python3
"""The peer: Debian's Linux 6.1 for i686 in QEMU, which runs a program as Quire does and tells what
it printed.

    linux_peer.py --add build/oracle/oracle:/oracle -- /oracle all

The kernel is Debian's `686` flavour (two-level page tables, one CPU's worth of features like Quire's
PC), the machine is the same -M pc under TCG. There is no disk: an initramfs made here holds what was
added, busybox, and an /init that mounts /proc and a tmpfs on /tmp, runs the command as root with
/dev/console for its terminal, and switches the PC off. What the command prints on the serial line
stands between two marks; the kernel's own messages are kept off the console.
"""
import argparse
import gzip
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import debian_package

MACHINE = ["qemu-system-i386", "-accel", "tcg", "-M", "pc", "-cpu", "pentium3", "-smp", "1",
           "-display", "none", "-nic", "none", "-monitor", "none", "-no-reboot", "-serial", "stdio"]
# A clock of the TSC is an instruction, and nobody's time is the host's.
COUNT_INSTRUCTIONS = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
COMMAND_LINE = "console=ttyS0 quiet loglevel=0 mitigations=off nokaslr panic=-1 random.trust_cpu=on"
BEGIN, END = "---- the command begins", "---- the command ended with code"
ANSWER = re.compile(rf"{BEGIN}\n(.*?){END} (\d+)\n", re.DOTALL)

INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs -o mode=1777 tmpfs /tmp
/bin/busybox stty -F /dev/console raw -echo
export PATH=/bin TERM=linux HOME=/
echo "{begin}"
{command}
echo "{end} $?"
/bin/busybox poweroff -f
"""


class Initramfs:
    """A cpio archive of the kind Linux unpacks as its first root ("newc"), owned by root."""

    def __init__(self):
        self._bytes = bytearray()
        self._number = 0

    def _member(self, name, mode, content=b"", device=(0, 0)):
        self._number += 1
        name = name.strip("/").encode() + b"\0"
        fields = [self._number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0]
        self._bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._pad()
        self._bytes += content
        self._pad()

    def _pad(self):
        self._bytes += bytes(-len(self._bytes) % 4)

    def folder(self, name, mode=0o755):
        self._member(name, stat.S_IFDIR | mode)

    def file(self, name, content, mode=0o755):
        self._member(name, stat.S_IFREG | mode, content)

    def device(self, name, major, minor, mode=0o666):
        self._member(name, stat.S_IFCHR | mode, device=(major, minor))

    def tree(self, source, name):
        """A file, or a folder with all that is in it."""
        if not source.is_dir():
            self.file(name, source.read_bytes(), source.stat().st_mode & 0o7777)
            return
        self.folder(name, source.stat().st_mode & 0o7777)
        for entry in sorted(source.iterdir()):
            self.tree(entry, f"{name}/{entry.name}")

    def finished(self):
        self._member("TRAILER!!!", 0)
        return gzip.compress(bytes(self._bytes), compresslevel=1, mtime=0)


def initramfs(command, added):
    """`added`: pairs of a path here and the name it gets on the root."""
    root = Initramfs()
    folders = {"bin", "dev", "etc", "proc", "tmp"}
    for _, name in added:
        parents = [str(parent) for parent in Path(name.strip("/")).parents][:-1]
        folders.update(parents)
    for folder in sorted(folders):
        root.folder(folder)
    for name, major, minor in (("console", 5, 1), ("tty", 5, 0), ("null", 1, 3), ("zero", 1, 5)):
        root.device(f"dev/{name}", major, minor)
    root.tree(debian_package.fetch("busybox-static") / "bin" / "busybox", "bin/busybox")
    for source, name in added:
        root.tree(source, name)
    root.file("init", INIT.format(begin=BEGIN, end=END, command=command).encode())
    return root.finished()


def kernel():
    """Path of the peer's kernel, and its version as `uname -r` prints it."""
    found = sorted((debian_package.fetch("linux-image-686") / "boot").glob("vmlinuz-*"))
    return found[-1], found[-1].name.partition("-")[2]


def run(command, added=(), memory=64, place=debian_package.PLACE, timeout=600, icount=False,
        image=None):
    """Runs a shell command on Linux. Returns what it printed and its exit code; ends this program
    with what the serial line showed when the PC did not come so far. With `icount` the TSC counts
    guest instructions. `image`: another kernel than Debian's."""
    place.mkdir(parents=True, exist_ok=True)
    archive = place / "initramfs.gz"
    archive.write_bytes(initramfs(command, added))
    arguments = MACHINE + ["-m", str(memory), "-kernel", image or kernel()[0], "-initrd", archive,
                           "-append", COMMAND_LINE] + (COUNT_INSTRUCTIONS if icount else [])
    try:
        said = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=timeout, check=False).stdout
    except subprocess.TimeoutExpired as expired:
        said = expired.stdout or b""
    said = said.decode("latin-1").replace("\r\n", "\n")
    answer = ANSWER.search(said)
    if not answer:
        debian_package.fail("Linux did not come to the end of the command. It said:\n" + said[-3000:])
    return answer.group(1), int(answer.group(2))


def main():
    parser = argparse.ArgumentParser(description="Runs a command on Debian's Linux in QEMU.")
    parser.add_argument("--add", action="append", default=[], metavar="PATH:NAME",
                        help="a file or folder here, and its name over there")
    parser.add_argument("--memory", type=int, default=64, help="MiB")
    parser.add_argument("--timeout", type=int, default=600, help="seconds")
    parser.add_argument("--icount", action="store_true", help="the TSC counts instructions")
    parser.add_argument("--kernel", type=Path, metavar="FILE", help="another kernel than Debian's")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    added = [(Path(here), there) for here, _, there in (pair.partition(":") for pair in options.add)]
    command = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
    text, code = run(command, added, options.memory, timeout=options.timeout,
                     icount=options.icount, image=options.kernel)
    sys.stdout.write(text)
    sys.exit(code)


if __name__ == "__main__":
    main()
