"""Debian's busybox on Quire: a session of its shell and applets says what it says on Linux, and
leaves nothing behind; its shell at the terminal; and programs of another C library, Debian's musl.

build/busybox.img holds it; QUIRE_BUSYBOX_IMAGE names another.
"""
import difflib
import os
import re
import shutil
import tarfile
import time
from pathlib import Path

import pytest
import tap
from test_disk import drive
from test_files import fsck
from test_programs import MONITOR_KEY, PROMPT_AT_END, ROOT

HERE = Path(__file__).parent / "busybox"
RUNNER = ROOT / "build" / "test_programs" / "root" / "tests" / "run"
MUSL_PROGRAMS = ROOT / "build" / "musl" / "root" / "tests"
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
        for program in sorted(MUSL_PROGRAMS.glob("*")):
            tar.add(program, f"tests/{program.name}")
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


def test_what_applets_tell_of_the_machine(boot, busybox_image):
    vm = boot(disk_image=busybox_image, shell=True, cmdline="a=word")
    vm.wait_for(READY)
    size = busybox_image.stat().st_size
    assert output_of(vm, "blockdev --getsize64 /dev/hda") == (f"{size}\n", 0)
    assert output_of(vm, "blockdev --getsz /dev/hda") == (f"{size // 512}\n", 0)
    assert output_of(vm, "blockdev --getss /dev/hda1") == ("512\n", 0)
    assert output_of(vm, "blockdev --getss /dev/null")[1] == 1
    assert re.search(r"^/dev/hda1 \*.* 83 Linux$", output_of(vm, "fdisk -l")[0], re.MULTILINE)
    assert output_of(vm, "cat /proc/cmdline") == ("a=word\n", 0)
    assert re.search(r" fs: hda1 is / ", output_of(vm, "dmesg")[0])
    assert re.search(r"^ .* up \d+ min, .*load average: 0\.", output_of(vm, "uptime")[0])
    assert re.search(r"^Mem: +\d+ +\d+ ", output_of(vm, "free")[0], re.MULTILINE)
    assert re.search(r"^/dev/hda1 .* /$", output_of(vm, "df")[0], re.MULTILINE)
    assert re.search(r"^ +1 root +/sbin/init$", output_of(vm, "ps")[0], re.MULTILINE)
    assert output_of(vm, "hostname other; hostname") == ("other\n", 0)
    assert output_of(vm, "date -s '2001-02-03 04:05:06' > /dev/null; date +%Y-%m-%d") == ("2001-02-03\n", 0)


@pytest.mark.parametrize("cmdline, programs", [("", "musl_"), ("hz=5000", "musl_pthreads")])
def test_programs_of_musl_run(boot, busybox_image, archive, cmdline, programs):
    chosen = list(MUSL_PROGRAMS.glob(f"{programs}*"))
    assert chosen, (
        "there are no programs of musl. They need Debian's package musl-dev, from the network; "
        "'make musl-programs' makes them")
    vm = boot(disk_image=busybox_image, shell=True, cmdline=cmdline, extra=drive(archive, "hdb"))
    vm.wait_for(READY)
    assert output_of(vm, "tar -xf /dev/hdb -C /") == ("", 0)
    text, code = output_of(vm, f"/tests/run {programs}")
    run = tap.parse(text)
    failed = [result.name for result in run.results if result.verdict != "passed"]
    assert not failed and not run.faults and code == 0, text
    assert run.count("passed") >= 2 * len(chosen), text
    check_invariants(vm)


# --- ash at the terminal ------------------------------------------------------------------------

BACKSPACE, INTERRUPT, SUSPEND, END_OF_FILE = "\x7f", "\x03", "\x1a", "\x04"
KILL_LINE, ERASE_WORD, STOP_OUTPUT, GO_ON = "\x15", "\x17", "\x13", "\x11"
UP, RIGHT, LEFT = "\x1b[A", "\x1b[C", "\x1b[D"
SECONDS_OF_SILENCE = 1.5


@pytest.fixture
def ash(boot, busybox_image):
    vm = boot(disk_image=busybox_image, shell=True)
    vm.wait_for(READY)
    return vm


def type_and_see(vm, keys, seen):
    vm.send_serial(keys)
    vm.wait_for(f"\r\n{seen}\r\n")
    vm.wait_for(READY)


EDITED = [
    # what is typed, what the line says then
    (f"echo abX{BACKSPACE}c\r", "abc"),
    (f"nonsense{KILL_LINE}echo kept\r", "kept"),
    (f"echo one thre{ERASE_WORD}two\r", "one two"),
    (f"echo ac{LEFT}b\r", "abc"),
    (f"cho d{LEFT * 6}e{RIGHT * 6}one\r", "done"),
    ("echo begi\x01\x05nning\r", "beginning"),
]


@pytest.mark.parametrize("keys, seen", EDITED, ids=[seen for _, seen in EDITED])
def test_ash_edits_the_line(ash, keys, seen):
    type_and_see(ash, keys, seen)


def test_ash_remembers_lines_and_completes_names(ash):
    type_and_see(ash, "echo first\r", "first")
    type_and_see(ash, f"{UP}{BACKSPACE * 5}second\r", "second")
    type_and_see(ash, f"{UP * 2}\r", "first")
    type_and_see(ash, "cat /etc/hostn\t\r", "quire")


