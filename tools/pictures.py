#!/usr/bin/env python3
"""Takes the pictures of memory that the book shows: boots a small PC, runs programs, and keeps what its
screen shows of RAM (`frames` in the monitor) and what its event trace tells.

    pictures.py IMAGE                  into docs/pictures/ (make pictures)
    pictures.py IMAGE --into FOLDER    elsewhere

    frames-idle.png        at the shell's prompt, after the boot
    frames-pressure.png    in the middle of /demo/locality, which wants half as much again as there is
    frames-fork.png        /demo/copy-on-write: a child that has 2,048 pages of its parent
    frames-copied.png      the same, when it has written to half of them
    timeline.svg           what COM2 told of programs that compete for RAM (tools/trace_picture.py)

A picture that does not show what its name says is not kept: the counts of the legend are looked at.
"""
import argparse
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
import trace_picture  # noqa: E402
import trace_view  # noqa: E402
from quire_vm import PROMPT_AT_END, QuireVm  # noqa: E402

MEMORY = 16  # MiB
SHELL_PROMPT = re.compile(r"(?:^|[\r\n])(?:\x1b\[[0-9;]*[A-Za-z])*# $")
MONITOR_KEY = "\x1d"
# One that uses the heap, one that wants more than there is, one beside it.
RUN = ["cat /docs/*.md /docs/demos/*.md | sort > /tmp/sorted",
       "/demo/locality > /tmp/locality &", "sleep 1", "/demo/tlb > /tmp/tlb", "sleep 1"]
RUN_TITLE = "Frames over time: sort, then locality with 22 MiB, then tlb beside it"


def counts_of(text):
    """The legend of `frames`, by name: what stands below the rows of cells."""
    legend = re.split(r"^[0-9A-F]{8} .*\n", text, flags=re.M)[-1]
    return {name: int(count) for name, count in re.findall(r"\S ([a-z][a-z ]*?) +(\d+)", legend)}


def take(vm, path):
    """The screen with `frames` on it; returns the counts."""
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    text = vm.command("frames")
    vm.screendump(path)
    vm.send_serial("exit\r")
    vm.wait_for(re.compile(r"exit[^\n]*\n"))
    return counts_of(text)


def expect(condition, path, counts):
    if not condition:
        path.unlink()
        raise SystemExit(f"pictures: {path.name} would show something else: {counts}")


def take_idle(vm, folder):
    counts = take(vm, folder / "frames-idle.png")
    expect(counts["free"] > 3000, folder / "frames-idle.png", counts)


def take_pressure(vm, folder):
    path = folder / "frames-pressure.png"
    vm.send_serial("/demo/locality\r")
    vm.wait_for("one int of each page")
    counts = take(vm, path)
    expect(counts["private"] > 3000 and counts.get("free", 0) < 300, path, counts)


def take_fork(vm, folder):
    vm.send_serial("/demo/copy-on-write --stop\r")
    for _ in range(4):
        vm.wait_for("Enter goes on]")
        vm.send_serial("\r")
    private = []
    for name in ("frames-fork.png", "frames-copied.png"):
        vm.wait_for("Enter goes on]")
        counts = take(vm, folder / name)
        private.append(counts["private"])
        vm.send_serial("\r")
    expect(2048 <= private[0] < 2200 and 1024 <= private[1] - private[0] < 1100, folder / name, private)


def take_timeline(image, folder, artifacts):
    trace = artifacts / "trace.txt"
    com2 = ["-chardev", f"file,id=com2,path={trace}", "-device", "isa-serial,index=1,chardev=com2"]
    with QuireVm(image, artifacts=artifacts, shell=True, memory=MEMORY, cmdline="trace=com2", extra=com2) as vm:
        vm.wait_for(SHELL_PROMPT)
        for line in RUN:
            vm.send_serial(line + "\r")
            vm.wait_for(SHELL_PROMPT)
        vm.send_serial("poweroff\r")
        vm.wait_exit()
    with open(trace, encoding="ascii", errors="replace") as lines:
        text = trace_picture.picture(trace_view.parse(lines), RUN_TITLE)
    (folder / "timeline.svg").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Takes the pictures of memory that the book shows.")
    parser.add_argument("image")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "pictures")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quire-pictures-") as artifacts:
        for scene in (take_idle, take_pressure, take_fork):
            with QuireVm(options.image, artifacts=artifacts, shell=True, memory=MEMORY) as vm:
                vm.wait_for(SHELL_PROMPT)
                scene(vm, options.into)
        take_timeline(options.image, options.into, Path(artifacts))
    for path in sorted(options.into.iterdir()):
        print(f"{path.stat().st_size:7} bytes  {path}")


if __name__ == "__main__":
    main()
