"""The Test Anything Protocol as the kernel's self-tests print it, read without mercy.

A run counts only if it has one plan (`1..N`), N results in order, and ended as its results say. What
a crash, a hang or a lost line leaves behind is never a success.
"""
from __future__ import annotations

import re
from typing import NamedTuple


class TapResult(NamedTuple):
    name: str
    verdict: str            # "passed", "failed" or "skipped"
    diagnostics: list[str]  # the "# ..." lines between this result and the one before


class TapRun(NamedTuple):
    results: list[TapResult]
    faults: list[str]  # what is wrong with the run as a whole; empty for a sound one

    def count(self, verdict: str) -> int:
        return sum(result.verdict == verdict for result in self.results)


_PLAN = re.compile(r"^1\.\.(\d+)$")
_RESULT = re.compile(r"^(not )?ok (\d+)(?: - (.*?))?(?: # SKIP ?(.*))?$", re.IGNORECASE)


def parse(text: str) -> TapRun:
    """Lines that are not TAP (the kernel's log) are passed over."""
    results, faults, plans, diagnostics = [], [], [], []
    for line in text.replace("\r", "").split("\n"):
        plan, result = _PLAN.match(line), _RESULT.match(line)
        if plan:
            plans.append(int(plan[1]))
        elif line.startswith("#"):
            diagnostics.append(line)
        elif line.startswith("Bail out!"):
            faults.append(line)
        elif result:
            if int(result[2]) != len(results) + 1:
                faults.append(f"result {result[2]} came where {len(results) + 1} was due")
            failed, skipped = result[1] is not None, result[4] is not None
            verdict = "skipped" if skipped else "failed" if failed else "passed"
            results.append(TapResult(result[3] or f"test {result[2]}", verdict, diagnostics))
            diagnostics = []
    if not plans:
        faults.append("no plan (1..N) was printed")
    elif len(plans) > 1:
        faults.append(f"{len(plans)} plans were printed: the kernel ran its tests more than once")
    elif plans[0] != len(results):
        faults.append(f"{plans[0]} tests were planned, {len(results)} reported")
    elif plans[0] == 0:
        faults.append("no test was planned")
    return TapRun(results, faults)
