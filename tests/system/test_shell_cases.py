"""What the shell does is what dash does: the cases of shell_cases.txt, whose answers are dash's.

Natively, as /bin/sh is a Linux program like any other, case by case; and all of them inside Quire,
on one PC.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from test_programs import ROOT, check_invariants, output_of, shell, tests_image  # noqa: F401

sys.path.append(str(ROOT / "tools"))
import shell_cases  # noqa: E402  (its folder was added a line above)

SHELL = ROOT / "build" / "user" / "root" / "bin" / "sh"
LONGEST = 60
NOBODY = 65534  # for root there is no limit of processes
CASES = shell_cases.load()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case):
    assert shell_cases.run(SHELL, case.script) == (case.output, case.status)


def test_the_table_is_large_and_has_no_name_twice():
    assert len(CASES) >= 250
    assert len({case.name for case in CASES}) == len(CASES)


def test_a_script_in_a_pipe_is_read_line_by_line():
    """What follows the line of `read` is its line, and not a command (dash reads ahead)."""
    done = subprocess.run([SHELL], input="read x\nb c\necho \"<$x>\"\n", text=True, timeout=LONGEST,
                          stdout=subprocess.PIPE, check=False)
    assert done.stdout == "<b c>\n"


def test_a_syntax_error_is_told_with_its_line(tmp_path):
    script = tmp_path / "script"
    for text, line in (("echo a\nif true\nthen\n echo b)\nfi\n", 4), ("\n\nfor i in 1; do\n'", 4)):
        script.write_text(text)
        for words in ([SHELL, script], [SHELL, "-c", f". {script}"]):
            done = subprocess.run(words, text=True, timeout=LONGEST, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
            assert f"sh: {script}: {line}: syntax error: " in done.stderr
            assert done.returncode == 2


def test_a_pipeline_that_was_not_started_as_a_whole_has_failed():
    done = subprocess.run([SHELL, "-c", " | ".join(["true"] * 40)], timeout=LONGEST,
                          stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"sh: too many commands in a pipeline\n"
    assert done.returncode == 2


def test_each_command_knows_its_line(tmp_path):
    """Of the text it stands in; Debian's dash has been built without that."""
    lines = ["echo $LINENO", "f() {", "echo $LINENO; }", "f", "x=$(echo $LINENO", "echo $LINENO); echo $x",
             "echo `echo $LINENO` $((LINENO + 1))", "cat <<E", "$LINENO", "E", "if true; then", "echo $LINENO; fi; . ./other",
             "eval 'echo $LINENO", "echo $LINENO'; echo \\", "$LINENO; echo $LINENO", "LINENO=7; echo $LINENO"]
    told = ["1", "3", "5 6", "7 8", "8", "12", "other 2", "13", "14", "14", "15", "7"]
    (tmp_path / "script").write_text("\n".join(lines))
    (tmp_path / "other").write_text("\necho other $LINENO")
    for words, text in ((["script"], ""), (["-c", "\n".join(lines)], ""), ([], "\n".join(lines))):
        done = subprocess.run([SHELL, *words], input=text, cwd=tmp_path, text=True, timeout=LONGEST,
                              stdout=subprocess.PIPE, check=False)
        assert done.stdout.splitlines() == told


def test_a_pattern_cuts_each_argument():
    """Which POSIX leaves open: dash cuts the last one."""
    script = 'set -- a.c "b b.c" x; for i in "${@%.c}" ${*#a.} "<${*%%.*}>"; do echo "$i"; done; y=${@#?}; echo "$y"'
    done = subprocess.run([SHELL, "-c", script], text=True, timeout=LONGEST, stdout=subprocess.PIPE, check=False)
    assert done.stdout == "a\nb b\nx\nc\nb\nb.c\nx\n<a b b x>\n.c  b.c \n"


def test_what_is_there_is_newer_than_what_is_not(tmp_path):
    """So POSIX has it since 2024; dash does not."""
    script = "[ . -nt no ] && [ no -ot . ] && ! [ no -nt . ] && ! [ . -ot no ] && ! [ no -nt nor ]"
    assert subprocess.run([SHELL, "-c", script], cwd=tmp_path, timeout=LONGEST, check=False).returncode == 0


def test_an_alias_is_one_line():
    done = subprocess.run([SHELL, "-c", "alias a='one\ntwo'; echo $?"], text=True, timeout=LONGEST, capture_output=True,
                          check=False)
    assert (done.stdout, done.stderr) == ("2\n", "sh: alias: an alias is one line\n")


def test_a_redirection_that_cannot_be_undone_is_not_done():
    """The way back needs a descriptor from 10 on."""
    done = subprocess.run([SHELL, "-c", "ulimit -n 5; echo lost >/dev/null; echo $?; { :; } >&-; echo $?; echo on 9>/dev/null"],
                          text=True, timeout=LONGEST, capture_output=True, check=False)
    assert done.stdout == "2\n2\n"
    assert done.stderr == ("sh: /dev/null: Invalid argument\nsh: -: Invalid argument\n"
                           "sh: /dev/null: Bad file descriptor\n")


