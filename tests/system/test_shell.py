"""The shell and the terminal, from outside: typed at over the serial line, as a person does."""
import re

import pytest
from test_programs import SHELL_READY, check_invariants, output_of

INTERRUPT, SUSPEND, END_OF_FILE, ERASE, KILL_LINE = "\x03", "\x1a", "\x04", "\x7f", "\x15"


@pytest.fixture
def vm(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    return vm


LINES = [
    # what is typed, what comes, the exit code
    ("echo hello   'a  b' \"c  d\" e\\ f", "hello a  b c  d e f\n", 0),
    ("echo $HOME '$HOME' \"<$HOME>\"", "/root $HOME </root>\n", 0),
    ("false", "", 1),
    ("! false", "", 0),
    ("false && echo no || echo yes; true && echo also", "yes\nalso\n", 0),
    ("echo one > /tmp/f; echo two >> /tmp/f; cat < /tmp/f", "one\ntwo\n", 0),
    ("cat /etc/hostname | cat | cat", "quire\n", 0),
    ("nosuch", "sh: nosuch: not found\n", 127),
    ("/etc/hostname", "sh: /etc/hostname: Permission denied\n", 126),
    ("cat /nowhere 2> /tmp/e; cat /tmp/e", "cat: /nowhere: No such file or directory\n", 0),
    ("cat /nowhere 2>&1 | cat", "cat: /nowhere: No such file or directory\n", 0),
    ("sh -c 'kill -SEGV $$'", "Segmentation fault\n", 139),
    ("sh -c 'kill -KILL $$'", "Killed\n", 137),
    ("(cd /tmp; pwd; exit 3)", "/tmp\n", 3),
    ("X=5; echo $X; X=7 sh -c 'echo $X'; echo $X", "5\n7\n5\n", 0),
    ("export Y=6; sh -c 'echo $Y'; unset Y; echo \"<$Y>\"", "6\n<>\n", 0),
    ("cd /data/many; echo file_00[1-3] 'file_*'; cd /", "file_001 file_002 file_003 file_*\n", 0),
    ("echo /data/l*/sh?rt", "/data/links/short\n", 0),
    ("sh -c 'echo $0 $1 $#' name first second", "name first 2\n", 0),
    ("echo 'echo script $1' > /tmp/s; sh /tmp/s works", "script works\n", 0),
    ("sleep 0.1 & wait; echo done", "[1] ", 0),
    ("echo a | sh -c 'cat; exit 9'", "a\n", 9),
    # A signal that comes to the child before it has run at all.
    ("sleep 1000 & kill $!; wait $!", "[1] ", 143),
    ("trap : USR1; sh -c 'exit 3' & kill -USR1 $!; wait $!", "[1] ", 138),
]


@pytest.mark.parametrize("line, expected, code", LINES, ids=[line[0][:30] for line in LINES])
def test_a_line(vm, line, expected, code):
    text, status = output_of(vm, line)
    assert text.startswith(expected) if expected.endswith(" ") else text == expected
    assert status == code


def test_a_line_goes_on(vm):
    vm.send_serial("echo 'one\r")
    vm.wait_for(re.compile(r"[\r\n]> $"))
    vm.send_serial("two' |\r")
    vm.wait_for(re.compile(r"[\r\n]> $"))
    vm.send_serial("cat\r")
    vm.wait_for("one\r\ntwo\r\n")


def test_a_line_without_sense_is_refused(vm):
    vm.send_serial("echo )\r")
    vm.wait_for("sh: syntax error: ')' unexpected\r\n# ")
    assert output_of(vm, "echo $?") == ("2\n", 0)


def test_keys_edit_the_line(vm):
    vm.send_serial(f"nonsense{KILL_LINE}echo gone{ERASE * 4}here\r")
    vm.wait_for("\r\nhere\r\n")


def test_arrows_and_the_history(vm):
    left, up, home = "\x1b[D", "\x1b[A", "\x01"
    vm.send_serial(f"echo on{left * 2}{left}{left}\x1b[Cc\x7f{home}true; \r")
    vm.wait_for("\r\non\r\n")
    vm.wait_for(SHELL_READY)
    vm.send_serial("echo first\r")
    vm.wait_for("\r\nfirst\r\n")
    vm.send_serial(f"{up}{left * 5}the \r")
    vm.wait_for("\r\nthe first\r\n")


def test_tab_completes_names(vm):
    vm.send_serial("ec\tdone; ls /etc/host\t\r")
    vm.wait_for("\r\ndone\r\n/etc/hostname\r\n")


def test_lack_of_memory_ends_the_command_and_not_the_shell(vm):
    first, _ = output_of(vm, "echo $$")
    vm.send_serial("x=1; while true; do x=$x$x$x$x; done\r")
    vm.wait_for("sh: out of memory\r\n# ")
    assert output_of(vm, "echo $$") == (first, 0)


def test_interrupt_ends_a_loop(vm):
    vm.send_serial("echo rea\"\"dy; while true; do true; done\r")
    vm.wait_for("\r\nready\r\n")
    vm.send_serial(INTERRUPT)
    vm.wait_for("^C")
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "echo $?") == ("130\n", 0)