def test_a_key_interrupts_and_the_code_tells(ash):
    ash.send_serial("sh -c 'echo rea\"\"dy; exec sleep 1000'\r")
    ash.wait_for("ready\r\n")
    ash.send_serial(INTERRUPT)
    ash.wait_for(READY)
    assert output_of(ash, "echo $?") == ("130\n", 0)


# It says when it is continued: then it has the terminal, too, if it is to have it.
JOB = """sh -c 'trap "echo goes on" CONT; echo rea""dy; while :; do sleep 0.1; done'"""


def test_a_job_stops_goes_on_behind_and_comes_back(ash):
    ash.send_serial(f"{JOB}\r")
    ash.wait_for("ready\r\n")
    ash.send_serial(SUSPEND)
    ash.wait_for(re.compile(r"\[1\]\+  Stopped +sh -c"))
    ash.wait_for(READY)
    ash.send_serial("bg\r")
    ash.wait_for(re.compile(r"\[1\] sh -c"))
    ash.wait_for("goes on\r\n")
    assert re.search(r"\[1\]\+  Running +sh -c", output_of(ash, "jobs")[0])
    ash.send_serial("fg\r")
    ash.wait_for("goes on\r\n")
    ash.send_serial(INTERRUPT)
    ash.wait_for(READY)
    assert output_of(ash, "jobs") == ("", 0)


def test_a_background_job_that_reads_is_stopped(ash):
    ash.send_serial("cat &\r")
    ash.wait_for(READY)
    assert output_of(ash, "usleep 300000")[1] == 0
    assert "Stopped (tty input)" in output_of(ash, "jobs")[0]
    ash.send_serial("fg\r")
    ash.wait_for("cat\r\n")
    ash.send_serial(f"typed\r{END_OF_FILE}")
    ash.wait_for("typed\r\ntyped\r\n")
    ash.wait_for(READY)


def test_output_stops_and_goes_on(ash):
    ash.send_serial("echo rea''dy; sleep 1; echo appea''red\r")
    ash.wait_for("ready\r\n")
    ash.send_serial(STOP_OUTPUT)
    time.sleep(1 + SECONDS_OF_SILENCE)
    assert "appeared" not in ash.serial_text()
    ash.send_serial(GO_ON)
    ash.wait_for("appeared\r\n")
    ash.wait_for(READY)


def test_the_terminal_has_a_size_and_settings(ash):
    assert output_of(ash, "stty size") == ("25 80\n", 0)
    assert output_of(ash, "stty rows 40 cols 100; stty size") == ("40 100\n", 0)
    # Who is in the foreground is told of a new size.
    assert output_of(ash, "sh -c 'trap \"stty size\" WINCH; stty rows 30'") == ("30 100\n", 0)
    assert "-echo " in output_of(ash, "stty -echo; stty -a; stty echo")[0]
    assert output_of(ash, "tty") == ("/dev/console\n", 0)


def test_end_of_file_ends_ash_and_init_starts_another(ash):
    first, _ = output_of(ash, "echo $$")
    ash.send_serial(END_OF_FILE)
    ash.wait_for("BusyBox")
    ash.wait_for(READY)
    second, _ = output_of(ash, "echo $$")
    assert int(second) > int(first)


def test_the_keyboard_edits_and_interrupts(ash):
    ash.send_keys("echo fromX")
    ash.press("backspace")
    ash.send_keys(" keys")
    ash.press("left", "left", "left", "left", "left")
    ash.send_keys(" the")
    ash.press("ret")
    ash.wait_for("\r\nfrom the keys\r\n")
    ash.wait_for(READY)
    ash.send_keys("lost")
    ash.press("ctrl-u")
    ash.send_keys("echo lost word")
    ash.press("ctrl-w")
    ash.send_keys("and found\n")
    ash.wait_for("\r\nlost and found\r\n")
    ash.wait_for(READY)
    ash.press("up", "up", "ret")
    ash.wait_for("\r\nfrom the keys\r\n")
    ash.wait_for(READY)
    ash.send_keys("sleep 1000\n")
    ash.wait_for("sleep 1000\r\n")
    ash.press("ctrl-c")
    ash.wait_for(READY)
    ash.send_keys("sleep 1000\n")
    ash.wait_for("sleep 1000\r\n")
    ash.press("ctrl-z")
    ash.wait_for(re.compile(r"\[1\]\+  Stopped"))
    ash.wait_for(READY)
    check_invariants(ash)


def test_full_screen_programs_draw_and_end(ash):
    assert output_of(ash, "cd /tmp; printf 'one\\ntwo\\n' > text")[1] == 0
    ash.send_serial("vi text\r")
    ash.wait_for("text 1/2")
    ash.send_serial("dd:wq\r")
    ash.wait_for(READY)
    assert output_of(ash, "cat text") == ("two\n", 0)
    ash.send_serial("less /docs/README.md\r")
    ash.wait_for("/docs/README.md")
    ash.send_serial("q")
    ash.wait_for(READY)
    ash.send_serial("top -d 1\r")
    ash.wait_for("Load average")
    ash.wait_for("Load average")
    ash.send_serial("q")
    ash.wait_for(READY)
