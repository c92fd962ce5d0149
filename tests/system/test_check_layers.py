"""tools/check_layers.py lets a right tree pass and names what is wrong with a wrong one."""
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"

RIGHT = {
    "Makefile": "",
    ".clang-format": "",
    "kernel/base/result.h": "#include <cstdint>\n",
    "kernel/abi/errno.h": "",
    "kernel/panic.h": "",
    "kernel/main.cpp": '#include "boot/boot_info.h"\n#include "cpu/idt.h"\n#include "mm/types.h"\n',
    "mm/types.h": '#include "kernel/base/result.h"\n',
    "mm/machine.h": '#include "mm/types.h"\n',
    "mm/region.h": "",
    "cpu/ports.h": "",
    "cpu/idt.h": '#include "mm/machine.h"\n',
    "drivers/serial.h": "",
    "drivers/serial.cpp": '#include "drivers/serial.h"\n#include "cpu/ports.h"\n',
    "drivers/decoder.h": '#include "kernel/base/result.h"\n',
    "boot/layout.inc": "",
    "boot/boot_info.h": "",
    "boot/stage1.asm": '%include "boot/layout.inc"\n',
    "libc/include/string.h": "",
    "libc/string.cpp": "#include <string.h>\n",
    "tests/host/a_test.cpp": '#include <vector>\n#include "drivers/decoder.h"\n#include "mm/region.h"\n',
}


def run(tmp_path, changes):
    for name, text in {**RIGHT, **changes}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)


def test_a_right_tree_passes(tmp_path):
    result = run(tmp_path, {})
    assert result.returncode == 0, result.stdout
    assert "0 breaches" in result.stdout


def test_this_tree_passes():
    result = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name, line, rule", [
    ("mm/bad.cpp", '#include "cpu/ports.h"', "mm/ may not include cpu/ports.h"),
    ("mm/bad.cpp", '#include "kernel/panic.h"', "mm/ may not include kernel/panic.h"),
    ("kernel/base/bad.h", '#include "mm/types.h"', "kernel/base/ may not include mm/types.h"),
    ("kernel/abi/bad.h", '#include "kernel/base/result.h"', "kernel/abi/ may not include"),
    ("cpu/bad.cpp", '#include "mm/region.h"', "cpu/ may not include mm/region.h"),
    ("cpu/bad.cpp", '#include "boot/boot_info.h"', "cpu/ may not include boot/boot_info.h"),
    ("cpu/bad.asm", '%include "boot/layout.inc"', "cpu/ may not include boot/layout.inc"),
    ("drivers/bad.cpp", '#include "cpu/idt.h"', "drivers/ may not include cpu/idt.h"),
    ("drivers/bad.cpp", '#include "kernel/panic.h"', "drivers/ may not include kernel/panic.h"),
    ("libc/heap/bad.cpp", '#include "mm/types.h"', "libc/heap/ may not include mm/types.h"),
    ("libc/bad.cpp", '  #  include "kernel/base/result.h"', "libc/ may not include kernel/base"),
    ("tests/host/bad.cpp", '#include "cpu/idt.h"', "tests/host/ may not include cpu/idt.h"),
    ("tests/host/bad.cpp", '#include "boot/boot_info.h"', "tests/host/ may not include boot/"),
    ("tests/host/bad.cpp", '#include "drivers/serial.h"', "the hardware driver drivers/serial.h"),
    ("mm/bad.cpp", '#include "types.h"', "is not a path from the root"),
    ("mm/bad.cpp", '#include "../kernel/base/result.h"', "is not a path from the root"),
    ("mm/bad.cpp", "#include <vector>", "<vector> needs an operating system"),
    ("tests/other/bad.cpp", '#include "mm/types.h"', "in no room of the table"),
])
def test_a_wrong_include_is_named(tmp_path, name, line, rule):
    result = run(tmp_path, {name: "// First line.\n" + line + "\n"})
    assert result.returncode == 1
    assert f"{name}:2: " in result.stdout
    assert rule in result.stdout
    assert "1 breaches" in result.stdout


@pytest.mark.parametrize("stray", ["notes.txt", "scratch/x.h"])
def test_a_stray_thing_in_the_root_is_named(tmp_path, stray):
    result = run(tmp_path, {stray: ""})
    assert result.returncode == 1
    assert "does not belong into the root" in result.stdout


def test_ignored_files_may_lie_in_the_root(tmp_path):
    assert run(tmp_path, {".gitignore": "core\n", "core": ""}).returncode == 0


def test_an_empty_tree_is_no_success(tmp_path):
    assert subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True).returncode == 1
