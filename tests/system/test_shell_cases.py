"""What the shell does is what dash does: the cases of shell_cases.txt, whose answers are dash's.

Natively, as /bin/sh is a Linux program like any other, case by case; and all of them inside Quire, on
one PC.
"""
import sys

import pytest
from test_programs import ROOT, check_invariants, output_of, shell, tests_image  # noqa: F401

sys.path.append(str(ROOT / "tools"))
import shell_cases  # noqa: E402  (its folder was added a line above)

SHELL = ROOT / "build" / "user" / "root" / "bin" / "sh"
CASES = shell_cases.load()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case):
    assert shell_cases.run(SHELL, case.script) == (case.output, case.status)


def test_the_table_is_large_and_has_no_name_twice():
    assert len(CASES) >= 250
    assert len({case.name for case in CASES}) == len(CASES)


def test_all_cases_inside_quire(shell):  # noqa: F811
    vm = shell()
    text, status = output_of(vm, "sh /shell/cases.sh")
    assert text.splitlines()[-1] == f"0 of {len(CASES)} differ", text
    assert status == 0
    check_invariants(vm)
