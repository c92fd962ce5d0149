#!/usr/bin/env python3
"""Page faults of a demonstration under each replacement policy, measured in a PC that boots anew for each,
as the table in its page.

    policy_table.py IMAGE              prints the tables
    policy_table.py IMAGE --write      puts them between the marks in docs/demos/NAME.md (make policy-table)
    policy_table.py IMAGE --check      whether the pages have them
    policy_table.py IMAGE --check --only locality

The PC has 16 MiB and counts instructions instead of time (-icount), and the demonstration is its first
program, so nobody's typing and nothing of the host's pace is in the figures, but for how long a disk takes to
answer. fifo, clock and two-lists do not see that: their figures are the same each time, but for a few (and for
how much RAM the kernel itself takes). aging and generations learn by the clock, which goes on while a disk is
waited for: what is written is the median of some runs, and one run may differ from it by SPREAD.
"""
import argparse
import itertools
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import QuireVm  # noqa: E402

POLICIES = ("fifo", "clock", "aging", "two-lists", "generations")
MEMORY = 16  # MiB
LEARNERS = {"aging", "generations"}
SPREAD, EXACT = 0.4, 0.03
RUNS_OF_LEARNERS = 3
BEGIN, END = "<!-- policy table -->\n", "<!-- end of policy table -->\n"


def run(image, name, policy, artifacts):
    """What the demonstration prints. It is process 1, whose end stops the kernel."""
    with QuireVm(image, artifacts=Path(artifacts) / f"{name}-{policy}", shell=True, memory=MEMORY,
                 cmdline=f"policy={policy} init=/demo/{name}", icount="shift=0,sleep=off",
                 extra=["-rtc", "clock=vm"]) as vm:
        vm.wait_for(re.compile(rf"{name}: \d+ claims, [^\n]*\n"))
        return vm.serial_text().replace("\r", "")


def locality_row(text):
    pages, kib, frames_kib = re.search(r"matrix of (\d+) rows of a page each, (\d+) KiB; RAM has (\d+)", text).groups()
    by_rows = re.search(r"not in RAM: expected at least (\d+), measured (\d+)", text)
    by_columns = re.search(r"for each column: expected at least (\d+), measured (\d+)", text)
    return {"pages": pages, "frames": str(int(frames_kib) // 4), "bound": (by_rows[1], by_columns[1]),
            "faults": (by_rows[2], by_columns[2])}


def locality_table(texts):
    rows = {policy: locality_row(text) for policy, text in texts.items()}
    first = rows[POLICIES[0]]
    yield f"{first['pages']} pages, {first['frames']} frames:\n\n"
    yield "| policy | row by row, all columns | column by column, 4 columns |\n|---|---:|---:|\n"
    yield "| none can be better than | {} | {} |\n".format(*first["bound"])
    for policy, row in rows.items():
        yield "| {} | {} | {} |\n".format(policy, *row["faults"])


def thrashing_table(texts):
    rows = {policy: re.findall(r"working set +(\d+) per cent of RAM, (\d+) pages: (\d+) faults", text)[:5]
            for policy, text in texts.items()}
    first = rows[POLICIES[0]]
    yield "| working set, per cent of RAM | " + " | ".join(sets[0] for sets in first) + " |\n"
    yield "|---|" + "---:|" * len(first) + "\n"
    yield "| pages | " + " | ".join(sets[1] for sets in first) + " |\n"
    for policy, row in rows.items():
        yield f"| {policy} | " + " | ".join(sets[2] for sets in row) + " |\n"


TABLES = {"locality": locality_table, "thrashing": thrashing_table}


def sum_of(name, text):
    """What runs are compared by: all faults that the program tells of."""
    counts = {"locality": r"for each column: .*measured (\d+)", "thrashing": r"pages: (\d+) faults"}
    return sum(map(int, re.findall(counts[name], text)))


def typical(image, name, policy, runs, artifacts):
    """The median run."""
    texts = [run(image, name, policy, artifacts) for _ in range(runs if policy in LEARNERS else 1)]
    return sorted(texts, key=lambda text: sum_of(name, text))[len(texts) // 2]


def measure(image, name, runs=1):
    with tempfile.TemporaryDirectory(prefix="quire-policies-") as artifacts, ThreadPoolExecutor(2) as pool:
        texts = pool.map(lambda policy: typical(image, name, policy, runs, artifacts), POLICIES)
        return "".join(TABLES[name](dict(zip(POLICIES, texts))))


def page_of(name):
    return ROOT / "docs" / "demos" / f"{name}.md"


def table_in(page):
    return page.partition(BEGIN)[2].partition(END)[0]


def differences(shown, measured):
    """Lines that are not the same, or not nearly: (shown, measured) each."""
    found = []
    for one, other in itertools.zip_longest(shown.splitlines(), measured.splitlines(), fillvalue=""):
        policy = other.strip("| ").partition(" ")[0]
        share = SPREAD if policy in LEARNERS else EXACT
        pairs = zip(*(map(int, re.findall(r"\d+", line)) for line in (one, other)))
        if re.sub(r"\d+", "N", one) != re.sub(r"\d+", "N", other) or \
                any(abs(a - b) > share * max(a, b) + 8 for a, b in pairs):
            found.append((one, other))
    return found


def main():
    parser = argparse.ArgumentParser(description="Page faults of demonstrations under each replacement policy.")
    parser.add_argument("image")
    parser.add_argument("--only", choices=TABLES, help="one demonstration")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    options = parser.parse_args()
    wrong = False
    for name in [options.only] if options.only else TABLES:
        table = measure(options.image, name, RUNS_OF_LEARNERS if options.write else 1)
        print(f"{name}:\n{table}")
        page = page_of(name).read_text()
        if options.write:
            before, rest = page.split(BEGIN)
            page_of(name).write_text(before + BEGIN + table + END + rest.split(END)[1])
        elif options.check:
            for shown, measured in differences(table_in(page), table):
                print(f"{page_of(name).name} has  {shown}\nmeasured           {measured}")
                wrong = True
    sys.exit(wrong)


if __name__ == "__main__":
    main()