def test_commands_go_on_over_lines_and_survive_errors(vm):
    for line, answer in [("if true", "> "), ("then echo in if", "> "), ("fi", "in if\r\n# "),
                         ("cat <<E", "> "), ("$((6 * 7))", "> "), ("E", "42\r\n# "),
                         ("if fi", "sh: syntax error: 'fi' unexpected\r\n# "),
                         ("echo ${nothing?}", "sh: nothing: parameter not set\r\n# "),
                         ("f() { f; }; f", "sh: f: calls itself too often\r\n# ")]:
        vm.send_serial(f"{line}\r")
        vm.wait_for(f"{line}\r\n{answer}")


def test_the_keyboard_types_too(vm):
    vm.send_keys("echo from the keyboard\n")
    vm.wait_for("\r\nfrom the keyboard\r\n")


def test_interrupt_ends_the_program_and_not_the_shell(vm):
    vm.send_serial("sh -c 'echo ready; sleep 1000'\r")
    vm.wait_for("\r\nready\r\n")
    vm.send_serial(INTERRUPT)
    vm.wait_for("^C")
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "echo $?") == ("130\n", 0)


def test_interrupt_at_the_prompt_drops_the_line(vm):
    vm.send_serial(f"echo lost{INTERRUPT}")
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "echo kept") == ("kept\n", 0)


def test_a_job_is_stopped_and_goes_on(vm):
    vm.send_serial("sh -c 'echo ready; sleep 1; echo through' | cat\r")
    vm.wait_for("\r\nready\r\n")
    vm.send_serial(SUSPEND)
    vm.wait_for(re.compile(r"\[1\]\+ Stopped.*ready"))
    vm.wait_for(SHELL_READY)
    assert "Stopped" in output_of(vm, "jobs")[0]
    vm.send_serial("fg\r")
    vm.wait_for("\r\nthrough\r\n")
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "jobs")[0] == ""


def test_a_background_reader_is_stopped(vm):
    assert output_of(vm, "cat & :")[1] == 0
    assert output_of(vm, "sleep 0.3; true")[1] == 0
    vm.send_serial("jobs\r")
    vm.wait_for(re.compile(r"\[1\]\+ Stopped +cat"))
    vm.wait_for(SHELL_READY)
    vm.send_serial("fg\r")
    vm.wait_for("cat\r\n")
    vm.send_serial(f"typed\r{END_OF_FILE}")
    vm.wait_for("typed\r\ntyped\r\n")
    vm.wait_for(SHELL_READY)


def test_end_of_file_ends_the_shell_and_init_starts_another(vm):
    first, _ = output_of(vm, "echo $$")
    vm.send_serial(END_OF_FILE)
    vm.wait_for("exit\r\n")
    vm.wait_for(SHELL_READY)
    second, _ = output_of(vm, "echo $$")
    assert int(second) > int(first)


def test_poweroff_ends_the_machine(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    vm.send_serial("poweroff\r")
    assert vm.wait_exit() == 0


def test_many_lines_leave_the_kernel_sound(vm):
    for number in range(50):
        line = f"echo {number} | cat | cat > /tmp/f & wait; (cat /tmp/f; true) && ! false"
        assert output_of(vm, line)[0].endswith(f"{number}\n")
    check_invariants(vm)