def test_a_here_document_needs_a_process_if_it_is_long():
    script = "ulimit -p 0; cat <<E\n" + "x" * 5000 + "\nE\necho $?"
    somebody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        done = subprocess.run([shutil.copy(SHELL, folder), "-c", script], text=True, timeout=LONGEST,
                              capture_output=True, check=False, **somebody)
    assert done.stdout == "2\n"
    assert "Resource temporarily unavailable" in done.stderr


LEFT, RIGHT = "\x1b[D", "\x1b[C"
UP, DOWN, HOME, END, DELETE = "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[3~"
TYPED = [
    # what is typed, line by line, and what comes last before the prompt
    (["echo hello"], "hello"),
    ([f"echo ac{LEFT}b"], "abc"),
    ([f"cho abcd{LEFT}{LEFT}\x7f{DELETE}{HOME}e{END}e"], "ade"),
    (["echo a b c\x17\x17X"], "a X"),
    (["echo a lost\x15echo b"], "b"),
    ([f"echo a lost{LEFT * 5}\x0b"], "a"),
    ([f"echo {'0123456789' * 12}{HOME}{RIGHT * 5}={END}="], "=" + "0123456789" * 12 + "="),
    (["echo one", "echo two", UP + UP], "one"),
    (["echo one", "echo two", UP + UP + DOWN], "two"),
    (["echo one", f"echo mine{UP}{DOWN} again"], "mine again"),
    (["mkdir ab ac; echo a\t\tb"], "ab"),
    (["ech\tright"], "right"),
    (["alias zany='echo z'", "zan\tx"], "z x"),
    (["mkdir 'a folder' 'a folder/inside'", "echo a\tin\tx"], "a folder/inside/x"),
    (["if true", "then echo yes", "fi"], "yes"),
    (["cat <<E", "a $((1 + 1))", "E"], "a 2"),
    (["echo 'a", "b'"], "b"),
    (["echo lost\x03", "echo kept"], "kept"),
    (["trap 'echo caught' INT", "echo lost\x03"], "caught"),
    (["while :; do :; done", "\x03", "echo $?"], "130"),
    (["while :; do sleep 1; done", "\x03", "echo $?"], "130"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "kill %1", "wait", "echo ended"], "ended"),
    # The job that stopped is the current one, whatever started later.
    (["sh -c 'echo ready; sleep 100'", "\x1a", "sleep 200 &", "jobs"],
     "[2]- Running            sleep 200"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "sleep 200 &", "bg"],
     "[1] sh -c 'echo ready; sleep 100'"),
    (["sleep 200 &", "sh -c 'echo ready; sleep 100'", "\x1a", "sleep 300 &", "bg"],
     "[2] sh -c 'echo ready; sleep 100'"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "kill -CONT %1; jobs"],
     "[1]+ Running            sh -c 'echo ready; sleep 100'"),
    # Job 1 stops again after job 2 has.
    (["sh -c 'trap \"echo ready\" CONT; echo ready; while :; do sleep 0.1; done'", "\x1a",
      "sh -c 'echo ready; sleep 100'", "\x1a", "fg %1 # ready", "\x1a", "jobs %+ >j; read n rest <j",
      "echo $n"], "[1]+"),
    # Who stops has its own modes of the terminal again when it goes on; nobody else has them.
    (["sh -c 'stty -icanon; echo ready; sleep 0.3; stty -a >s'", "\x1a", "stty -a >t; fg",
      "grep -l -e -icanon s t"], "s"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "exit"], "sh: there are stopped jobs"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "\x04"], "sh: there are stopped jobs"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "exit", "jobs", "exit"], "sh: there are stopped jobs"),
    (["sleep 100 & sleep 200 & sleep 300 &", "kill %- %?3; wait %- %?3; echo $? >s; jobs",
      "read s <s; echo $s"], "143"),
    (["sleep 100 & sleep 200 &", "kill %sleep 2>&1"], "sh: kill: %sleep: No such process"),
    (["sleep 100 &", "kill %%; wait %sl; test $? = 143"],
     "[1]+ Terminated         sleep 100"),
    (["sleep 100 &", "jobs -p >j; read p <j; test $p = $! && echo same"], "same"),
    (["fi", "echo $?"], "2"),
    (["if true", "then echo no", "\x04", "echo $?"], "2"),
    (["cat <<E", "a here-document may end so", "\x04"], "a here-document may end so"),
    (["${x!}", "echo $?"], "2"),
    (["readonly r=1; r=2", "echo $?"], "2"),
    (["f() { f; }; f", "echo $?"], "2"),
    (["return 3", "break", "echo on"], "on"),
    (["for i in 1 2; do nothing_$i; done 2>/dev/null", "echo $?"], "127"),
]


