#!/usr/bin/env python3
"""Checks who includes whom: the table in section 1 of docs/design.md, and what may lie in the root.

    tools/check_layers.py [ROOT]

Prints one paragraph a breach (file:line, the rule, what to do) and a summary; the exit code is 1 if
there was any. The rules are the tables at the top of this file, nothing is hidden below them.
"""
from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

# room: what it may include besides itself. An entry that ends in "/" is a folder; any other is the
# start of a path, so that "libc/string" stands for libc/string.h.
BASE, ABI = "kernel/base/", "kernel/abi/"
MAY_INCLUDE = {
    "kernel/base/": [],
    "kernel/abi/": [],
    "mm/": [BASE, ABI, "libc/string", "libc/include/string.h", "libc/format.h", "libc/heap/"],
    "fs/": [BASE, "mm/", "drivers/block_device.h", "libc/string", "libc/include/string.h", "libc/format.h", ABI],
    "cpu/": [BASE, "mm/machine.h", "mm/fault.h", "mm/types.h", "mm/physical_window.h"],
    "drivers/": [BASE, "mm/types.h", "mm/physical_window.h", "cpu/ports.h", "cpu/irq.h", "libc/string",
                 "libc/include/string.h"],
    "kernel/process/": [BASE, ABI, "mm/", "fs/", "cpu/trap_frame.h", "cpu/exceptions.h", "libc/string", "libc/include/string.h", "libc/format.h"],
    "kernel/": [BASE, ABI, "kernel/process/", "mm/", "fs/", "cpu/", "drivers/", "libc/", "boot/boot_info.h"],
    "boot/": [],
    "libc/": [ABI],
    "libc/heap/": [BASE, "libc/string"],  # the kernel's heap as well as the user's
    "libc/malloc/": [BASE, "libc/string", "libc/heap/"],  # malloc of programs, as pure logic
    "libc/standard/": [],  # of programs, as pure logic: only our own <...> headers
    "libc/stdio/": ["libc/string"],
    "libc/program/": [BASE, ABI, "libc/", "user/system_call.h", "user/signal_names.h"],  # what asks the kernel
    "user/": ["libc/", ABI],
    "tests/oracle/": ["user/", "tests/oracle/"],
    "tests/guest/": [BASE, ABI, "mm/", "fs/", "cpu/", "drivers/", "libc/", "kernel/", "kernel/process/",
                     "user/"],
    # The model of the host tests, for stock programs inside Quire.
    "tests/oracle/": ["user/"],  # one program, run on Linux and on Quire
    "tests/guest/model/": [BASE, ABI, "mm/", "kernel/", "user/", "tests/host/"],
    # These run on the host: no registers, no ports, no hardware driver (checked separately).
    "tests/host/": [BASE, ABI, "mm/", "fs/", "drivers/", "libc/", "kernel/", "kernel/process/", "user/"],
    "tests/fuzz/": [BASE, ABI, "mm/", "fs/", "drivers/", "libc/", "kernel/", "kernel/process/", "tests/host/",
                    "user/"],
    "tests/bench/": [BASE, ABI, "mm/", "fs/", "drivers/", "libc/", "kernel/", "kernel/process/", "tests/host/"],
    "tests/bench/guest/": [ABI, "libc/", "user/"],  # programs inside Quire
    "tests/system/": [],
}
HOST_ROOMS = ("tests/host/", "tests/fuzz/", "tests/bench/")
# Rooms whose code must do without an operating system under it.
FREESTANDING_ROOMS = ("kernel/", "mm/", "fs/", "cpu/", "drivers/", "libc/")
FREESTANDING_HEADERS = set("""
    algorithm array atomic bit bitset charconv climits compare concepts cstdarg cstddef cstdint functional
    initializer_list iterator limits new numeric optional span string_view tuple type_traits utility
    variant stdarg.h stdbool.h stddef.h stdint.h limits.h
    """.split())
ROOT_FILES = {"Makefile", "linker.ld", "README.md"}
ROOT_FOLDERS = {"boot", "build", "cpu", "docs", "drivers", "fs", "kernel", "libc", "mm", "tests",
                "tools", "user"}

