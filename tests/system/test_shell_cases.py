"""What the shell does is what dash does: the cases of shell_cases.txt, whose answers are dash's.

Natively, as /bin/sh is a Linux program like any other, case by case; and all of them inside Quire,
on one PC.
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys

import pytest
from test_programs import ROOT, check_invariants, output_of, shell, tests_image  # noqa: F401

sys.path.append(str(ROOT / "tools"))
import shell_cases  # noqa: E402  (its folder was added a line above)

SHELL = ROOT / "build" / "user" / "root" / "bin" / "sh"
LONGEST = 60
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
    (["ech\tright"], "right"),
    (["mkdir 'a folder' 'a folder/inside'", "echo a\tin\tx"], "a folder/inside/x"),
    (["if true", "then echo yes", "fi"], "yes"),
    (["cat <<E", "a $((1 + 1))", "E"], "a 2"),
    (["echo 'a", "b'"], "b"),
    (["echo lost\x03", "echo kept"], "kept"),
    (["while :; do :; done", "\x03", "echo $?"], "130"),
    (["while :; do sleep 1; done", "\x03", "echo $?"], "130"),
    (["sh -c 'echo ready; sleep 100'", "\x1a", "kill %1", "wait", "echo ended"], "ended"),
    (["fi", "echo $?"], "2"),
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


@pytest.mark.parametrize("lines, last", TYPED, ids=[lines[0][:30] for lines, _ in TYPED])
def test_typing(tmp_path, lines, last):
    """On a pseudo-terminal, as a person does."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(SHELL, ["sh"], {"PATH": f"{SHELL.parent}:{os.defpath}"})
    try:
        prompt = r"(^|[\r\n])[#>] $"
        text = read_until(terminal, prompt)
        for line in lines:
            os.write(terminal, line.encode() + (b"" if line[-1] in "\x03\x1a" else b"\r"))
            # No prompt comes before what is waited for with a key.
            runs_on = "ready" in line or line.endswith("done")
            text = read_until(terminal, r"(ready|done)\r\n$" if runs_on else prompt)
        assert text.replace("\r", "").split("\n")[-2] == last
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def test_all_cases_inside_quire(shell):  # noqa: F811
    vm = shell()
    text, status = output_of(vm, "sh /shell/cases.sh")
    assert text.splitlines()[-1] == f"0 of {len(CASES)} differ", text
    assert status == 0
    check_invariants(vm)