def read_until(terminal, pattern):
    text = ""
    while not re.search(pattern, text):
        assert select.select([terminal], [], [], LONGEST)[0], text
        text += os.read(terminal, 4096).decode(errors="replace")
    return text


PROMPT = r"(^|[\r\n])[#>] $"
KEYS = "\x03\x04\x1a"  # that need no Enter


@pytest.fixture
def terminal(tmp_path):
    """A pseudo-terminal with a shell, whose number is terminal.pid; that ends with the test."""
    class Terminal:
        def __init__(self):
            self.pid, self.file = pty.fork()

        def type(self, text):
            os.write(self.file, text.encode())

        def read_until(self, pattern):
            return read_until(self.file, pattern)

        def exit_code(self):
            deadline = time.monotonic() + LONGEST
            ended, status = 0, 0
            while not ended:
                assert time.monotonic() < deadline, "the shell goes on"
                time.sleep(0.01)
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.pid = 0
            return os.waitstatus_to_exitcode(status)

    terminal = Terminal()
    if terminal.pid == 0:
        os.chdir(tmp_path)
        os.execve(SHELL, ["sh"], {"PATH": f"{SHELL.parent}:{os.defpath}"})
    yield terminal
    if terminal.pid:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
    os.close(terminal.file)


@pytest.mark.parametrize("lines, last", TYPED, ids=[lines[0][:30] for lines, _ in TYPED])
def test_typing(terminal, lines, last):
    """As a person does."""
    text = terminal.read_until(PROMPT)
    for line in lines:
        terminal.type(line if line[-1] in KEYS else f"{line}\r")
        # No prompt comes before what is waited for with a key.
        runs_on = "ready" in line or line.endswith("done")
        text = terminal.read_until(r"(\nready|done)\r\n$" if runs_on else PROMPT)
    assert text.replace("\r", "").split("\n")[-2] == last


def test_an_empty_line_is_answered_by_a_prompt(terminal):
    terminal.read_until(PROMPT)
    terminal.type("\r")
    assert terminal.read_until(PROMPT) == "\r\n# "


def test_the_second_tab_lists_what_could_come(terminal):
    terminal.read_until(PROMPT)
    terminal.type("mkdir f f/one f/oneself f/other\r")
    terminal.read_until(PROMPT)
    terminal.type("echo f/o x\x1b[D\x1b[D\t\t")
    terminal.read_until(r"\r\none      oneself  other  \r\n# echo f/o x\x08\x08$")
    terminal.type("n\t\r")
    terminal.read_until(r"\r\nf/one x\r\n# $")


def test_end_of_file_ends_the_shell_with_the_last_status(terminal):
    terminal.read_until(PROMPT)
    terminal.type("sh -c 'exit 7'\r")
    terminal.read_until(PROMPT)
    terminal.type("\x04")
    assert terminal.read_until("\n") == "exit\r\n"
    assert terminal.exit_code() == 7


def test_a_program_that_is_killed_leaves_the_terminal_as_it_was(terminal):
    terminal.read_until(PROMPT)
    terminal.type("sh\r")
    terminal.read_until(PROMPT)
    terminal.type("sh -c 'sleep 0.2; kill -9 $PPID' & :\r")  # when the shell inside reads keys
    terminal.read_until(r"Killed\r\n(?:[^\n]*\n)*# $")
    terminal.type("stty -a\r")
    text = terminal.read_until(PROMPT)
    assert " icanon" in text and " -icanon" not in text


def test_who_insists_leaves_stopped_jobs(terminal):
    terminal.read_until(PROMPT)
    terminal.type("sh -c 'echo ready; sleep 100'\r")
    terminal.read_until(r"ready\r\n$")
    terminal.type("\x1a")
    terminal.read_until(PROMPT)
    terminal.type("exit 5\r")
    terminal.read_until(PROMPT)
    terminal.type("exit 5\r")
    assert terminal.exit_code() == 5


def help_of(*words):
    done = subprocess.run([SHELL, "-c", " ".join(["help", *words])], text=True, timeout=LONGEST,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout, done.returncode


@pytest.mark.parametrize("words", [[], ["syntax"]])
def test_help_fits_on_a_screen(words):
    text, status = help_of(*words)
    assert status == 0
    assert 10 < len(text.splitlines()) < 25
    assert max(map(len, text.splitlines())) < 80


def test_help_tells_of_each_command_it_names():
    text, _ = help_of()
    names = re.split(r":\n", text)[-1].rsplit('"help', 1)[0].split()
    assert len(names) > 30
    for name in names:
        line, status = help_of(f"'{name}'")
        assert (line.split()[0], status) == (name, 0)
    assert help_of("nonsense") == ("", 1)


def test_all_cases_inside_quire(shell):  # noqa: F811
    vm = shell()
    text, status = output_of(vm, "sh /shell/cases.sh")
    assert text.splitlines()[-1] == f"0 of {len(CASES)} differ", text
    assert status == 0
    check_invariants(vm)
