"""tools/run_tests.py counts nothing as passed that did not pass."""
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import run_tests  # noqa: E402


@pytest.fixture
def host_program(tmp_path, monkeypatch):
    """Puts a shell script in the place of build/host32/host_tests, which runs in one piece."""
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)

    def write(script, bits=32):
        program = tmp_path / "build" / f"host{bits}" / "host_tests"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)

    return write


RESULTS = """cat > ${1#*json:} <<'END'
{"testsuites": [{"testsuite": [
  {"name": "Adds", "classname": "Sum", "status": "RUN", "result": "COMPLETED"},
  {"name": "Waits", "classname": "Sum", "status": "NOTRUN", "result": "SUPPRESSED"},
  {"name": "Skips", "classname": "Sum", "status": "RUN", "result": "SKIPPED"}%s]}]}
END
"""
BAD = """, {"name": "Fails", "classname": "Sum", "status": "RUN", "result": "COMPLETED",
          "failures": [{"failure": "2 + 2 is 5"}]}"""


def test_host_results_are_counted(host_program):
    host_program(RESULTS % "" + "exit 0")
    outcome = run_tests.run_host(32, "")
    assert (outcome.passed, outcome.skipped, outcome.failures) == (1, 1, [])


def test_a_failed_host_test_says_how_to_run_only_it(host_program):
    host_program(RESULTS % BAD + "exit 1")
    outcome = run_tests.run_host(32, "")
    assert outcome.passed == 1
    assert outcome.failures == [run_tests.Failure("Sum.Fails", "2 + 2 is 5",
                                                  "make host32 FILTER='Sum.Fails'")]


@pytest.mark.parametrize("script", [
    'echo "[ RUN      ] A.One"; echo "[       OK ] A.One"; echo "[ RUN      ] A.Two"; kill -SEGV $$',
    'echo "[ RUN      ] A.One"; echo "[       OK ] A.One"; echo "[ RUN      ] A.Two"; exit 0'])
def test_a_crash_is_a_failure_of_the_test_under_way(host_program, script):
    host_program(script)
    outcome = run_tests.run_host(32, "")
    assert outcome.passed == 1
    assert [failure.name for failure in outcome.failures] == ["A.Two"]


def test_an_exit_code_without_a_failed_test_is_a_failure(host_program):
    host_program(RESULTS % "" + "exit 1")
    assert len(run_tests.run_host(32, "").failures) == 1


def test_a_program_that_is_missing_is_a_failure(host_program):
    assert len(run_tests.run_host(32, "").failures) == 1


def test_both_halves_of_the_64_bit_tests_count(host_program):
    host_program(RESULTS % BAD + "exit 1", bits=64)
    outcome = run_tests.run_host(64, "")
    assert outcome.passed == 2 and len(outcome.failures) == 2


def test_a_suite_in_which_nothing_ran_is_a_failure(monkeypatch):
    monkeypatch.setitem(run_tests.SUITES, "layers", ("", lambda *_: run_tests.Outcome()))
    assert len(run_tests.run_suite("layers", "", "", False).failures) == 1
    assert run_tests.run_suite("layers", "", "pattern", True).failures == []


@pytest.mark.parametrize("text, more, passed, failed", [
    ("1..2\nok 1 - a\nok 2 - b\n", [], 2, 0),
    ("1..2\nok 1 - a\nnot ok 2 - b\n", [], 1, 1),
    ("1..2\nok 1 - a\n", [], 1, 1),
    ("1..1\nok 1 - a\n", ["it hung"], 1, 1),
    ("", ["it hung"], 0, 1),
])
def test_guest_verdicts(text, more, passed, failed):
    outcome = run_tests.judge_tap("guest:pc", text, "", more, "")
    assert (outcome.passed, len(outcome.failures)) == (passed, failed)


def test_a_failed_guest_test_says_how_to_run_only_it():
    outcome = run_tests.judge_tap("guest:pc", "1..1\n# boom\nnot ok 1 - heap_grows\n", "", [], "")
    assert outcome.failures == [run_tests.Failure("heap_grows", "# boom",
                                                  "make test ONLY=guest:pc K=heap_grows")]


def test_system_results_are_counted(tmp_path):
    xml = tmp_path / "results.xml"
    xml.write_text("""<testsuites><testsuite>
      <testcase file="tests/system/test_a.py" name="test_one"/>
      <testcase file="tests/system/test_a.py" name="test_two[3]"><failure>no</failure></testcase>
      <testcase file="tests/system/test_a.py" name="test_three"><error message="gone"/></testcase>
      <testcase file="tests/system/test_a.py" name="test_four"><skipped/></testcase>
      </testsuite></testsuites>""")
    outcome = run_tests.system_results(xml)
    assert (outcome.passed, outcome.skipped) == (1, 1)
    assert [failure.words for failure in outcome.failures] == ["no", "gone"]
    assert "pytest 'tests/system/test_a.py::test_two[3]'" in outcome.failures[0].command
