#!/usr/bin/env python3
"""Runs the cases of tests/oracle on Linux and on Quire and compares the answers: the engine of `make oracle`.

    oracle.py [SUBJECT...]            all subjects by default
    oracle.py --write [SUBJECT...]    keep Linux's answers in tests/oracle/expected/

A difference is argued if docs/oracle.md has a row for it with both answers, or names the call among those
that Quire answers with ENOSYS; any other one makes the exit code 1, and so does an answer of Linux that is
not the one kept.
"""
import argparse
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

import linux_peer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
PROGRAM = ROOT / "build" / "test_programs" / "root" / "oracle"
EXPECTED = ROOT / "tests" / "oracle" / "expected"
CHAPTER = ROOT / "docs" / "oracle.md"
LINE = re.compile(r"(\d{3}) (.*?: .*) = (.*)")
ROW = re.compile(r"\| (\w+) \| (.*?: .*?) \| (.*?) \| (.*?) \| (.*?) \|")
ABSENT = re.compile(r"^\| `(\w+)` \| ([^|]*) \|$", re.MULTILINE)
SHELL_READY = re.compile(r"(?<![^\r\n])# $")
LONGEST = 150


class Difference(NamedTuple):
    subject: str
    case: str
    linux: str
    quire: str
    reason: str  # "" if nobody has argued it

    def __str__(self):
        return (f"{self.subject}: {self.case}\n      Linux: {self.linux}\n      Quire: {self.quire}"
                + (f"\n      argued: {self.reason}" if self.reason else ""))


def parse(text):
    """{subject: {case: answer}} of what the program printed, in its order."""
    subjects, cases = {}, {}
    for line in text.replace("\r", "").splitlines():
        if line.startswith("# "):
            cases = subjects.setdefault(line[2:], {})
        elif match := LINE.fullmatch(line):
            assert match[2] not in cases, f"two cases have one name: {match[2]}"
            cases[match[2]] = match[3]
    return {subject: cases for subject, cases in subjects.items() if cases}


def expected(subject):
    """{case: answer} of Linux, as kept."""
    path = EXPECTED / f"{subject}.txt"
    return parse(path.read_text())[subject] if path.exists() else {}


def subjects():
    return sorted(path.stem for path in EXPECTED.glob("*.txt"))


def argued():
    """{(subject, case): (Linux's answer, ours, why)} from the table of the chapter."""
    rows = ROW.findall(CHAPTER.read_text())
    return {(subject, case): (linux, quire, why) for subject, case, linux, quire, why in rows}


def absent():
    """{call: why} of the calls that Quire has not got, from the other table of the chapter."""
    return dict(ABSENT.findall(CHAPTER.read_text()))


def differences(subject, linux, quire):
    """What differs in a subject; a case that one side has not got is a difference, too."""
    reasons, missing = argued(), absent()
    found = []
    for case in dict.fromkeys([*linux, *quire]):
        theirs, ours = linux.get(case, "(no line)"), quire.get(case, "(no line)")
        if theirs != ours:
            row = reasons.get((subject, case), ("", "", ""))
            why = row[2] if row[:2] == (theirs, ours) else ""
            if not why and "ENOSYS" in ours.split():
                why = missing.get(case.partition(":")[0], "")
            found.append(Difference(subject, case, theirs, ours, why))
    return found


def answers_of_linux(chosen):
    text, code = linux_peer.run(f"/oracle {' '.join(chosen)}", [(PROGRAM, "/oracle")])
    if code != 0:
        linux_peer.debian_package.fail(f"the program ended with code {code} on Linux")
    return text


def answers_of_quire(chosen):
    from quire_vm import QuireVm  # only here: what reads kept answers needs no PC
    with QuireVm(ROOT / "build" / "tests.img", shell=True,
                 artifacts=ROOT / "build" / "test-artifacts" / "oracle") as vm:
        vm.wait_for(SHELL_READY)
        start = len(vm.serial_text())
        vm.send_serial(f"/oracle {' '.join(chosen)}; echo end-of\"\"-oracle\r")
        vm.wait_for("end-of-oracle", LONGEST)
        return vm.serial_text()[start:]


def write(subject, text, release):
    EXPECTED.mkdir(parents=True, exist_ok=True)
    lines = re.search(rf"^# {subject}\n((?:\d.*\n)*)", text, re.MULTILINE)[1]
    (EXPECTED / f"{subject}.txt").write_text(
        f"; Debian's Linux {release} in QEMU: make oracle-write ORACLE={subject}\n# {subject}\n{lines}")


def report(linux, quire):
    """Prints what differs; returns how many differences nobody has argued."""
    found = [difference for subject in linux
             for difference in differences(subject, linux[subject], quire.get(subject, {}))]
    for difference in found:
        print(f"  {difference}")
    stale = [subject for subject in linux if linux[subject] != expected(subject)]
    for subject in stale:
        print(f"  tests/oracle/expected/{subject}.txt is not what Linux answers: make oracle-write")
    unexplained = sum(not difference.reason for difference in found)
    print(f"{sum(map(len, linux.values()))} cases, {unexplained} differ, {len(found) - unexplained} argued")
    return unexplained + len(stale)


def main():
    parser = argparse.ArgumentParser(description="Compares the system calls of Linux and Quire.")
    parser.add_argument("--write", action="store_true", help="keep Linux's answers")
    parser.add_argument("subjects", nargs="*")
    options = parser.parse_args()
    text = answers_of_linux(options.subjects)
    linux = parse(text)
    if not linux:
        linux_peer.debian_package.fail("there is no such subject")
    if options.write:
        for subject in linux:
            write(subject, text, linux_peer.kernel()[1])
        print(f"{sum(map(len, linux.values()))} answers kept in {len(linux)} files")
        return 0
    start = time.monotonic()
    quire = parse(answers_of_quire(options.subjects))
    print(f"  Quire took {time.monotonic() - start:.0f} s, boot and all")
    return 1 if report(linux, quire) else 0


if __name__ == "__main__":
    sys.exit(main())
