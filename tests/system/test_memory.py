"""The kernel's map as QEMU sees it from outside, and what the monitor says of memory."""
import re
import subprocess
import time

import pytest
from quire_vm import DEFAULT_TIMEOUT, scaled

KERNEL_BASE = 0xC0000000
PAGE = 4096
MACHINES = {"plain": dict(memory=16), "large": dict(memory=1024),
            "no-pse-pge": dict(memory=16, cpu="qemu32,-pge,-pse")}


@pytest.fixture(scope="module")
def extents(kernel_elf):
    """Symbol name -> address, of those linker.ld bounds the kernel's parts with."""
    listing = subprocess.run(["nm", kernel_elf], check=True, text=True, capture_output=True).stdout
    return {words[2]: int(words[0], 16) for words in map(str.split, listing.splitlines())
            if len(words) == 3 and re.fullmatch(r"(text|rodata|data|symbols)_(start|end)|kernel_end|"
                                                r"boot_stack_guard", words[2])}


def mappings(vm):
    """What `info tlb` finds by walking CR3: (linear, physical, flags), 4 MiB pages cut into small."""
    found = []
    for line in vm.hmp("info tlb").splitlines():
        match = re.fullmatch(r"([0-9a-f]{16}): ([0-9a-f]{16}) (\S{9,10})", line.strip())
        assert match, line
        linear, physical, flags = int(match[1], 16), int(match[2], 16), match[3]
        step = 1024 if "P" in flags else 1
        found += [(linear + i * PAGE, physical + i * PAGE, flags) for i in range(step)]
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_executable_as_kernel_text_is_writable(boot, extents, machine):
    vm = boot.to_prompt(**MACHINES[machine])
    pages = mappings(vm)
    assert len(pages) > 1000
    read_only = [(extents[f"{part}_start"] - KERNEL_BASE, extents[f"{part}_end"] - KERNEL_BASE)
                 for part in ("text", "rodata")]
    for linear, physical, flags in pages:
        assert linear >= KERNEL_BASE, "the user half and the null page are not mapped"
        assert "U" not in flags, f"ring 3 may use {linear:08x}"
        if any(first <= physical < end for first, end in read_only):
            assert "W" not in flags, f"{linear:08x} makes kernel text writable"
        if "-pge" in MACHINES[machine].get("cpu", ""):
            assert "G" not in flags and "P" not in flags
    text_pages = [linear for linear, *_ in pages
                  if extents["text_start"] <= linear < extents["text_end"]]
    assert len(text_pages) == (extents["text_end"] - extents["text_start"]) // PAGE
    assert extents["boot_stack_guard"] not in [linear for linear, *_ in pages]


# The sum of what is managed and what the boot keeps is all the BIOS gave, in whole frames.
@pytest.mark.parametrize("memory", [4, 16, 128, 1024, 3584])
def test_all_ram_is_accounted_for(boot, memory):
    vm = boot.to_prompt(memory=memory)
    report = vm.command("mem")
    kinds = re.findall(r"^ +([0-9A-F]{9})-([0-9A-F]{9}) +\d+ KiB  usable$", report, re.MULTILINE)
    window = 768 * 256
    usable = sum(max(0, min(int(end, 16) >> 12, window) - (-(-int(first, 16) >> 12)))
                 for first, end in kinds)
    taken = re.findall(r"^ +([0-9A-F]{9})-([0-9A-F]{9}) +\d+ KiB  (\D+)$",
                       report.split("taken at boot")[1], re.MULTILINE)
    kept = sum((int(end, 16) - int(first, 16)) >> 12 for first, end, name in taken
               if name.strip() in ("kernel", "frame records", "frame bitmap"))
    managed = int(re.search(r"(\d+) managed", report)[1])
    assert managed == usable - kept + 1, "the kernel's .boot page came back"
    assert "agree" in vm.command("mmck")


def test_explain_tells_what_each_access_would_do(boot, extents):
    vm = boot.to_prompt()
    text = vm.command("explain kernel_main")
    assert re.search(r"ring 0 read +works", text)
    assert re.search(r"ring 0 write +page fault, error code 3", text)
    assert re.search(r"ring 3 read +page fault, error code 5", text)
    assert "kernel text" in text
    assert "never mapped" in vm.command("explain 0")
    assert "guard page" in vm.command(f"explain {extents['boot_stack_guard']:x}")
    assert "a 4 MiB page" in vm.command("explain C0400000")
    assert "usage" in vm.command("explain nonsense")


def test_frames_is_a_coloured_picture(boot, tmp_path):
    vm = boot.to_prompt(memory=64)
    picture = vm.command("frames")
    assert "16352 frames, 16 to a cell" in picture
    assert re.search(r"reserved +\d+", picture) and re.search(r"page table +\d+", picture)
    rows = [row for row in vm.screen_text() if re.match(r"[0-9A-F]{8} ", row)]
    assert len(rows) == 16 and rows[0].count("r") > 4


def test_the_heap_can_be_looked_at(boot):
    vm = boot.to_prompt()
    assert "bytes in" in vm.command("heap")
    assert "agree" in vm.command("mmck")


# Every third allocation fails: the kernel boots, a thousand requests are refused cleanly, and the
# books are right.
def test_failing_allocations_do_not_stop_the_kernel(boot):
    vm = boot.to_prompt(cmdline="failevery=3")
    vm.command("costs")
    assert int(re.search(r"(\d+) requests failed", vm.command("mem"))[1]) > 300
    assert "agree" in vm.command("mmck")


def test_frames_are_zeroed_ahead_while_nobody_types(boot):
    vm = boot.to_prompt()
    deadline = time.monotonic() + scaled(DEFAULT_TIMEOUT)
    while re.search(r"(\d+) of them zeroed ahead", vm.command("mem"))[1] == "0":
        assert time.monotonic() < deadline, "the idle loop zeroes nothing"
        time.sleep(0.1)


def test_a_non_maskable_interrupt_is_caught(boot):
    vm = boot.to_prompt()
    vm.hmp("nmi")
    vm.wait_for("Quire panic: non-maskable interrupt (NMI, vector 2)")
    vm.wait_for("The machine is halted.")


# The classic mistakes with kmalloc, with and without the watching heap.
def test_a_damaged_block_names_who_allocated_it(boot):
    vm = boot.to_prompt(cmdline="heapdebug")
    vm.send_serial("crash heap\r")
    vm.wait_for(re.compile(r"write 7 bytes past the block of 24 bytes at 0xf0\w+ allocated at "
                           r".*crash_heap\+0x"))


def test_a_double_free_is_caught(boot):
    vm = boot.to_prompt()
    vm.send_serial("crash heap\r")
    vm.wait_for("Quire panic: kernel heap: double free")


def test_the_watching_heap_passes_the_selftests(image, artifacts):
    from quire_vm import EXIT_PASSED, QuireVm
    with QuireVm(image, artifacts=artifacts, cmdline="selftest heapdebug slabdebug poison") as vm:
        assert vm.wait_exit() == EXIT_PASSED
