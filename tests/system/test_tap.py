"""The TAP reader: a sound run, and every way in which a run must not count."""
import pytest
import tap


def test_a_sound_run():
    run = tap.parse("[info] booting\r\n1..3\r\nok 1 - adds\r\n# expected 4\r\n# got 5\r\n"
                    "not ok 2 - subtracts\r\nok 3 - divides # SKIP no divider\r\n")
    assert run.faults == []
    assert [(result.name, result.verdict) for result in run.results] == [
        ("adds", "passed"), ("subtracts", "failed"), ("divides", "skipped")]
    assert run.results[1].diagnostics == ["# expected 4", "# got 5"]


@pytest.mark.parametrize("text, fault", [
    ("", "no plan"),
    ("ok 1 - a\n", "no plan"),
    ("1..0\n", "no test was planned"),
    ("1..2\nok 1 - a\n", "2 tests were planned, 1 reported"),
    ("1..1\nok 1 - a\nok 2 - b\n", "1 tests were planned, 2 reported"),
    ("1..2\nok 1 - a\nok 3 - c\n", "result 3 came where 2 was due"),
    ("1..1\nok 1 - a\n1..1\nok 1 - a\n", "2 plans"),
    ("1..1\nok 1 - a\nBail out! panic\n", "Bail out!"),
    ("1..1\nxok 1 - a\n", "1 tests were planned, 0 reported"),
])
def test_an_unsound_run_has_a_fault(text, fault):
    assert any(fault in found for found in tap.parse(text).faults)


def test_diagnostics_behind_the_last_result_do_not_hide_it():
    run = tap.parse("1..1\nnot ok 1\n# why\n")
    assert run.results == [("test 1", "failed", [])]
    assert run.faults == []
