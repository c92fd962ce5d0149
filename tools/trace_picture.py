#!/usr/bin/env python3
"""Draws what Quire sent to COM2 (docs/trace.md) as an SVG: the frames of RAM over time, coloured by owner,
and below them page faults and evictions.

    tools/trace_picture.py [--from SECONDS] [--to SECONDS] build/trace.txt build/trace.svg

Owners are worked out from the events: a fault gives a frame to a process, a fork to two, and eviction, munmap
and exit take it away. Frames that no event names are not coloured: the kernel's own, free ones, pages that
were read ahead and not used yet. Where events were lost the picture has gaps, and says so.
"""
from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from html import escape
from typing import NamedTuple

import trace_view

PAGE = trace_view.PAGE
FILES, SHARED, OTHERS = "pages of files", "shared after fork", "other processes"
# Okabe and Ito, 2008: told apart by everybody.
COLOURS = {FILES: "#56b4e9", SHARED: "#999999", OTHERS: "#d8d2c0"}
OF_PROCESSES = ["#e69f00", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#f0e442"]
GIVES_A_FRAME = {"FillWithZeros", "CopyPage", "TakeOverPage", "MapCachedSlot", "SwapIn"}
LEAST_SHARE = 0.02  # who never has as much of the largest peak is one of the others
BINS = 320
BINS_OF_A_BAR = 4


class Owners:
    """Who has which frame, as far as events tell."""

    def __init__(self):
        self._pages = defaultdict(dict)   # process: {page: frame}
        self._users = defaultdict(set)    # frame: {(process, page)}
        self._files = set()               # (object, index)
        self._breaks = {}
        self.names = {}

    def take(self, event) -> None:
        handler = getattr(self, "_" + event.kind, None)
        if handler is not None:
            handler(event)
        if event["by"]:
            self.names[event["by"]] = event["name"]

    def counts(self) -> Counter:
        """Frames of each owner: a process, SHARED or FILES."""
        counts = Counter({FILES: len(self._files)})
        for users in self._users.values():
            processes = {process for process, _ in users}
            counts[processes.pop() if len(processes) == 1 else SHARED] += 1
        return counts

    # One method for each kind of event that gives or takes.

    def _fault(self, event):
        if not event["outcome"].startswith("ok") or event.get("frame") is None:
            return
        process, page = event["pid"], event["address"] // PAGE
        self._drop(process, page)
        if GIVES_A_FRAME & set(event["steps"].split(",")):
            for old in [use for use in self._users[event["frame"]] if use[1] != page]:
                self._drop(*old)  # its event was lost
            self._give(process, page, event["frame"])

    _prefault = _fault

    def _evict(self, event):
        self._files.discard((event.get("object"), event.get("index")))
        for process, page in list(self._users.get(event["frame"], ())):
            self._drop(process, page)

    def _file_read(self, event):
        for i in range(event["pages"]):
            self._files.add((event["object"], event["index"] + i))

    def _munmap(self, event):
        first = event["address"] // PAGE
        self._drop_all(event["pid"], first, first + event["pages"])

    _mmap = _munmap

    def _brk(self, event):
        end = -(-event["address"] // PAGE)
        self._drop_all(event["pid"], end, self._breaks.get(event["pid"], end))
        self._breaks[event["pid"]] = end

    def _mremap(self, event):
        pid, start, there = event["pid"], event["from"] // PAGE, event["address"] // PAGE
        moved = {page: frame for page, frame in self._pages[pid].items()
                 if start <= page < start + event["pages"]}
        for page in moved:
            self._drop(pid, page)
        for page, frame in moved.items():
            self._give(pid, there + page - start, frame)

    def _fork(self, event):
        for page, frame in list(self._pages[event["by"]].items()):
            self._give(event["pid"], page, frame)
        self._breaks[event["pid"]] = self._breaks.get(event["by"], 0)

    def _release(self, event):
        for page in list(self._pages[event["pid"]]):
            self._drop(event["pid"], page)
        self._breaks.pop(event["pid"], None)

    def _give(self, process, page, frame):
        self._pages[process][page] = frame
        self._users[frame].add((process, page))

    def _drop(self, process, page):
        frame = self._pages[process].pop(page, None)
        if frame is None:
            return
        self._users[frame].discard((process, page))
        if not self._users[frame]:
            del self._users[frame]

    def _drop_all(self, process, first, end):
        for page in [page for page in self._pages[process] if first <= page < end]:
            self._drop(process, page)


class Timeline(NamedTuple):
    start: float               # seconds since boot
    step: float                # of a bin
    frames: list[Counter]      # of each bin, at its end
    minor: list[int]
    major: list[int]
    evicted: list[int]
    lost: list[int]            # bins in which events were lost
    names: dict

    @property
    def end(self):
        return self.start + self.step * len(self.frames)


def timeline(trace, start=None, end=None) -> Timeline:
    if not trace.events:
        raise SystemExit("trace_picture: there is no event in the trace")
    first = trace.events[0]["t"] / 1e6 if start is None else start
    last = trace.events[-1]["t"] / 1e6 if end is None else end
    step = max(last - first, 1e-3) / BINS
    owners, counts = Owners(), []
    minor, major, evicted = [0] * BINS, [0] * BINS, [0] * BINS
    lost, expected = set(), trace.events[0]["n"]
    for event in trace.events:
        at = event["t"] / 1e6
        if at > last:
            break
        bin_ = min(int((at - first) / step), BINS - 1)
        while bin_ >= 0 and len(counts) < bin_:
            counts.append(owners.counts())
        owners.take(event)
        if event["n"] != expected and bin_ >= 0:
            lost.add(bin_)
        expected = event["n"] + 1
        if bin_ < 0:
            continue
        if event.kind == "fault":
            (major if event["outcome"] == "ok_read" else minor)[bin_] += 1
        elif event.kind == "evict":
            evicted[bin_] += 1
    while len(counts) < BINS:
        counts.append(owners.counts())
    return Timeline(first, step, counts, minor, major, evicted, sorted(lost), owners.names)


def layers_of(line: Timeline) -> list[tuple[str, str, list[int]]]:
    """(name, colour, frames in each bin), from the bottom to the top: the largest processes have a colour."""
    peaks = Counter()
    for counts in line.frames:
        for owner, frames in counts.items():
            peaks[owner] = max(peaks[owner], frames)
    processes = [owner for owner, _ in peaks.most_common() if owner not in (FILES, SHARED)]
    least = max(peaks.values(), default=0) * LEAST_SHARE
    shown = sorted(owner for owner in processes[:len(OF_PROCESSES)] if peaks[owner] >= least)
    layers = [(FILES, COLOURS[FILES], [counts[FILES] for counts in line.frames])]
    for owner, colour in zip(shown, OF_PROCESSES):
        name = f"{owner} {line.names.get(owner, '?')}"
        layers.append((name, colour, [counts[owner] for counts in line.frames]))
    rest = [owner for owner in processes if owner not in shown]
    layers.append((OTHERS, COLOURS[OTHERS], [sum(counts[owner] for owner in rest) for counts in line.frames]))
    layers.append((SHARED, COLOURS[SHARED], [counts[SHARED] for counts in line.frames]))
    return [layer for layer in layers if any(layer[2])]


WIDTH, LEFT, RIGHT = 960, 62, 190
PLOT = WIDTH - LEFT - RIGHT
TOP, HEIGHT = 76, 280
STRIP, STRIP_TOP = 80, TOP + HEIGHT + 44
TOTAL = STRIP_TOP + STRIP + 46


def nice_step(most: float, about: int) -> float:
    """1, 2 or 5 times a power of ten: so that some `about` steps reach `most`."""
    scale = 1e-6
    while True:
        for factor in (1, 2, 5):
            if most / (factor * scale) <= about:
                return factor * scale
        scale *= 10


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


class Drawing:
    def __init__(self):
        self._parts = []

    def add(self, text):
        self._parts.append(text)

    def text(self, x, y, words, size=12, anchor="start", weight="normal", colour="#222"):
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                 f'font-weight="{weight}" fill="{colour}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour="#222", width=1.0, dash=""):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" '
                 f'stroke-width="{width}" fill="none"{dashes}/>')

    def box(self, x, y, width, height, colour, title=""):
        inside = f"<title>{escape(title)}</title>" if title else ""
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                 f'fill="{colour}">{inside}</rect>')

    def shape(self, points, colour, title=""):
        """Points that lie on the line between their neighbours are left out."""
        kept = []
        for x, y in ((round(x, 1), round(y, 1)) for x, y in points):
            if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == x or kept[-2][1] == kept[-1][1] == y):
                kept.pop()
            kept.append((x, y))
        path = "L".join(f"{x:g} {y:g}" for x, y in kept)
        inside = f"<title>{escape(title)}</title>" if title else ""
        self.add(f'<path d="M{path}Z" fill="{colour}">{inside}</path>')

    def svg(self) -> str:
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{TOTAL}" '
                f'viewBox="0 0 {WIDTH} {TOTAL}" font-family="Helvetica, Arial, sans-serif">')
        return "\n".join([head, f'<rect width="{WIDTH}" height="{TOTAL}" fill="#fff"/>', *self._parts, "</svg>\n"])


