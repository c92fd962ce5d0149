"""The monitor's view of programs: ps, maps, pt, explain PID ADDR, while they run."""
import re

import pytest
from quire_vm import PROMPT_AT_END
from test_programs import MONITOR_KEY, SHELL_READY, output_of

NOBODY = "There is no program with this number; try ps.\n"


@pytest.fixture
def vm(boot):
    """A shell (2) with a sleeper (3), seen from the monitor; vm.maps: what /proc told of that."""
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    text, _ = output_of(vm, "sleep 1000 & :")
    assert text.startswith("[1] 3")
    vm.maps, _ = output_of(vm, "cat /proc/3/maps")
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    return vm


def test_ps_lists_processes_and_kernel_threads(vm):
    lines = vm.command("ps").splitlines()
    rows = [line.split() for line in lines[1:]]
    assert lines[0].split() == ["PID", "PPID", "PGRP", "SID", "S", "NI", "SIZE-KiB", "RSS-KiB",
                                "SWAP-KiB", "TIME", "NAME"]
    assert [(row[0], row[1], row[4], row[-1]) for row in rows[:3]] == [
        ("1", "0", "S", "init"), ("2", "1", "S", "sh"), ("3", "2", "S", "sleep")]
    assert {"[reclaim]", "[write-back]"} <= {row[-1] for row in rows}


def test_maps_are_those_of_proc(vm):
    assert re.search(r"^0[0-9a-f]{7}-0[0-9a-f]{7} r-xp .* /bin/sleep$", vm.maps, re.M)
    assert vm.command("maps 3") == vm.maps


def test_page_tables_are_listed(vm):
    tables = vm.command("pt 3").splitlines()
    assert re.fullmatch(r"page directory in frame [0-9a-f]{5}", tables[0])
    starts = [line.split()[0].split("-")[0] for line in tables[2:]]
    assert starts == ["08000000", "bfc00000"]
    entries = vm.command("pt 3 bffff000").splitlines()
    assert entries and all(re.match(r" +\d+  bf[0-9a-f]{6}  [0-9a-f]{8}  [w-][a-][d-]  ", line)
                           for line in entries)
    assert vm.command("pt 3 40000000") == "no page table there\n"


@pytest.mark.parametrize("address, lines", [
    ("bffffff0", ["[stack]; frame ", "  read   works", "  write  works"]),
    ("40000000", ["in no region; below it ", "  page table: none", "  read   faults: SegvMapErr"]),
    ("bff00000", ["in no region; ", "  read   faults: GrowStack", "  write  faults: GrowStack"]),
    ("c0100000", ["in the kernel's half", "ring 3 read   page fault"]),
])
def test_explain_tells_what_an_access_would_do(vm, address, lines):
    text = vm.command(f"explain 3 {address}")
    for line in lines:
        assert line in text


def test_who_is_not_there_is_told_so(vm):
    for command in ("maps 77", "pt 77", "explain 77 0"):
        assert vm.command(command) == NOBODY
    assert vm.command("maps").startswith("usage: maps PID")
    assert vm.command("pt x").startswith("usage: pt PID")
    assert vm.command("pt 3 ?").startswith("usage: pt PID")
    assert vm.command("explain 3 ?").startswith("usage: explain [PID] ADDR")


def test_looking_changes_nothing(vm):
    before = vm.command("ps")
    for command in ("maps 3", "pt 3", "explain 3 bff00000", "explain 3 08048000"):
        vm.command(command)
    sizes = [re.findall(r"^ +3 .*", text, re.M) for text in (before, vm.command("ps"))]
    assert sizes[0] == sizes[1]
    assert "agree" in vm.command("mmck")


def test_the_kernel_tests_itself_beside_programs(vm):
    """Their page directories are loaded, and the monitor holds the kernel lock."""
    assert "not ok" not in vm.command("selftest")
    vm.send_serial("exit\r")
    vm.wait_for("\n")
    assert output_of(vm, "echo on") == ("on\n", 0)
