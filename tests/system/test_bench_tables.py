"""tests/bench: what the scripts read of the programs' lines, and the table they write."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import bench_costs  # noqa: E402
import bench_growth  # noqa: E402
import floor  # noqa: E402
import results  # noqa: E402

COSTS = {name: 100 + index for index, name in enumerate(bench_costs.ROWS)}


def costs_text(costs, loop="2.00"):
    lines = [f"cost: loop {loop} of 1000"] + [f"cost: {name}   {value}.25 of 7" for name, value in costs.items()]
    return "/bench/process_costs\r\n" + "\r\n".join(lines) + "\r\n# "


def test_costs_are_read_row_by_row():
    assert bench_costs.parse(costs_text(COSTS)) == {name: value + 0.25 for name, value in COSTS.items()}


def test_a_row_that_is_missing_ends_the_run():
    with pytest.raises(SystemExit, match="no figure for pipe "):
        bench_costs.parse(costs_text({name: value for name, value in COSTS.items() if name != "pipe"}))


@pytest.mark.parametrize("loop", ["1.90", "2.10", "37.00"])
def test_a_clock_that_counts_something_else_ends_the_run(loop):
    with pytest.raises(SystemExit, match="a loop of 2 instructions"):
        bench_costs.parse(costs_text(COSTS, loop))


def test_floors_are_read_and_their_clock_is_looked_at():
    assert floor.parse("floor: loop 2.00 of 1000\nfloor: getpid 4.00 of 1000\n") == {"getpid": 4.0}
    with pytest.raises(SystemExit, match="took 3.0 clocks"):
        floor.parse("floor: loop 3.00 of 1000\nfloor: getpid 4.00 of 1000\n")


def growth_text(end="growth: done\n"):
    return "".join(f"growth: {axis} {curve} {x} 10.50\n" for axis, curve in bench_growth.CURVES
                   for x in (16, 1)) + end


def test_points_of_a_curve_come_in_order():
    curves = bench_growth.parse(growth_text())
    assert curves["size", "zero-fault"] == [(1, 10.5), (16, 10.5)]
    assert set(curves) == set(bench_growth.CURVES)


def test_a_program_that_did_not_come_to_its_end_ends_the_run():
    with pytest.raises(SystemExit, match="the end"):
        bench_growth.parse(growth_text(end=""))


@pytest.mark.parametrize("promise, points, expected", [
    (bench_growth.CONSTANT, [(1, 100.0), (16, 100.0)], 1.0),
    (bench_growth.CONSTANT, [(1, 100.0), (16, 300.0), (64, 300.0)], 3.0),
    (bench_growth.LINEAR, [(1, 10.0), (16, 160.0)], 1.0),
    (bench_growth.LINEAR, [(1, 10.0), (10, 200.0)], 2.0),
    (bench_growth.LOGARITHM, [(16, 40.0), (256, 80.0)], 1.0),
])
def test_the_steepest_step_is_compared_with_the_promise(promise, points, expected):
    assert bench_growth.steepest(points, promise) == pytest.approx(expected)


@pytest.mark.parametrize("value, goal, expected", [
    ("60", "<= 60", "yes"), ("60.01", "<= 60", "NO"), ("95", ">= 95", "yes"), ("94", ">= 95", "NO"), ("1", "", "")])
def test_goals(value, goal, expected):
    assert results.reached(value, goal) == expected


@pytest.mark.parametrize("value, expected", [
    ("213.00", "213"), ("977.06", "977.1"), ("0.12", "0.12"), ("6031267.00", "6,031,267"), ("1985.9", "1,986")])
def test_numbers_are_readable(value, expected):
    assert results.number(value) == expected


@pytest.mark.parametrize("value, peer, expected", [
    ("200", "400", "0.50"), ("42634", "6031267", "0.0071"), ("1", "", ""), ("1", "95.3; 0", ""), ("1", "0", "")])
def test_ratios(value, peer, expected):
    assert results.ratio(value, peer) == expected


def test_a_table_replaces_its_own_rows_only(tmp_path):
    path = tmp_path / "bench" / "results.tsv"
    for prefix, names in (("cost: ", ["old", "older"]), ("slab: ", ["pair"]), ("cost: ", ["new"])):
        table = results.Table(prefix)
        for name in names:
            table.add(name, "5.00", "instructions", "<= 4", "Linux", "10", "2")
        table.write(path)
    assert [row["name"] for row in results.read(path)] == ["slab: pair", "cost: new"]
    assert results.read(path)[1] == {"name": "cost: new", "value": "5.00", "unit": "instructions", "goal": "<= 4",
                                     "peer": "Linux", "peer value": "10", "ratio": "0.50", "floor": "2"}


def test_a_line_says_whether_the_goal_is_reached():
    assert results.Table.line(["x", "5", "bytes", "<= 4", "", "", "", ""]).endswith("goal <= 4 NO")
