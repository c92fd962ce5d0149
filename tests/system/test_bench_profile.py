"""tests/bench/profile.py: what it makes of QEMU's log of executed instructions and of nm's symbols."""
import io
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import profile  # noqa: E402

LISTING = ["c0101000 T trap_common", "c0101010 t ..@7.done", "         U missing",
           "c0102000 T quire::kernel::(anonymous namespace)::call_getpid(quire::cpu::TrapFrame&)",
           "c0103000 R some_table", "c0104000 W memset"]
MARK = 0x20000050


@pytest.fixture
def kernel():
    return profile.Symbols(LISTING)


def test_an_address_belongs_to_the_function_before_it(kernel):
    assert kernel.name_at(kernel.start_of(0xC0102345)).startswith("quire::kernel::")


def test_a_macros_label_is_no_function(kernel):
    assert kernel.start_of(0xC0101014) == 0xC0101000


def test_data_is_no_function(kernel):
    assert kernel.start_of(0xC0103004) == 0xC0102000


def test_before_the_first_function_there_is_none(kernel):
    assert kernel.start_of(0xC0000000) is None


def test_a_function_is_found_by_its_short_name(kernel):
    assert kernel.address("kernel::call_getpid") == 0xC0102000


def test_a_function_that_is_not_there_ends_the_program(kernel):
    with pytest.raises(SystemExit, match="nonesuch"):
        kernel.address("nonesuch")


@pytest.mark.parametrize("name, expected", [
    ("memset", "memset"),
    ("quire::mm::decide(quire::mm::FaultFacts const&)", "mm::decide"),
    ("quire::fs::(anonymous namespace)::read(int)", "fs::read"),
    ("quire::mm::take<decltype(nullptr)>(int)", "mm::take<decltype(nullptr)>"),
    ("quire::A::operator()(int)", "A::operator()"),
])
def test_short_names(name, expected):
    assert profile.short(name) == expected


def test_addresses_come_from_the_lines_that_tell_of_an_execution():
    log = io.BytesIO(b"Trace 0: 0x7f3c48000100 [00000000/c0101000/000003b0/ff000201] trap_common\n"
                     b"Stopped execution of TB chain before 0x7f3c48 [c0101001]\n"
                     b"Trace 0: 0x7f3c48000100 [00000000/20000050/000003b0/ff000201]\n")
    assert list(profile.addresses(log)) == [0xC0101000, MARK]


def test_a_window_lies_between_two_marks():
    executed = [1, MARK, 2, 3, 2, MARK, 4, MARK, 5, MARK, MARK]
    assert list(profile.windows(executed, MARK)) == [Counter({MARK: 1, 2: 2, 3: 1}), Counter({MARK: 1, 5: 1})]


def test_functions_have_instructions_and_calls(kernel):
    counts = Counter({0xC0101000: 3, 0xC0101010: 3, 0xC0104004: 7, 0x20000080: 2, 0x08048000: 1})
    assert profile.by_function(counts, kernel) == {
        "trap_common": (6, 3), "memset": (7, 0), "(ring 3)": (2, 0), "(ring 3, other programs)": (1, 0)}


def test_a_row_for_the_book_has_its_dearest_functions_first(kernel):
    counts = Counter({0xC0101000: 30, 0xC0104004: 160, 0x20000080: 2})
    assert profile.itemised(counts, 2, kernel) == "memset 80, trap_common 15, 1 others 1"
