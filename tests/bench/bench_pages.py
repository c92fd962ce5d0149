#!/usr/bin/env python3
"""Measures the replacement policies and appends to build/bench/results.tsv.

    bench_pages.py [FOLDER THAT HOLDS pages/*.pgt.xz]

build/bench/replay_pages (32-bit, static, -O2) runs the kernel's policies over each trace, in
memories of an eighth, a quarter and half of the trace's pages. A figure is the faults of a policy
divided by those of OPT, which knows the future; 1.00 cannot be beaten. Instructions come from
callgrind: those of choose(), evicted() and admit() for a fault that needs a victim, at a quarter,
without what looking at accessed bits costs the machine.
"""
import collections
import lzma
import math
import pathlib
import sys
import tempfile

import results

PROGRAM = "build/bench/replay_pages"
PATTERNS = ["loop", "skewed", "scan"]
SHARES = [8, 4, 2]
DEFAULT = "generations"
MOST_LOOKS = 32


class Trace:
    """What one trace was measured to take: faults, most looks and looks, by share and policy."""

    def __init__(self, name, path):
        self.name = name
        self.faults, self.most, self.looks = {}, {}, {}
        for line in results.run([PROGRAM, "faults", str(path)]).stdout.splitlines():
            _, share, policy, *figures = line.split("\t")
            key = int(share), policy
            self.faults[key], self.most[key], self.looks[key] = map(int, figures)

    def ratio(self, share, policy, base="opt"):
        return self.faults[share, policy] / self.faults[share, base]


def instructions(path, policy):
    """Of the policy's own functions, for one fault."""
    collected, turns = results.callgrind([PROGRAM, "instructions", str(path), policy],
                                         "*measured_fault*", "*harvest*")
    return collected / int(turns)


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def print_ratios(traces, policies):
    print(f"faults / faults of OPT, in 1/8, 1/4, 1/2 of the pages\n{'':12}", end="")
    print("".join(f"{trace.name:^17}" for trace in traces))
    for policy in policies:
        cells = ["".join(f" {trace.ratio(share, policy):4.2f}" for share in SHARES)
                 for trace in traces]
        print(f"{policy:12}" + "".join(f"{cell:17}" for cell in cells))


def report(table, traces, recorded):
    policies = list(collections.OrderedDict((policy, 0) for _, policy in traces[0].faults))
    policies.remove("opt")
    print_ratios(traces, policies)
    keys = [(trace, share) for trace in traces for share in SHARES]
    lru = geometric_mean(trace.ratio(share, "lru") for trace, share in keys)
    for policy in policies:
        mean = geometric_mean(trace.ratio(share, policy) for trace, share in keys)
        goal = "<= 1.60" if recorded and policy == DEFAULT else ""
        table.add(f"{policy}: faults, geometric mean", f"{mean:.2f}", "x OPT", goal, "exact LRU",
                  f"{lru:.2f}")
    policies.remove("lru")
    for policy in policies:
        most = max(trace.most[share, policy] for trace, share in keys)
        table.add(f"{policy}: most looks at a page's bits for a fault", most, "looks",
                  f"<= {MOST_LOOKS}")
        mean = sum(trace.looks[share, policy] / trace.faults[share, policy]
                   for trace, share in keys) / len(keys)
        table.add(f"{policy}: looks for a fault, mean", f"{mean:.2f}", "looks")
    if recorded:
        worst = max(trace.ratio(4, DEFAULT, "lru") for trace in traces)
        table.add(f"{DEFAULT}: worst trace at 1/4", f"{worst:.2f}", "x exact LRU", "<= 1.10")
    for trace in traces:
        if trace.name == "stencil":
            table.add(f"{DEFAULT}: stencil at 1/2", f"{trace.ratio(2, DEFAULT):.2f}", "x OPT", "<= 2.20",
                      "exact LRU", f"{trace.ratio(2, 'lru'):.2f}")
    return policies


def main():
    table = results.Table("pages: ")
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: name for name in PATTERNS}
        recorded = len(sys.argv) > 1
        if recorded:
            paths = {}
            for packed in sorted(pathlib.Path(sys.argv[1]).glob("**/*.pgt.xz")):
                path = pathlib.Path(folder) / packed.name.removesuffix(".xz")
                path.write_bytes(lzma.decompress(packed.read_bytes()))
                paths[path.stem] = path
            if not paths:
                sys.exit(f"{sys.argv[1]}: no pages/*.pgt.xz in it")
        traces = [Trace(name, path) for name, path in paths.items()]
        policies = report(table, traces, recorded)
        measured = "cc1" if "cc1" in paths else next(iter(paths))
        for policy in policies:
            table.add(f"{policy}: a fault with a victim, {measured} at 1/4",
                      f"{instructions(paths[measured], policy):.1f}", "instructions")
    table.write()


if __name__ == "__main__":
    main()
