#!/usr/bin/env python3
"""Runs every kind of test and adds up: the engine of `make test`.

    tools/run_tests.py [--only SUITE[:CONFIGURATION]] [-k PATTERN]

Suites: layers host64 host32 guest bochs system. A line a suite; for each failure its name, its last
words, and the command that runs only it. The last line is "N passed, N failed" (and ", N skipped"
if there were any). A crash, a hang, a wrong exit code, or a suite in which nothing ran is a failure.
Everything under test must have been built before.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
import tap  # noqa: E402
from bochs_vm import BochsFailure, BochsVm  # noqa: E402
from quire_vm import EXIT_FAILED, EXIT_PASSED, QuireVm, VmFailure, scaled  # noqa: E402

IMAGE = Path(os.environ.get("QUIRE_IMAGE", ROOT / "build" / "quire.img"))
ARTIFACTS = ROOT / "build" / "test-artifacts"
LONGEST = 1800.0   # seconds after which a program is given up
SILENCE = 120.0    # a guest that says nothing for so long is, too
LAST_LINES = 40
JOBS = 2
LONG_TESTS = "UserMemoryModel.*"  # a third of the time of all

# The machines on which the kernel tests itself.
GUEST = {
    "pc": dict(memory=64),
    "small": dict(memory=8),
    "old": dict(memory=32, cpu="qemu32,-pge,-pse"),
    "q35": dict(memory=256, machine="q35", cpu="max"),
    "large": dict(memory=1024, cpu="pentium3"),
}
BOCHS = {
    "p4": dict(memory=64, cpu="p4_willamette"),
    "core2": dict(memory=128, cpu="core2_penryn_t9600"),
}


class Failure(NamedTuple):
    name: str
    words: str    # what it said, in a few lines
    command: str  # runs only this


class Outcome(NamedTuple):
    passed: int = 0
    skipped: int = 0
    failures: list = []
    seconds: float = 0.0


def tail(text: str, lines: int = LAST_LINES) -> str:
    return "\n".join(text.rstrip().split("\n")[-lines:])


def make_only(suite: str, pattern: str = "") -> str:
    return f"make test ONLY={suite}" + (f" K={shlex.quote(pattern)}" if pattern else "")


# --- layers -------------------------------------------------------------------------------------

def run_layers(_, __) -> Outcome:
    done = subprocess.run([sys.executable, ROOT / "tools" / "check_layers.py"],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return Outcome(passed=1)
    return Outcome(failures=[Failure("check_layers", tail(done.stdout + done.stderr),
                                     "tools/check_layers.py")])


# --- host tests ---------------------------------------------------------------------------------

def together(outcomes) -> Outcome:
    parts = list(outcomes)
    return Outcome(sum(part.passed for part in parts), sum(part.skipped for part in parts),
                   [failure for part in parts for failure in part.failures])


def run_host(bits: int, pattern: str) -> Outcome:
    """All of the program's tests; those of 64 bits in two processes, as one test is a third of them."""
    if pattern:
        filters = {"all": f"*{pattern}*"}
    elif bits == 64:
        filters = {"long": LONG_TESTS, "short": f"-{LONG_TESTS}"}
    else:
        filters = {"all": "*"}
    with ThreadPoolExecutor(len(filters)) as pool:
        return together(pool.map(lambda part: run_host_part(bits, *part), filters.items()))


def run_host_part(bits: int, part: str, chosen: str) -> Outcome:
    program = ROOT / "build" / f"host{bits}" / "host_tests"
    results = program.with_name(f"results-{part}.json")
    log = program.with_name(f"output-{part}.txt")
    program.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    command = [program, f"--gtest_output=json:{results}", f"--gtest_filter={chosen}"]
    ended = ""
    with open(log, "wb") as output:
        try:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=scaled(LONGEST), cwd=ROOT,
                                  env={"ASAN_OPTIONS": "detect_leaks=0", **os.environ}).returncode
            if code not in (0, 1) or not results.exists():
                ended = f"host_tests ended with code {code}"
        except subprocess.TimeoutExpired:
            ended = f"host_tests was still running after {scaled(LONGEST):.0f} s"
        except OSError as error:
            ended = f"host_tests cannot be run: {error}"
    if ended:
        return host_crash(bits, ended, log.read_text(errors="replace"))
    outcome = host_results(bits, json.loads(results.read_text()))
    if code != 0 and not outcome.failures:
        return host_crash(bits, f"host_tests ended with code {code}, yet no test failed",
                          log.read_text(errors="replace"))
    return outcome


