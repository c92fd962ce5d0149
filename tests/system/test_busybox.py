"""Debian's busybox on Quire: a session of its shell and applets says what it says on Linux, and
leaves nothing behind; and its shell at the terminal.

build/busybox.img holds it; QUIRE_BUSYBOX_IMAGE names another.
"""
import difflib
import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from test_disk import drive
from test_files import fsck
from test_programs import MONITOR_KEY, PROMPT_AT_END, ROOT

HERE = Path(__file__).parent / "busybox"
RUNNER = ROOT / "build" / "test_programs" / "root" / "tests" / "run"
WHY_THERE_IS_NONE = ROOT / "build" / "busybox" / "make.log"
CURSOR_QUESTION = r"(?:\x1b\[6n)?"  # ash asks where the cursor is; a terminal would answer
READY = re.compile(rf"/[^\r\n]* # {CURSOR_QUESTION}$")


@pytest.fixture(scope="session")
def busybox_image() -> Path:
    path = Path(os.environ.get("QUIRE_BUSYBOX_IMAGE", ROOT / "build" / "busybox.img"))
    if not path.exists():
        said = WHY_THERE_IS_NONE.read_text().strip() if WHY_THERE_IS_NONE.exists() else "nothing"
        pytest.fail(f"{path} does not exist. It needs Debian's package busybox-static, from the "
                    f"network; 'make busybox-image' makes it. That said: {said}", pytrace=False)
    return path


@pytest.fixture
def root_copy(busybox_image, tmp_path):
    return shutil.copy(busybox_image, tmp_path / "root.img")


@pytest.fixture
def archive(tmp_path):
    """A disk that is a tar archive: the session, and /tests/run with the session as a test."""
    path = tmp_path / "session.tar"
    with tarfile.open(path, "w") as tar:
        for file in sorted(HERE.iterdir()):
            tar.add(file, f"session/{file.name}")
        tar.add(RUNNER, "tests/run")
        script = tar.gettarinfo(HERE / "session.sh", "tests/session")
        script.mode = 0o755
        with open(HERE / "session.sh", "rb") as content:
            tar.addfile(script, content)
    return path


def output_of(vm, line, timeout=600):
    """What ash prints for a line that is typed. The words of the mark are apart in the echo."""
    vm.skip_serial()
    start = len(vm.serial_text())
    vm.send_serial(f"{line}; echo end-of''-output $?\r")
    match = vm.wait_for(re.compile(r"end-of-output (\d+)\r\n"), timeout)
    text = vm.serial_text()[start:match.start()].replace("\r", "")
    vm.wait_for(READY)
    return text.partition("$?\n")[2], int(match[1])


def check_invariants(vm):
    vm.send_serial(MONITOR_KEY)
    vm.wait_for(PROMPT_AT_END)
    assert "agree" in vm.command("mmck", timeout=300)


def difference(expected, said):
    return "\n".join(difflib.unified_diff(expected.split("\n"), said.split("\n"),
                                          "on Linux", "on Quire", lineterm=""))


def test_the_session_is_the_same_as_on_linux(boot, busybox_image, root_copy, archive):
    vm = boot(disk_image=busybox_image, shell=True, memory=64, cmdline="root=hdb1",
              extra=drive(root_copy, "hdb") + drive(archive, "hdc"))
    vm.wait_for(READY)
    assert output_of(vm, "tar -xf /dev/hdc -C /") == ("", 0)
    judged, code = output_of(vm, "/tests/run session")
    said, _ = output_of(vm, "cat /tmp/transcript")
    expected = (HERE / "session.expected").read_text()
    assert said == expected, difference(expected, said)
    assert "ok 1 - session: ends well" in judged and code == 0, judged
    assert output_of(vm, "rm -r /session /tests; sync") == ("", 0)
    check_invariants(vm)
    vm.kill()
    done = fsck(root_copy, "-fn")
    assert done.returncode == 0, done.stdout