SUFFIXES = {".h", ".cpp", ".c", ".inc", ".asm", ".S"}
INCLUDE = re.compile(r'^\s*[#%]\s*include\s*([<"])([^>"]+)[>"]')


class Breach(NamedTuple):
    where: str
    rule: str
    advice: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}\n    {self.advice}"


class Include(NamedTuple):
    file: str
    line: int
    quoted: bool
    target: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


def room_of(path: str) -> str | None:
    """The longest room that holds `path`."""
    return max((room for room in MAY_INCLUDE if path.startswith(room)), key=len, default=None)


def includes_of(root: Path, file: str) -> list[Include]:
    found = []
    text = (root / file).read_text(errors="replace")
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            found.append(Include(file, number, match[1] == '"', match[2]))
    return found


def source_files(root: Path) -> list[str]:
    found = []
    for room in sorted(ROOT_FOLDERS - {"build", "docs", "tools"}):
        for folder, _, names in os.walk(root / room):
            found += [str((Path(folder) / name).relative_to(root)) for name in names
                      if Path(name).suffix in SUFFIXES]
    return sorted(found)


def check_quoted(root: Path, include: Include, hardware: set[str]) -> Breach | None:
    room, target = room_of(include.file), include.target
    if not (root / target).is_file():
        return Breach(include.where, f'"{target}" is not a path from the root of the tree',
                      "Write the whole path, as in \"mm/types.h\"; use <...> for standard headers.")
    if room is None:
        return Breach(include.where, "this file is in no room of the table",
                      "Move it, or give its folder a row in MAY_INCLUDE and in docs/design.md.")
    if room_of(target) == room:
        return None
    allowed = MAY_INCLUDE[room]
    if room in HOST_ROOMS and Path(target).with_suffix("").as_posix() in hardware:
        return Breach(include.where, f"{room} may not include the hardware driver {target}",
                      "Only drivers without ports run on the host: split its logic from its ports.")
    if any(target.startswith(entry) for entry in allowed) and (
            room_of(target) != "kernel/" or "kernel/" in allowed):
        return None
    may = ", ".join(allowed) or "nothing outside itself"
    return Breach(include.where, f"{room} may not include {target}",
                  f"It may include: {may}. Pass the value in, or move the interface to its user.")


def check_standard(root: Path, include: Include) -> Breach | None:
    freestanding = any(include.file.startswith(room) for room in FREESTANDING_ROOMS)
    if not freestanding or include.target in FREESTANDING_HEADERS:
        return None
    if (root / "libc" / "include" / include.target).is_file():
        return None  # our own C library
    return Breach(include.where, f"<{include.target}> needs an operating system under it",
                  "The kernel has only the freestanding headers: " +
                  " ".join(sorted(FREESTANDING_HEADERS)) + ".")


def check_root(root: Path) -> list[Breach]:
    ignore = root / ".gitignore"
    ignored = {line.strip("/ ") for line in ignore.read_text().split()} if ignore.exists() else set()
    breaches = []
    for entry in sorted(root.iterdir()):
        allowed = ROOT_FOLDERS if entry.is_dir() else ROOT_FILES
        if entry.name.startswith(".") or entry.name in allowed | ignored:
            continue
        breaches.append(Breach(entry.name, "does not belong into the root of the tree",
                               "Allowed there: " + " ".join(sorted(ROOT_FILES)) + ", dot-files, and "
                               "the folders " + " ".join(sorted(ROOT_FOLDERS)) + ". Move it."))
    return breaches


def check(root: Path) -> tuple[int, list[Breach]]:
    """The number of #includes looked at, and what is wrong with them and with the root."""
    includes = [found for file in source_files(root) for found in includes_of(root, file)]
    hardware = {str(Path(found.file).with_suffix("")) for found in includes
                if found.file.startswith("drivers/") and found.target.startswith("cpu/")}
    breaches = check_root(root)
    for include in includes:
        breach = (check_quoted(root, include, hardware) if include.quoted
                  else check_standard(root, include))
        if breach:
            breaches.append(breach)
    return len(includes), breaches


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    count, breaches = check(root)
    for breach in breaches:
        print(breach)
    print(f"check_layers: {count} includes, {len(breaches)} breaches")
    return 1 if breaches or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
