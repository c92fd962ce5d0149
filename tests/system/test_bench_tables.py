"""tests/bench: what the scripts read of the programs' lines, and the table they write."""
import io
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import bench_boot  # noqa: E402
import bench_costs  # noqa: E402
import bench_growth  # noqa: E402
import floor  # noqa: E402
import results  # noqa: E402
import write_measurements  # noqa: E402

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


BOOK = """prose
<!-- figures: cost | fork; COW -->
old
<!-- end of figures -->
more prose
<!-- figures: slab -->
kept
<!-- end of figures -->
"""


def row(name, **more):
    return {"name": name, "value": "5.00", "unit": "instructions", "goal": "", "peer": "", "peer value": "",
            "ratio": "", "floor": "", **more}


def test_a_mark_gets_the_rows_it_asks_for():
    rows = [row("cost: fork + exit", goal="<= 4", peer="Linux 6", **{"peer value": "10.00"}, ratio="0.50"),
            row("cost: getpid"), row("cost: COW copy"), row("slab cache: x")]
    text, without = write_measurements.filled(BOOK, rows)
    assert text == BOOK.replace("old\n", "| | value | | goal | Linux 6 | ratio |\n"
                                "|---|--:|---|--:|--:|--:|\n"
                                "| fork + exit | 5 | instructions | <= 4 **no** | 10 | 0.50 |\n"
                                "| COW copy | 5 | instructions |  |  |  |\n")
    assert without == ["slab"]


def test_columns_without_a_word_are_left_out():
    text, _ = write_measurements.filled(BOOK, [row("slab: pair")])
    assert "| | value | |\n|---|--:|---|\n| pair | 5 | instructions |\n" in text


def test_peers_that_differ_are_named_in_the_row():
    rows = [row("slab: a", peer="X", **{"peer value": "1"}), row("slab: b", peer="Y", **{"peer value": "2"})]
    text, _ = write_measurements.filled(BOOK, rows)
    assert "| peer |" in text and "| 1 (X) |" in text and "| 2 (Y) |" in text


def test_filling_twice_is_filling_once():
    rows = [row("slab: pair"), row("cost: fork")]
    once, _ = write_measurements.filled(BOOK, rows)
    assert write_measurements.filled(once, rows)[0] == once


def test_the_book_has_a_mark_for_every_measurement():
    marks = {match[2].strip() for match in write_measurements.BLOCK.finditer(write_measurements.BOOK.read_text())}
    prefixes = {match[1] for path in write_measurements.BOOK.parent.parent.glob("tests/bench/*.py")
                for match in re.finditer(r'results\.Table\("([\w ]+): "\)', path.read_text())}
    assert marks == prefixes | {"itemised"}


def test_rows_that_miss_their_goal():
    rows = [row("cost: getpid", goal="<= 4"), row("cost: COW copy, a page", goal="<= 5"), row("cost: munmap, per touched page"),
            row("slab: getpid", goal="<= 4")]
    assert bench_costs.missed(rows) == ["getpid"]


def test_functions_of_a_row_stand_in_the_book():
    text, _ = write_measurements.filled("<!-- figures: itemised -->\n<!-- end of figures -->\n", [],
                                        [["getpid", "213.0", "run 41, others 3"]])
    assert "| getpid | 213 | run 41, others 3 |\n" in text


def test_parts_of_a_boot_by_address():
    assert [bench_boot.part_of(address) for address in (0xFFFF0, 0x7C00, 0x8000, 0x100000, 0x7FB0000, 0x8048000,
                                                        0xC0101000, 0xFFFFFFF0)] == [
        "SeaBIOS", "stage 1", "stage 2", "entry", "SeaBIOS", "programs", "kernel", "SeaBIOS"]


def test_a_boot_is_counted_until_its_end():
    def line(address):
        return b"Trace 0: 0x7f0000000100 [00000000/%08x/000003b0/ff000201]\n" % address

    log = b"".join(map(line, (0xFFFFFFF0, 0x7C00, 0x7C02, 0xC0101000, 0xC0101004, 0xC0101000)))
    for at_once in (1 << 20, 100, 7):
        counts = bench_boot.by_part(io.BytesIO(log), 0xC0101004, at_once)
        assert counts == {"SeaBIOS": 1, "stage 1": 2, "kernel": 1}
    assert bench_boot.by_part(io.BytesIO(log), 0xC0777777) is None


def test_sizes_are_all_there_or_the_run_ends():
    text = "size: free 100\nsize: page-tables 68\nsize: slab 0\nsize: beside -4\n"
    assert bench_boot.sizes_of(text)["beside"] == -4
    with pytest.raises(SystemExit, match="did not tell slab"):
        bench_boot.sizes_of(text.replace("size: slab 0\n", ""))


def test_every_function_of_the_book_has_its_reason():
    book = write_measurements.BOOK.read_text()
    rows = re.search(r"<!-- figures: itemised -->(.*?)<!-- end", book, re.DOTALL)[1].splitlines()
    cells = [row.split(" | ")[2].removesuffix(" |") for row in rows if row.count(" | ") >= 2 and "---" not in row][1:]
    named = {name for cell in cells for name in re.findall(r"(?:^|, )(.+?) [\d,]+(?:\.\d+)?(?=, |$)", cell)
             if not re.fullmatch(r"\d+ others", name)}
    reasons = dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", book, re.MULTILINE))
    assert len(named) > 20
    assert not named - set(reasons)
