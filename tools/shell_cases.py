#!/usr/bin/env python3
"""The table of what a shell does: tests/system/shell_cases.txt, cases whose answers are dash's.

    tools/shell_cases.py --write          runs each case under dash, and writes what it prints
    tools/shell_cases.py --check SHELL    runs each under that shell, and shows where it differs
    tools/shell_cases.py --pack FILE      all of them as one script, for Quire

A case is a script; its answer is its standard output and its status. It is run in an empty folder,
with no input and no errors shown, and finds a `sh` that is the shell under test:

    ### the name of the case
    echo a; exit 3
    --- 3
    a
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "tests" / "system" / "shell_cases.txt"
LONGEST = 60


@dataclass
class Case:
    name: str
    script: str
    status: int = 0
    output: str = ""

    @property
    def answer(self):
        return f"{self.output}status {self.status}\n"


def load(path=TABLE):
    cases = []
    part = None
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("### "):
            cases.append(Case(line[4:].strip(), ""))
            part = "script"
        elif line.startswith("--- ") and part == "script":
            cases[-1].status = int(line[4:])
            part = "output"
        elif part == "script":
            cases[-1].script += line
        elif part == "output":
            cases[-1].output += line
    return cases


def take_signals():
    """What this process ignores, if it runs in the background, the shell is not to ignore."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def run(shell, script):
    """What the script prints under the shell, and its status."""
    with tempfile.TemporaryDirectory() as folder:
        bin_folder = Path(folder) / "bin"
        work = Path(folder) / "work"
        bin_folder.mkdir()
        work.mkdir()
        (bin_folder / "sh").symlink_to(Path(shutil.which(shell)).resolve())
        (Path(folder) / "case").write_text(script)
        done = subprocess.run([bin_folder / "sh", Path(folder) / "case"], cwd=work, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=LONGEST, check=False,
                              preexec_fn=take_signals,
                              env={"PATH": f"{bin_folder}:{os.defpath}:/bin", "HOME": "/root"})
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        return done.stdout, status


def write(path=TABLE):
    cases = load(path)
    text = ""
    for case in cases:
        case.output, case.status = run("dash", case.script)
        assert case.output == "" or case.output.endswith("\n"), case.name
        text += f"### {case.name}\n{case.script}--- {case.status}\n{case.output}"
    path.write_text(text)
    print(f"{len(cases)} cases")


HEAD = """\
# The cases of tests/system/shell_cases.txt, by tools/shell_cases.py: each is done by a shell of its
# own in a folder of its own.
mkdir /tmp/cases
number=0 wrong=0
check() {
    number=$((number + 1))
    mkdir /tmp/cases/$number
    output=$(cd /tmp/cases/$number && HOME=/root sh ../script </dev/null 2>/dev/null; echo "status $?")
    answer=$(cat /tmp/cases/answer)
    [ "$output" = "$answer" ] && return
    wrong=$((wrong + 1))
    echo "### $1"
    echo "--- dash:"
    cat /tmp/cases/answer
    echo "--- this:"
    printf '%s\\n' "$output"
}
"""


def pack(path):
    text = HEAD
    for case in load():
        for name, content in ("script", case.script), ("answer", case.answer):
            assert "END-OF-CASE" not in content
            text += f"cat >/tmp/cases/{name} <<'END-OF-CASE'\n{content}END-OF-CASE\n"
        name = case.name.replace("'", "")
        text += f"check '{name}'\n"
    text += 'echo "$wrong of $number differ"\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def check(shell):
    wrong = 0
    for case in load():
        output, status = run(shell, case.script)
        if (output, status) != (case.output, case.status):
            wrong += 1
            print(f"### {case.name}\n{case.script}--- dash: {case.status}\n{case.output}"
                  f"--- this: {status}\n{output}")
    print(f"{wrong} differ")
    return wrong != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true")
    choice.add_argument("--check", metavar="SHELL")
    choice.add_argument("--pack", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    if arguments.write:
        write()
    elif arguments.pack:
        pack(arguments.pack)
    else:
        sys.exit(check(arguments.check))


if __name__ == "__main__":
    main()
