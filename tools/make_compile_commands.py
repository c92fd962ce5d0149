#!/usr/bin/env python3
"""Reads the commands make would run (make -nB V=1) and writes compile_commands.json for editors.

    make -nB V=1 image build/host64/host_tests | tools/make_compile_commands.py OUTPUT

A file compiled in several ways appears once, in the first: the kernel's, if that comes first.
"""
import json
import os
import shlex
import sys


def main() -> int:
    entries = {}
    for line in sys.stdin:
        try:
            words = shlex.split(line)
        except ValueError:
            continue  # half of a shell command over several lines
        if "-c" not in words:
            continue
        sources = [word for word in words if word.endswith((".cpp", ".c", ".cc"))]
        if len(sources) == 1:
            entries.setdefault(sources[0], {
                "directory": os.getcwd(), "file": sources[0], "arguments": words})
    if not entries:
        sys.exit("make_compile_commands: make would compile nothing")
    with open(sys.argv[1], "w") as output:
        json.dump(list(entries.values()), output, indent=1)
    print(f"          {sys.argv[1]}: {len(entries)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
