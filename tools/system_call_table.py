#!/usr/bin/env python3
"""The table of system calls in docs/system-calls.md, made from the rows in the kernel.

    tools/system_call_table.py           prints what is wrong with the table in the book, if anything
    tools/system_call_table.py --write   makes it right

A row is SYSTEM_CALL(number, name, function, traits) in any kernel/*.cpp. The table stands between
the two lines of MARKS; what is written around it is left alone.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROW = re.compile(r"SYSTEM_CALL\(\s*(\d+),\s*(\w+),\s*[\w:<>]+,\s*CallTraits::(\w+)\(\)\)")
MARKS = ("<!-- the rows of the kernel -->", "<!-- end of the rows -->")
NOTES = {"plain": "", "restarting": "restarts", "resuming": "resumes", "lock_free": "without the lock"}


class Row(NamedTuple):
    number: int
    name: str
    file: str
    note: str


def rows(root: Path) -> list[Row]:
    found = []
    for path in sorted((root / "kernel").rglob("*.cpp")):
        text = re.sub(r"//[^\n]*", "", path.read_text())
        for number, name, traits in ROW.findall(text):
            found.append(Row(int(number), name, path.relative_to(root).as_posix(), NOTES[traits]))
    return sorted(found)


def table(found: list[Row]) -> str:
    lines = ["| number | call | where | |", "|---:|---|---|---|"]
    lines += [f"| {row.number} | {row.name} | `{row.file}` | {row.note} |" for row in found]
    return "\n".join(lines)


def with_table(text: str, made: str) -> str:
    before, rest = text.split(MARKS[0], 1)
    _, after = rest.split(MARKS[1], 1)
    return f"{before}{MARKS[0]}\n\n{made}\n\n{MARKS[1]}{after}"


def main(arguments: list[str]) -> int:
    root = Path(__file__).resolve().parents[1]
    book = root / "docs" / "system-calls.md"
    found = rows(root)
    twice = {row.number for row in found if [other.number for other in found].count(row.number) > 1}
    for number in sorted(twice):
        print(f"system call {number} has two rows: {', '.join(row.file for row in found if row.number == number)}")
    text = book.read_text()
    right = with_table(text, table(found))
    if "--write" in arguments:
        book.write_text(right)
    elif text != right:
        print(f"{book.relative_to(root)} does not show the {len(found)} rows there are; "
              "tools/system_call_table.py --write makes it right")
        return 1
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