def host_results(bits: int, report: dict) -> Outcome:
    passed = skipped = 0
    failures = []
    for test in (test for suite in report["testsuites"] for test in suite["testsuite"]):
        name = f"{test['classname']}.{test['name']}"
        if test.get("failures"):
            words = "\n".join(failure["failure"] for failure in test["failures"])
            failures.append(Failure(name, tail(words), f"make host{bits} FILTER='{name}'"))
        elif test["result"] == "SKIPPED":
            skipped += 1
        elif test["status"] == "RUN":
            passed += 1
    return Outcome(passed, skipped, failures)


def host_crash(bits: int, ended: str, log: str) -> Outcome:
    """The program has no results file: its output tells what passed and which test was under way."""
    passed = len(re.findall(r"^\[       OK \]", log, re.MULTILINE))
    begun = re.findall(r"^\[ RUN      \] (\S+)", log, re.MULTILINE)
    name = begun[-1] if begun else f"host{bits}"
    command = f"make host{bits}" + (f" FILTER='{name}'" if begun else "")
    return Outcome(passed, 0, [Failure(name, f"{ended}\n{tail(log)}", command)])


# --- guest tests --------------------------------------------------------------------------------

def kernel_command_line(pattern: str) -> str:
    return ("selftest=" + pattern if pattern else "selftest") + " test"


def judge_tap(suite: str, text: str, pattern: str, more_faults: list[str], show: str) -> Outcome:
    run = tap.parse(text)
    failures = []
    for result in run.results:
        if result.verdict == "failed":
            words = "\n".join(result.diagnostics) or tail(text, 15)
            failures.append(Failure(result.name, words, make_only(suite, result.name.split()[0])))
    faults = run.faults + more_faults
    if faults:
        failures.append(Failure(suite, "; ".join(faults) + "\n" + (show or tail(text)),
                                make_only(suite, pattern)))
    return Outcome(run.count("passed"), run.count("skipped"), failures)


def run_guest_on(configuration: str, pattern: str) -> Outcome:
    suite = f"guest:{configuration}"
    vm = QuireVm(IMAGE, artifacts=ARTIFACTS / f"guest-{configuration}",
                 cmdline=kernel_command_line(pattern), **GUEST[configuration])
    faults, show = [], ""
    try:
        with vm:
            code = vm.wait_exit(LONGEST, SILENCE)
    except VmFailure as failure:
        return judge_tap(suite, vm.serial_text(), pattern, ["it hung"], str(failure))
    text = vm.serial_text()
    expected = EXIT_FAILED if any(line.startswith("not ok") for line in text.splitlines()) else EXIT_PASSED
    if code != expected:
        faults.append(f"QEMU ended with code {code} where its results call for {expected}")
    return judge_tap(suite, text, pattern, faults, show)


def run_bochs_on(configuration: str, pattern: str) -> Outcome:
    suite = f"bochs:{configuration}"
    vm = BochsVm(IMAGE, artifacts=ARTIFACTS / f"bochs-{configuration}",
                 cmdline=kernel_command_line(pattern), **BOCHS[configuration])
    try:
        with vm:
            vm.wait_exit(LONGEST, SILENCE)
    except BochsFailure as failure:
        return judge_tap(suite, vm.serial_text(), pattern, ["it hung"], str(failure))
    faults = [] if vm.was_switched_off() else ["Bochs ended without being switched off by the kernel"]
    return judge_tap(suite, vm.serial_text(), pattern, faults, "")


def each_configuration(run_on, configurations, chosen: str, pattern: str) -> Outcome:
    if chosen and chosen not in configurations:
        sys.exit(f"run_tests: no configuration {chosen}; there are {', '.join(configurations)}")
    names = [chosen] if chosen else list(configurations)
    with ThreadPoolExecutor(JOBS) as pool:
        return together(pool.map(lambda name: run_on(name, pattern), names))


# --- system tests -------------------------------------------------------------------------------

