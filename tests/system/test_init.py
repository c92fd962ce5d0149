"""What /sbin/init makes of /etc/inittab: the order of the lines, what comes back, and tables that are wrong or not there."""
import shutil

import pytest
from root_files import change_root, put_file
from test_programs import SHELL_READY, output_of

TABLE = "/etc/inittab"
SHELL = "::respawn:-/bin/sh\n"


@pytest.fixture
def boot_with(boot, image, tmp_path):
    """boot_with(TABLE'S TEXT), or with None: without a table; a PC that has begun to boot."""
    def start(text):
        copy = shutil.copy(image, tmp_path / "inittab.img")
        if text is None:
            change_root(copy, f"rm {TABLE}")
        else:
            put_file(copy, TABLE, text.encode(), tmp_path)
        return boot(disk_image=copy, shell=True)
    return start


def test_lines_run_in_the_order_of_their_actions(boot_with):
    vm = boot_with(SHELL + "::once:echo once >> /tmp/order\n::wait:sh -c 'sleep 0.2; echo wait >> /tmp/order'\n"
                   "# ::wait:echo never >> /tmp/order\n\n"
                   "::sysinit:sh -c 'sleep 0.1; echo first >> /tmp/order'\n::sysinit:echo second >> /tmp/order\n")
    vm.wait_for(SHELL_READY)
    text, _ = output_of(vm, "sleep 0.5; cat /tmp/order")
    assert text == "first\nsecond\nwait\nonce\n"


def test_what_is_respawned_comes_back_and_what_is_not_does_not(boot_with):
    vm = boot_with("::once:/bin/sleep 1001\n::respawn:/bin/sleep 1002\n" + SHELL)
    vm.wait_for(SHELL_READY)
    names, _ = output_of(vm, "ps -e; cat /proc/2/cmdline /proc/3/cmdline | tr '\\0' ' ' || :")
    assert names.count("sleep") >= 2
    text, _ = output_of(vm, "kill 2 3; sleep 2.5; cat /proc/[0-9]*/cmdline | hexdump -C")
    assert "1002" in text and "1001" not in text


def test_a_program_on_the_console_leaves_the_shell_its_terminal(boot_with):
    vm = boot_with("::once:/bin/sleep 1001\n" + SHELL)
    vm.wait_for(SHELL_READY)
    vm.send_serial("sh -c 'echo begun; sleep 1000'\r")
    vm.wait_for("begun\r\n")
    vm.send_serial("\x03")
    vm.wait_for("^C\r\n# ")
    assert output_of(vm, "echo $?")[0] == "130\n"


def test_wrong_lines_are_named_and_left_out(boot_with):
    vm = boot_with("nonsense\n" + SHELL + "::sometimes:/bin/true\n")
    vm.wait_for(SHELL_READY)
    log = vm.serial_text()
    assert "init: /etc/inittab:1: a line is terminal:runlevels:action:command" in log
    assert "init: /etc/inittab:3: the action is sysinit, wait, once or respawn" in log


@pytest.mark.parametrize("text", (None, "", "# nothing\n", "x\n" * 40))
def test_without_a_table_there_is_a_shell(boot_with, text):
    vm = boot_with(text)
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "echo $0")[0] == "-sh\n"


def test_a_table_too_long_is_read_as_far_as_it_goes(boot_with):
    vm = boot_with(SHELL + "# more\n" * 1000)
    vm.wait_for(SHELL_READY)
    assert "init: /etc/inittab: too long" in vm.serial_text()


def test_a_program_that_is_not_there_is_not_tried_for_ever(boot_with):
    vm = boot_with("::respawn:/bin/nobody\nnowhere::respawn:/bin/sh\n")
    vm.wait_for("init: nothing is left to be started; power off with the emulator.")
    log = vm.serial_text()
    assert log.count("init: /bin/nobody: No such file or directory") == 1
    assert log.count("init: /dev/nowhere: No such file or directory") == 1
