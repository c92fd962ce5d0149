#!/usr/bin/env python3
"""Everything that reads the code without running it: the engine of `make lint`.

    tools/lint.py [TOOL...]      format layers threads tidy cppcheck; all of them by default

A line a tool, its findings under it, and a summary; the exit code is 1 if there was any finding.
The kernel's code is read as what it is: freestanding C++20 for a 32-bit x86.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("kernel", "mm", "fs", "cpu", "drivers", "libc", "boot")
TESTS = ("tests/host", "tests/guest", "tests/fuzz", "tests/bench")
JOBS = 2
KERNEL_FLAGS = ["--target=i686-linux-gnu", "-march=i686", "-std=c++20", "-ffreestanding",
                "-fno-exceptions", "-fno-rtti", "-fno-strict-aliasing", "-I."]


def product_flags(file) -> list[str]:
    """The C library's own files include our own headers for programs."""
    ours = file.startswith(("libc/program/", "libc/standard/"))
    return KERNEL_FLAGS + (["-isystem", "libc/include"] if ours else [])


def files(rooms, suffixes) -> list[str]:
    found = [path for room in rooms for path in Path(room).rglob("*") if path.suffix in suffixes]
    return sorted(map(str, found))


def run(command) -> list[str]:
    """The tool's words if it found something, else nothing."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return []
    words = (done.stdout + done.stderr).strip()
    return [words or f"{command[0]} ended with code {done.returncode}"]


def run_each(commands) -> list[str]:
    with ThreadPoolExecutor(JOBS) as pool:
        words = "\n".join(words for found in pool.map(run, commands) for words in found)
    # What a header is blamed for comes once, not once a file that includes it.
    findings = re.split(r"^(?=\S+:\d+:\d+: (?:error|warning): )", words, flags=re.MULTILINE)
    tidied = (re.sub(r"^\d+ (warnings?|errors?).* generated\.$", "", finding.replace(f"{ROOT}/", "")
                     .replace("./", ""), flags=re.MULTILINE).strip() for finding in findings)
    return [finding for finding in dict.fromkeys(tidied) if finding]


def check_format() -> list[str]:
    sources = files(PRODUCT + TESTS + ("user",), {".cpp", ".h"})
    complaints = "\n".join(run(["clang-format", "--dry-run", "-Werror", *sources]))
    badly_laid_out = [file for file in sources if f"{file}:" in complaints]
    if complaints and not badly_laid_out:
        return [complaints]
    return ["'make format' mends: " + " ".join(badly_laid_out)] if badly_laid_out else []


def check_layers() -> list[str]:
    return run([sys.executable, "tools/check_layers.py"])


def check_threads() -> list[str]:
    """The lock annotations of kernel/base/thread_annotations.h, which g++ ignores; and clang's own
    opinion of the language."""
    return run_each([["clang++", *product_flags(file), "-fsyntax-only", "-Wall", "-Wextra", "-Wthread-safety",
                      "-Werror", file] for file in files(PRODUCT, {".cpp"})])


def check_tidy() -> list[str]:
    return run_each([["clang-tidy", "--quiet", file, "--", *product_flags(file)]
                     for file in files(PRODUCT, {".cpp"})])


def check_cppcheck() -> list[str]:
    cache = Path("build/cppcheck")
    cache.mkdir(parents=True, exist_ok=True)
    return run(["cppcheck", "--quiet", "--platform=unix32", "--std=c++20", "--language=c++", "-I.",
                "--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1",
                "--suppress=missingIncludeSystem", "--suppress=unknownMacro", f"-j{JOBS}",
                f"--cppcheck-build-dir={cache}", "--template={file}:{line}: {message} [{id}]",
                *files(PRODUCT, {".cpp"})])


TOOLS = {
    "format": ("clang-format: layout", check_format),
    "layers": ("check_layers: who includes whom", check_layers),
    "threads": ("clang: language and locks", check_threads),
    "tidy": ("clang-tidy: mistakes and names", check_tidy),
    "cppcheck": ("cppcheck: more mistakes", check_cppcheck),
}


def main() -> int:
    os.chdir(ROOT)
    chosen = sys.argv[1:] or list(TOOLS)
    unknown = [name for name in chosen if name not in TOOLS]
    if unknown:
        sys.exit(f"lint: no tool {unknown[0]}; there are {', '.join(TOOLS)}")
    unhappy = []
    for name in chosen:
        start = time.monotonic()
        title, check = TOOLS[name]
        found = check()
        verdict = "findings" if found else "nothing found"
        print(f"  {title:34}{verdict}  ({time.monotonic() - start:.0f} s)", flush=True)
        for words in found:
            print("\n" + "\n".join("    " + line for line in words.split("\n")) + "\n", flush=True)
        unhappy += [name] if found else []
    print(f"lint: {len(chosen) - len(unhappy)} of {len(chosen)} tools found nothing" +
          (f"; findings: {', '.join(unhappy)}" if unhappy else ""))
    return 1 if unhappy else 0


if __name__ == "__main__":
    sys.exit(main())
