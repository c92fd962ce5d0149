"""The C library outside Quire: its test programs run on this machine's Linux as the same files that run
inside Quire (test_programs.py), and threads share malloc's heap under ThreadSanitizer.
"""
import os
import subprocess
from pathlib import Path

import pytest
import tap

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "test_programs" / "root" / "tests" / "libc"
SOURCES = ROOT / "tests" / "guest" / "programs" / "libc"
HEADERS = ROOT / "libc" / "include"
COMPILER = os.environ.get("HOST32_CXX", "i686-linux-gnu-g++")
LONGEST = 600


@pytest.mark.parametrize("name", sorted(path.stem for path in SOURCES.glob("*.c")))
def test_the_same_program_runs_on_linux(name):
    # In a session of its own: the leader of ours may be outside this PID namespace, where its number reads as 0.
    done = subprocess.run([PROGRAMS / name], capture_output=True, text=True, timeout=LONGEST, start_new_session=True)
    assert done.returncode == 0, done.stdout
    if "TEST(" not in (SOURCES / f"{name}.c").read_text():
        return  # an ordinary program: how it has ended is all
    run = tap.parse(done.stdout)
    failed = [result.name for result in run.results if result.verdict != "passed"]
    assert run.results and not failed and not run.faults, done.stdout


def test_threads_share_the_heap_without_a_race():
    done = subprocess.run([ROOT / "build" / "malloc_tsan" / "malloc_threads_test", "--gtest_brief=1"],
                          capture_output=True, text=True, timeout=LONGEST,
                          env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING: ThreadSanitizer" not in done.stderr


@pytest.mark.parametrize("language", ["c", "c++"])
def test_each_header_stands_by_itself(language, tmp_path):
    """Each is read alone, twice, as C and as C++, and nothing in it is warned of."""
    own = subprocess.run([COMPILER, "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()
    standard = {"c": "-std=c17", "c++": "-std=c++20"}[language]
    for header in sorted(HEADERS.rglob("*.h")):
        name = header.relative_to(HEADERS)
        source = tmp_path / "source"
        source.write_text(f"#include <{name}>\n#include <{name}>\n")
        done = subprocess.run([COMPILER, "-x", language, standard, "-fsyntax-only", "-nostdinc", "-I", HEADERS,
                               "-isystem", own, "-ffreestanding", "-Wall", "-Wextra", "-Werror", source],
                              capture_output=True, text=True, timeout=LONGEST)
        assert done.returncode == 0, f"<{name}>: {done.stderr}"
