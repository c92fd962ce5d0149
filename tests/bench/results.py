"""build/bench/results.tsv: every figure of `make bench`, a line each, with what it is compared to.

    name  value  unit  goal  peer  peer value  ratio  floor

A goal is "<= 60" or ">= 95"; ratio is value / peer value; floor is what the shortest code that could
do it takes. What is not known is empty. Each measurement has a prefix of its own ("cost: ") and
replaces its own rows of an earlier run, so that parts can be measured again by themselves.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATH = ROOT / "build" / "bench" / "results.tsv"
COLUMNS = ["name", "value", "unit", "goal", "peer", "peer value", "ratio", "floor"]


def reached(value, goal):
    """"yes" or "NO", or nothing without a goal."""
    if not goal:
        return ""
    relation, bound = goal.split()
    good = float(value) <= float(bound) if relation == "<=" else float(value) >= float(bound)
    return "yes" if good else "NO"


def number(value):
    """With thousands parted, and decimals only where they say something."""
    value = float(value)
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ratio(value, peer_value):
    """value / peer value with two digits that count; nothing if either is no number."""
    try:
        of = float(value) / float(peer_value)
    except (ValueError, ZeroDivisionError):
        return ""
    return f"{of:.2f}" if of >= 0.1 else f"{of:.2g}"


def read(path=PATH):
    """The rows, a dictionary each."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [dict(zip(COLUMNS, line.split("\t"))) for line in lines[1:]]


class Table:
    """The rows of one measurement: printed as they are known, written at the end."""

    def __init__(self, prefix):
        self._prefix = prefix
        self.rows = []

    def add(self, name, value, unit, goal="", peer="", peer_value="", floor=""):
        row = [name, str(value), unit, goal, peer, str(peer_value), ratio(value, peer_value), str(floor)]
        self.rows.append(row)
        print(self.line(row), flush=True)

    @staticmethod
    def line(row):
        name, value, unit, goal, peer, peer_value, of, floor = row
        words = [f"  {name:58} {number(value):>11} {unit:12}"]
        if goal:
            words.append(f"goal {goal} {reached(value, goal)}")
        if floor:
            words.append(f"floor {number(floor)}")
        if peer:
            words.append(f"{peer} {peer_value}" + (f" (x {of})" if of else ""))
        return "  ".join(words).rstrip()

    def write(self, path=PATH):
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text().splitlines()[1:] if path.exists() else []
        kept = [line for line in old if not line.startswith(self._prefix)]
        own = [self._prefix + "\t".join(row) for row in self.rows]
        path.write_text("\n".join(["\t".join(COLUMNS), *kept, *own]) + "\n")


class Itemised:
    """Where the instructions of a row go: row, instructions, functions; a file of its own."""

    PATH = PATH.with_name("itemised.tsv")

    def __init__(self):
        self._lines = []

    def add(self, title, value, functions):
        self._lines.append(f"{title}\t{value}\t{functions}")
        print(f"  {title} {number(value)}: {functions}", flush=True)

    def write(self):
        self.PATH.parent.mkdir(parents=True, exist_ok=True)
        self.PATH.write_text("\n".join(self._lines) + "\n")

    @classmethod
    def read(cls):
        lines = cls.PATH.read_text().splitlines() if cls.PATH.exists() else []
        return [line.split("\t") for line in lines]


def run(command):
    """Runs a program; ends this one when it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done


def callgrind(command, *counted):
    """Instructions that `command` executes in the functions whose names match one of `counted`, and
    what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                    *(f"--toggle-collect={pattern}" for pattern in counted), *command])
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)), done.stdout
