"""The system calls answer as Linux does: /oracle on the tests' image against the answers of Debian's
Linux that are kept in tests/oracle/expected (docs/oracle.md). A test a subject; `make oracle` asks Linux anew."""
import sys
from pathlib import Path

import pytest
from test_programs import check_invariants, output_of, shell, tests_image  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import oracle  # noqa: E402


@pytest.mark.parametrize("subject", oracle.subjects())
def test_answers_as_linux_does(shell, subject):  # noqa: F811
    vm = shell()
    text, status = output_of(vm, f"/oracle {subject}")
    assert status == 0
    differ = oracle.differences(subject, oracle.expected(subject), oracle.parse(text)[subject])
    unexplained = [str(difference) for difference in differ if not difference.reason]
    assert not unexplained, "\n".join(unexplained)
    check_invariants(vm)


def test_no_argument_outlives_its_difference():
    """A row of docs/oracle.md names a case that is there, and Linux's answer to it."""
    for (subject, case), (linux, quire, _) in oracle.argued().items():
        assert oracle.expected(subject).get(case) == linux != quire
