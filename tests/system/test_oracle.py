"""The system calls answer as Linux does: /oracle on the tests' image against the answers of Debian's
Linux that are kept in tests/oracle/expected (docs/oracle.md). A test a subject; `make oracle` asks Linux anew."""
import sys
from pathlib import Path

import pytest
from test_programs import check_invariants, output_of, shell, tests_image  # noqa: F401

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import oracle  # noqa: E402


def calls_of(cases):
    return {case.partition(":")[0] for case in cases}


@pytest.mark.parametrize("subject", oracle.subjects())
def test_answers_as_linux_does(shell, subject):  # noqa: F811
    vm = shell()
    text, status = output_of(vm, f"/oracle {subject}")
    assert status == 0
    linux = oracle.expected(subject)
    differ = oracle.differences(subject, linux, oracle.parse(text)[subject])
    unexplained = [str(difference) for difference in differ if not difference.reason]
    assert not unexplained, "\n".join(unexplained)
    rows = {case for its, case in oracle.argued() if its == subject}
    assert rows <= {difference.case for difference in differ}, "argued, but there is no difference"
    absent = calls_of(linux) & oracle.absent().keys()
    assert absent <= calls_of(difference.case for difference in differ), "said to be absent, but there"
    check_invariants(vm)


def test_no_argument_outlives_its_difference():
    """A row of docs/oracle.md names a case that is there, and Linux's answer to it."""
    for (subject, case), (linux, quire, _) in oracle.argued().items():
        assert oracle.expected(subject).get(case) == linux != quire
