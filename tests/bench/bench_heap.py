#!/usr/bin/env python3
"""Measures malloc and the kernel's heap beside glibc's and mimalloc's; rows go to
build/bench/results.tsv.

    bench_heap.py [FOLDER OF .rep TRACES]

A trace or pattern is replayed by build/bench/replay_heap_* (32-bit, -O2): by malloc as programs have
it, kernel-mix by the kernel's heap. mimalloc tells no footprint; its pages are what it has written to. Instructions an
operation come from callgrind, which counts inside replay_counted(), less the same replay with an
allocator that does nothing; "warm" is a second replay on the used heap. Space is measured in a run
of its own in which every payload byte is written: peak payload against the peak of pages held
(footprint) and of pages touched (resident). The longest call is single-stepped.
"""
import pathlib
import sys

import results

USER = "build/bench/replay_heap_user"
MIMALLOC = "build/bench/replay_heap_mimalloc"
KERNEL = "build/bench/replay_heap_kernel"
BELOW_BEST = 3  # points of resident utilisation that we may be below the better peer

PATTERNS = ["alternating-64-448", "alternating-16-112", "neighbours", "growing", "random-32k",
            "random-1k"]
PAIRS = ["pairs-live", "pairs-alone"]
RESIDENT_TRACES = ["cc1", "perl", "lua32"]


def answers(program, mode, allocator, trace):
    """The `key value` lines of one run."""
    lines = results.run([program, mode, allocator, trace]).stdout.splitlines()
    return {key: int(value) for key, value in (line.split() for line in lines)}


def collected(program, mode, allocator, trace):
    return results.callgrind([program, mode, allocator, trace], "*replay_counted*")[0]


def per_operation(program, mode, allocator, trace, operations):
    net = collected(program, mode, allocator, trace) - collected(program, "first", "null", trace)
    return net / operations


def percent(part, whole):
    return round(100 * part / max(whole, 1), 1)


def measure(table, trace, name, kernel_goals=False):
    """All rows of one trace; returns our resident utilisation and instructions an operation."""
    allocator = "kernel" if kernel_goals else "malloc"
    ours = answers(USER, "space", allocator, trace)
    glibc = answers(USER, "space", "libc", trace)
    mimalloc = answers(MIMALLOC, "space", "libc", trace)
    payload = ours["peak_payload"]
    operations = ours["operations"]

    table.add(f"{name}: peak payload / footprint", percent(payload, ours["footprint"]), "%",
              ">= 96" if kernel_goals else "", "glibc",
              percent(payload, glibc["footprint"]))
    peers = {"glibc": percent(payload, glibc["resident"]),
             "mimalloc": percent(payload, mimalloc["resident"])}
    best = max(peers, key=peers.get)
    other = min(peers, key=peers.get)
    table.add(f"{name}: peak payload / resident pages", percent(payload, ours["resident"]), "%",
              f">= {peers[best] - BELOW_BEST:.1f}", best, peers[best])
    table.add(f"{name}: the same beside {other}", percent(payload, ours["resident"]), "%", "", other,
              peers[other])
    for mode in ("first", "warm"):
        mine = per_operation(USER, mode, allocator, trace, operations)
        goal = "<= 45" if kernel_goals and mode == "first" else ""
        for peer, program in (("glibc", USER), ("mimalloc", MIMALLOC)):
            table.add(f"{name}: an operation, {mode} replay, beside {peer}", f"{mine:.1f}", "instructions",
                      goal, peer, f"{per_operation(program, mode, 'libc', trace, operations):.1f}")
        if mode == "first":
            first = mine
    if kernel_goals:
        table.add(f"{name}: an operation, kernel's flags",
                  f'{per_operation(KERNEL, "first", allocator, trace, operations):.1f}', "instructions")
    longest = answers(USER, "longest", allocator, trace)
    table.add(f"{name}: longest malloc", longest["longest_malloc"], "instructions", "<= 300")
    table.add(f"{name}: longest free", longest["longest_free"], "instructions", "<= 250")
    table.add(f"{name}: given back at the end",
              round(100 - percent(ours["held_after"], ours["footprint"]), 1), "%", ">= 95", "glibc",
              round(100 - percent(glibc["held_after"], glibc["footprint"]), 1))
    return percent(payload, ours["resident"]), first


def main():
    table = results.Table("heap: ")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    found = {}
    for path in sorted(folder.glob("*.rep")) if folder else []:
        found[path.stem] = measure(table, str(path), path.stem, path.stem == "kernel-mix")
    if all(name in found for name in RESIDENT_TRACES):
        for index, (label, unit, goal) in enumerate([
                ("resident utilisation", "%", ">= 93"),
                ("an operation", "instructions", "<= 50")]):
            mean = sum(found[name][index] for name in RESIDENT_TRACES) / len(RESIDENT_TRACES)
            table.add(f"mean of {', '.join(RESIDENT_TRACES)}: {label}", f"{mean:.1f}", unit, goal)
    for name in PATTERNS:
        measure(table, name, name)
    for name in PAIRS:
        operations = answers(USER, "space", "malloc", name)["operations"]
        mine = 2 * per_operation(USER, "warm", "malloc", name, operations)
        for peer, program in (("glibc", USER), ("mimalloc", MIMALLOC)):
            value = 2 * per_operation(program, "warm", "libc", name, operations)
            table.add(f"{name}: malloc+free up to 64 bytes, warm, beside {peer}", f"{mine:.1f}",
                      "instructions", "<= 60", peer, f"{value:.1f}")
    table.write()


if __name__ == "__main__":
    main()