def x_of(line: Timeline, bin_: float) -> float:
    return LEFT + PLOT * bin_ / len(line.frames)


def draw_layers(drawing, line, layers, most):
    below = [0] * len(line.frames)
    for name, colour, values in layers:
        above = [a + b for a, b in zip(below, values)]

        def edge(heights):
            points = []
            for at, height in enumerate(heights):
                y = TOP + HEIGHT * (1 - height / most)
                points += [(x_of(line, at), y), (x_of(line, at + 1), y)]
            return points
        drawing.shape(edge(above) + edge(below)[::-1], colour, f"{name}: at most {max(values):,} frames")
        below = above


def draw_axes(drawing, line, most):
    step = nice_step(most, 6)
    at = 0
    while at <= most:
        y = TOP + HEIGHT * (1 - at / most)
        drawing.line(LEFT - 4, y, LEFT, y)
        drawing.text(LEFT - 8, y + 4, number(at), 11, "end")
        at += step
    drawing.text(LEFT, TOP - 10, "frames (4 KiB)", 11)
    seconds = line.end - line.start
    step = nice_step(seconds, 9)
    at = -(-line.start // step) * step
    while at <= line.end + 1e-9:
        x = LEFT + PLOT * (at - line.start) / seconds
        for y in (TOP + HEIGHT, STRIP_TOP + STRIP):
            drawing.line(x, y, x, y + 4)
            drawing.text(x, y + 17, f"{at:g}" if step >= 1 else f"{at:.3g}", 11, "middle")
        at += step
    drawing.text(LEFT + PLOT / 2, STRIP_TOP + STRIP + 36, "seconds since boot", 11, "middle")
    for top, height in ((TOP, HEIGHT), (STRIP_TOP, STRIP)):
        drawing.line(LEFT, top, LEFT, top + height)
        drawing.line(LEFT, top + height, LEFT + PLOT, top + height)


STRIP_COLOURS = {"page faults, from RAM": "#bbbbbb", "with a read from a disk": "#d62728"}


def draw_strip(drawing, line):
    def bars(values):
        return [sum(values[at:at + BINS_OF_A_BAR]) for at in range(0, len(values), BINS_OF_A_BAR)]
    minor, major, evicted = bars(line.minor), bars(line.major), bars(line.evicted)
    most = max(1, *(a + b for a, b in zip(minor, major)), *evicted)
    scale = STRIP / most
    base = STRIP_TOP + STRIP
    width = PLOT / len(minor)

    def outline(heights):
        return [point for at, height in enumerate(heights)
                for point in ((LEFT + at * width, base - height * scale),
                              (LEFT + (at + 1) * width, base - height * scale))]
    floor = outline([0] * len(minor))[::-1]
    drawing.shape(outline([a + b for a, b in zip(minor, major)]) + floor, STRIP_COLOURS["page faults, from RAM"])
    drawing.shape(outline(major) + floor, STRIP_COLOURS["with a read from a disk"])
    points = "L".join(f"{LEFT + (at + 0.5) * width:.1f} {base - count * scale:.1f}"
                      for at, count in enumerate(evicted))
    drawing.add(f'<path d="M{points}" fill="none" stroke="#000" stroke-width="1"/>')
    drawing.text(LEFT, STRIP_TOP - 8, f"in each {number(line.step * BINS_OF_A_BAR * 1000)} ms", 11)
    drawing.text(LEFT - 8, STRIP_TOP + 4, number(most), 11, "end")
    drawing.text(LEFT - 8, base + 4, "0", 11, "end")


def draw_legends(drawing, layers, lost):
    x, y = LEFT + PLOT + 18, TOP + 4
    drawing.text(x, y, "whose frames", 12, weight="bold")
    for name, colour, values in reversed(layers):
        y += 20
        drawing.box(x, y - 10, 12, 12, colour)
        drawing.text(x + 18, y, name, 12)
    y += 20
    drawing.add(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="#fff" stroke="#888"/>')
    drawing.text(x + 18, y, "free, or the kernel's", 12)
    if lost:
        y += 20
        drawing.box(x, y - 5, 12, 3, "#d62728")
        drawing.text(x + 18, y, "events were lost", 12)
    y = STRIP_TOP + 4
    for name, colour in STRIP_COLOURS.items():
        drawing.box(x, y - 10, 12, 12, colour)
        drawing.text(x + 18, y, name, 12)
        y += 20
    drawing.line(x, y - 4, x + 12, y - 4, "#000")
    drawing.text(x + 18, y, "pages evicted", 12)


def picture(trace, title="", start=None, end=None) -> str:
    line = timeline(trace, start, end)
    layers = layers_of(line)
    highest = max(sum(values) for values in zip(*(values for _, _, values in layers)))
    most = max(trace.frames, highest) * 1.04
    drawing = Drawing()
    drawing.text(LEFT, 22, title or "Frames of RAM over time, by owner", 16, weight="bold")
    drawing.text(LEFT, 40, f"replacement policy {trace.policy}; {len(trace.events):,} events, {trace.lost:,} lost",
                 11, colour="#555")
    draw_layers(drawing, line, layers, most)
    draw_strip(drawing, line)
    draw_axes(drawing, line, most)
    for at in line.lost:
        drawing.box(x_of(line, at), TOP + HEIGHT - 3, PLOT / BINS, 3, "#d62728")
    if trace.frames:
        y = TOP + HEIGHT * (1 - trace.frames / most)
        drawing.line(LEFT, y, LEFT + PLOT, y, "#222", 1, "5 4")
        drawing.text(LEFT + PLOT - 4, y - 5, f"all of RAM: {trace.frames:,}", 11, "end")
    draw_legends(drawing, layers, bool(line.lost))
    return drawing.svg()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("trace", help="what COM2 sent")
    parser.add_argument("svg", help="the picture")
    parser.add_argument("--from", type=float, dest="start", help="seconds since boot")
    parser.add_argument("--to", type=float, dest="end", help="seconds since boot")
    parser.add_argument("--title", default="")
    options = parser.parse_args()
    with open(options.trace, encoding="ascii", errors="replace") as lines:
        text = picture(trace_view.parse(lines), options.title, options.start, options.end)
    with open(options.svg, "w", encoding="utf-8") as svg:
        svg.write(text)


if __name__ == "__main__":
    main()
