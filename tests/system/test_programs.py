"""The test programs of tests/guest/programs inside Quire: each on a PC of its own, run by /tests/run,
which prints TAP and compares what the kernel has in use before and after. Then the monitor counts
everything again (mmck).

build/tests.img holds them; QUIRE_TESTS_IMAGE names another.
"""
import os
import re
from pathlib import Path

import pytest
import tap
from quire_vm import PROMPT_AT_END

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "guest" / "programs"
NO_PROGRAMS = {"run", "tap", "snapshot"}
MONITOR_KEY = "\x1d"
LONGEST = 600
SHELL_READY = re.compile(r"(?<![^\r\n])# $")  # at the start of a line, and nothing behind it


def programs():
    """The path of each on the image."""
    found = {path.relative_to(SOURCES).with_suffix("") for path in SOURCES.rglob("*.c*")}
    return sorted(f"/tests/{name}" for name in found if str(name) not in NO_PROGRAMS)


@pytest.fixture(scope="session")
def tests_image() -> Path:
    path = Path(os.environ.get("QUIRE_TESTS_IMAGE", ROOT / "build" / "tests.img"))
    assert path.exists(), f"{path} does not exist: run 'make test-image' first"
    return path


@pytest.fixture
def shell(boot, tests_image):
    """shell(**options) boots the image with the tests as far as the shell's prompt."""
    def start(**options):
        vm = boot(disk_image=tests_image, shell=True, **options)
        vm.wait_for(SHELL_READY)
        return vm
    return start


def output_of(vm, line, timeout=LONGEST):
    """What the shell prints for a line. The words of the mark are apart in the echo of it."""
    start = len(vm.serial_text())
    vm.send_serial(f"{line}; echo end-of\"\"-output $?\r")
    # Between the mark and the prompt stands what the shell has to say of its jobs.
    match = vm.wait_for(re.compile(r"end-of-output (\d+)\r\n(?:.*\r\n)*?# $"), timeout)
    text = vm.serial_text()[start:match.start()].replace("\r", "")
    return text.partition("$?\n")[2], int(match[1])


def check_invariants(vm):
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    assert "agree" in vm.command("mmck")


@pytest.mark.parametrize("path", programs())
def test_program(shell, path):
    vm = shell()
    text, status = output_of(vm, f"/tests/run {path}")
    run = tap.parse(text)
    failed = [result.name for result in run.results if result.verdict != "passed"]
    assert not failed and not run.faults, text
    assert status == 0
    check_invariants(vm)


@pytest.mark.parametrize("path", [path for path in programs() if "thread" in path])
def test_threads_that_take_turns_fifty_times_as_often(shell, path):
    text, status = output_of(shell(cmdline="hz=5000"), f"/tests/run {path}")
    run = tap.parse(text)
    assert status == 0 and not run.faults, text


def test_a_program_that_fails_is_seen_to_fail(shell):
    """What the runner and the harness say of one that crashes, and of one that is not there."""
    vm = shell()
    assert output_of(vm, "/tests/run /tests/nobody") == ("1..0\n", 1)
    text, status = output_of(vm, "/tests/run -q /tests/glibc/hello; /bin/false")
    assert status == 1 and "ok 1 - hello: ends well" in text


def test_ordinary_output_is_the_same_as_on_linux(shell):
    vm = shell()
    assert output_of(vm, "/tests/glibc/hello") == (
        "Hello, world. 6 * 7 = 42, pi is about 3.1429\n", 0)
