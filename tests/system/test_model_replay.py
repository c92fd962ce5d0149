"""The scripts of the model test of user memory, run by real processes inside Quire (/tests/model_replay;
docs/model-test.md), on much RAM and on little. Then the monitor counts everything again (mmck).

QUIRE_SEED and QUIRE_STEPS choose other scripts, and more of them (make soak).
"""
import os
import re

import pytest
import tap
from test_programs import check_invariants, output_of, shell, tests_image  # noqa: F401

STEPS = int(os.environ.get("QUIRE_STEPS", "2500"))
SECONDS = 600 + STEPS // 10
PROGRAM = "/tests/model_replay"


def test_the_runner_finds_nothing_left(shell):
    """With so much RAM that nothing is evicted: what comes and goes would hide what stays."""
    vm = shell(memory=1024)
    text, status = output_of(vm, f"/tests/run {PROGRAM}")
    assert status == 0 and all(r.verdict == "passed" for r in tap.parse(text).results), text
    check_invariants(vm)


@pytest.mark.parametrize("memory, seed", [(16, 100), (64, 200)])
def test_the_kernel_and_the_model_agree(shell, memory, seed):
    first = int(os.environ.get("QUIRE_SEED", seed))
    vm = shell(memory=memory)
    text, status = output_of(vm, f"{PROGRAM} {first} {STEPS}", SECONDS)
    assert status == 0, text
    # Scripts that never got where it is difficult would prove nothing.
    assert int(re.search(r"(\d+) steps", text)[1]) >= STEPS
    for figure in ("pages evicted", "swapped out", "swapped in"):
        assert int(re.search(rf"(\d+) {figure}", text)[1]) > 100, text
    check_invariants(vm)


def test_a_script_from_a_file_is_run_line_by_line(shell):
    vm = shell()
    lines = ["0 mmap at=bf400000 size=1000 rights=3 flags=fixed", "0 store at=bf400ffc size=4 value=1",
             "0 fork value=2", "2 load at=bf400ffc size=4", "0 dance"]
    for count, line in enumerate(lines, 1):
        arrow = ">" if count == 1 else ">>"
        assert output_of(vm, f"echo '{line}' {arrow}/tmp/script")[1] == 0
        text, status = output_of(vm, f"{PROGRAM} /tmp/script")
        assert status == (2 if line == "0 dance" else 0), text
