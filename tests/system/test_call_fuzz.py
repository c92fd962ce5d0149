"""Hostile system calls of several processes at once (/fuzz/calls, tests/guest/fuzz): whatever they
ask, the kernel neither stops nor loses anything, and the disk stays sound.

QUIRE_FUZZ_CALLS says how many calls (20,000), QUIRE_FUZZ_SEEDS which seeds ("1"), QUIRE_FUZZ_MEMORY on
PCs with how much MiB ("16"); `make fuzz-calls` runs a million on each of eight seeds and two PCs.
"""
import os
import re
import shutil

import pytest
from quire_vm import SHELL_PROMPT
from test_disk import drive
from test_files import fsck
from test_programs import check_invariants, output_of, tests_image  # noqa: F401

CALLS = int(os.environ.get("QUIRE_FUZZ_CALLS", "20000"))
SEEDS = os.environ.get("QUIRE_FUZZ_SEEDS", "1").split()
MEMORY = os.environ.get("QUIRE_FUZZ_MEMORY", "16").split()
SECONDS_A_CALL = 0.02
SLOW = "throttling.iops-total=300"


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_calls(boot, image, tests_image, tmp_path, seed, memory):  # noqa: F811
    disk = shutil.copy(tests_image, tmp_path / "root.img")
    vm = boot(disk_image=image, shell=True, memory=int(memory), cmdline="root=hdb1",
              extra=drive(disk, "hdb", options="," + SLOW))
    vm.wait_for(re.compile(rf"(?<![^\r\n]){re.escape(SHELL_PROMPT)}$"))
    text, status = output_of(vm, f"/fuzz/calls {seed} {CALLS}", 600 + CALLS * SECONDS_A_CALL)
    made = [int(count) for count in re.findall(r"(\d+) calls, \d+ workers", text)]
    assert status == 0 and max(made) >= CALLS, text
    assert output_of(vm, "echo sound") == ("sound\n", 0)
    check_invariants(vm)
    assert vm.command("sync", timeout=600) == ""
    vm.kill()
    done = fsck(disk, "-fn")
    assert done.returncode == 0, done.stdout
