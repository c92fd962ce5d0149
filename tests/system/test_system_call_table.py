"""The book's table of system calls is the kernel's."""
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def check(root: Path) -> subprocess.CompletedProcess:
    script = root / "tools" / "system_call_table.py"
    return subprocess.run([sys.executable, script], capture_output=True, text=True)


def copy_of_the_tree(tmp_path: Path) -> Path:
    for folder in ("kernel", "tools", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_the_book_shows_the_rows_there_are():
    result = check(ROOT)
    assert result.returncode == 0, result.stdout


def test_a_row_more_is_noticed(tmp_path):
    root = copy_of_the_tree(tmp_path)
    (root / "kernel/new_calls.cpp").write_text("SYSTEM_CALL(511, new_call, call_new, CallTraits::plain());\n")
    assert "does not show" in check(root).stdout


def test_a_number_that_is_used_twice_is_noticed(tmp_path):
    root = copy_of_the_tree(tmp_path)
    (root / "kernel/new_calls.cpp").write_text("SYSTEM_CALL(3, again, call_new, CallTraits::plain());\n")
    assert "system call 3 has two rows" in check(root).stdout