def pytest_python() -> str:
    """The interpreter that has pytest: a version manager's python may lack Debian's packages."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import pytest"], capture_output=True).returncode == 0:
            return python
    sys.exit("run_tests: no python3 with pytest was found; 'tools/setup.sh test' installs it.")


def run_system(_, pattern: str) -> Outcome:
    python = pytest_python()
    results = ROOT / "build" / "system-tests.xml"
    results.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "tests/system", f"--junitxml={results}",
               "-p", "no:cacheprovider", "-o", "junit_family=xunit1", "--color=no"]
    has_xdist = subprocess.run([python, "-c", "import xdist"], capture_output=True).returncode == 0
    command += ["-n", str(JOBS)] if has_xdist else []
    command += ["-k", pattern] if pattern else []
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace")
    if done.returncode not in (0, 1) or not results.exists():
        return Outcome(failures=[Failure("pytest", f"it ended with code {done.returncode}\n" +
                                         tail(done.stdout + done.stderr), shlex.join(command))])
    return system_results(results)


def system_results(results: Path) -> Outcome:
    passed = skipped = 0
    failures = []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        file = case.get("file") or case.get("classname", "").replace(".", "/") + ".py"
        node = f"{file}::{case.get('name')}"
        if bad is not None:
            words = bad.text or bad.get("message") or ""
            failures.append(Failure(node, tail(words), f"{pytest_python()} -m pytest '{node}'"))
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Outcome(passed, skipped, failures)


# --- all of them --------------------------------------------------------------------------------

SUITES = {
    "layers": ("who includes whom", run_layers),
    "host64": ("pure code on this machine, 64-bit", lambda _, pattern: run_host(64, pattern)),
    "host32": ("the same as a 32-bit program", lambda _, pattern: run_host(32, pattern)),
    "guest": ("the kernel tests itself in QEMU", lambda chosen, pattern: each_configuration(
        run_guest_on, GUEST, chosen, pattern)),
    "bochs": ("the kernel tests itself in Bochs", lambda chosen, pattern: each_configuration(
        run_bochs_on, BOCHS, chosen, pattern)),
    "system": ("the PC driven from outside", run_system),
}


def run_suite(name: str, chosen: str, pattern: str, may_be_empty: bool) -> Outcome:
    start = time.monotonic()
    outcome = SUITES[name][1](chosen, pattern)
    failures = list(outcome.failures)
    if outcome.passed + outcome.skipped + len(failures) == 0 and not may_be_empty:
        failures.append(Failure(name, "no test ran", make_only(name, pattern)))
    return Outcome(outcome.passed, outcome.skipped, failures, time.monotonic() - start)


def report(name: str, outcome: Outcome) -> None:
    skipped = f", {outcome.skipped} skipped" if outcome.skipped else ""
    counts = f"{outcome.passed} passed, {len(outcome.failures)} failed{skipped}"
    print(f"  {name:8}{SUITES[name][0]:36}{counts}  ({outcome.seconds:.0f} s)", flush=True)
    for failure in outcome.failures:
        words = "\n".join("      " + line for line in failure.words.split("\n"))
        print(f"\n    FAILED {failure.name}\n{words}\n    only this: {failure.command}\n", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs Quire's tests.")
    parser.add_argument("--only", default="", metavar="SUITE[:CONFIGURATION]",
                        help="one of: " + " ".join(SUITES))
    parser.add_argument("-k", default="", metavar="PATTERN", help="only tests whose name has it")
    options = parser.parse_args()
    suite, _, chosen = options.only.partition(":")
    if suite and suite not in SUITES:
        parser.error(f"no suite {suite}; there are {', '.join(SUITES)}")
    os.chdir(ROOT)

    # A pattern over all suites need not match in each.
    may_be_empty = bool(options.k) and not suite
    passed = failed = skipped = 0
    with ThreadPoolExecutor(1) as early:
        # The two host programs use one CPU each: the second runs beside the first.
        host32 = None
        for name in [suite] if suite else SUITES:
            if name == "host64" and not suite:
                host32 = early.submit(run_suite, "host32", "", options.k, may_be_empty)
            outcome = host32.result() if name == "host32" and host32 else run_suite(
                name, chosen, options.k, may_be_empty)
            report(name, outcome)
            passed += outcome.passed
            failed += len(outcome.failures)
            skipped += outcome.skipped
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
