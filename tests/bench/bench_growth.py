#!/usr/bin/env python3
"""How what memory costs grows, on Quire and on Linux: the curves of /bench/growth, drawn.

Three pictures (build/bench/growth-*.svg): over the memory touched, the number of regions, the
processes that share it. Each curve has the growth that its algorithm's name promises, and is compared
with it from each point to the next: a step that is steeper by more than a tenth misses the goal.
"""
import math
import re
import sys
from pathlib import Path

import guests
import results

MEMORY = 512
POINT = re.compile(r"^growth: (\S+) (\S+) (\d+) (\d+\.\d\d)\s*$", re.MULTILINE)
AXES = {"size": "MiB touched", "regions": "regions", "sharers": "processes that share 1 MiB"}
CONSTANT, LOGARITHM, LINEAR = "constant", "log n", "n"
GROWTH = {CONSTANT: lambda x: 1.0, LOGARITHM: lambda x: max(math.log2(x), 1.0), LINEAR: float}
# (axis, curve): what it is, and what is promised
CURVES = {
    ("size", "zero-fault"): ("demand-zero fault, a page", CONSTANT),
    ("size", "munmap-page"): ("munmap, a touched page", CONSTANT),
    ("size", "exit-page"): ("exit, a touched page", CONSTANT),
    ("size", "mprotect-page"): ("mprotect, a touched page", CONSTANT),
    ("size", "fork-exit-wait"): ("fork + exit + wait", LINEAR),
    ("regions", "zero-fault"): ("demand-zero fault", LOGARITHM),
    ("regions", "mmap-munmap"): ("mmap + munmap of a page", LOGARITHM),
    ("regions", "join-split"): ("mprotect: three regions into one and back", LOGARITHM),
    ("regions", "fork-exit-wait"): ("fork + exit + wait", LINEAR),
    ("sharers", "cow-copy"): ("COW copy, a page", CONSTANT),
    ("sharers", "munmap-page"): ("munmap, a shared page", CONSTANT),
    ("sharers", "fork-exit-wait"): ("fork + exit + wait", LINEAR),
}
TOLERANCE = 1.1


def parse(text):
    """{(axis, curve): [(x, instructions)]} in the order of x; ends this program when one is missing."""
    curves = {}
    for axis, curve, x, value in POINT.findall(text.replace("\r", "")):
        curves.setdefault((axis, curve), []).append((int(x), float(value)))
    missing = [" ".join(key) for key in CURVES if key not in curves]
    if missing or "growth: done" not in text:
        sys.exit(f"bench_growth: no figures for {', '.join(missing) or 'the end'} in:\n{text[-2000:]}")
    return {key: sorted(points) for key, points in curves.items()}


def steepest(points, promise):
    """How much faster than promised a curve grows from a point to the next, at its worst: 1 is as
    promised, less is slower."""
    grows = GROWTH[promise]
    steps = zip(points, points[1:])
    return max((y2 / y1) / (grows(x2) / grows(x1)) for (x1, y1), (x2, y2) in steps)


def draw(axis, ours, theirs, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "quire"  # the same bytes for the same figures
    from matplotlib import pyplot
    figure, chart = pyplot.subplots(figsize=(7.5, 5))
    mine = [key for key in CURVES if key[0] == axis]
    for at, key in enumerate(mine):
        for points, style, who in ((ours[key], "o-", "Quire"), (theirs[key], "x:", "Linux")):
            chart.plot(*zip(*points), style, color=f"C{at}", markersize=4,
                       label=f"{CURVES[key][0]}: {who}")
    chart.set(xscale="log", yscale="log", xlabel=AXES[axis], ylabel="guest instructions")
    ticks = [x for x, _ in ours[mine[0]]]
    chart.set_xticks(ticks, [f"{x:,}" for x in ticks])
    chart.minorticks_off()
    chart.grid(alpha=0.3)
    chart.legend(fontsize=7, ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.13))
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)


def main():
    ours = parse(guests.on_quire("growth", MEMORY))
    theirs = parse(guests.on_linux("growth", MEMORY))
    table = results.Table("growth: ")
    version = guests.peer_name()
    for (axis, curve), (title, promise) in CURVES.items():
        for (x, value), (_, peer) in zip(ours[axis, curve], theirs[axis, curve]):
            table.add(f"{title}, {x:,} {AXES[axis]}", f"{value:.2f}", "instructions", "", version, f"{peer:.2f}")
    for (axis, curve), (title, promise) in CURVES.items():
        table.add(f"{title}, over {AXES[axis]}, promised {promise}: steepest step",
                  f"{steepest(ours[axis, curve], promise):.2f}", "x promise", f"<= {TOLERANCE}",
                  version, f"{steepest(theirs[axis, curve], promise):.2f}")
    table.write()
    for axis in AXES:
        path = Path(results.ROOT / "build" / "bench" / f"growth-{axis}.svg")
        draw(axis, ours, theirs, path)
        print(f"written: {path.relative_to(results.ROOT)}")


if __name__ == "__main__":
    main()
