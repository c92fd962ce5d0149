"""Keys pressed on the emulated PS/2 keyboard arrive at the monitor's prompt as what they mean."""
import re

import pytest
from keyboard_map import PRINTABLE
from quire_vm import PROMPT

# Longer pieces than a screen line scroll sideways in the line editor.
PIECES = [PRINTABLE[at:at + 24] for at in range(0, len(PRINTABLE), 24)]


def expect_line(vm, text):
    """The line under the cursor is the prompt and `text`, on screen and, if there is one, COM1."""
    vm.wait_for_screen(re.compile("^" + re.escape((PROMPT + text).rstrip()) + "$", re.MULTILINE))


@pytest.fixture
def vm(boot):
    return boot.to_prompt()


@pytest.mark.parametrize("piece", PIECES)
def test_printable_characters_are_themselves(vm, piece):
    vm.send_keys(piece)
    vm.wait_for(piece)
    expect_line(vm, piece)


def test_printable_characters_without_a_serial_port(boot):
    vm = boot(serial=False)
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    for piece in PIECES:
        vm.send_keys(piece)
        expect_line(vm, piece)
        vm.press("ctrl-u")
        expect_line(vm, "")


def test_ctrl_c_gives_up_the_line(vm):
    vm.send_keys("crash panic")
    vm.press("ctrl-c")
    vm.wait_for("^C")
    vm.wait_for(PROMPT)
    assert "Unknown" not in vm.serial_text()


def test_arrows_move_and_recall(vm):
    vm.send_keys("hep")
    vm.press("left")
    vm.send_keys("l")
    expect_line(vm, "help")
    vm.press("right")
    vm.send_keys("x")
    expect_line(vm, "helpx")
    vm.press("ctrl-c")
    vm.send_keys("ticks\n")
    vm.wait_for("ticks at")
    vm.wait_for(PROMPT)
    vm.press("up")
    expect_line(vm, "ticks")
    vm.press("down")
    expect_line(vm, "")


def test_backspace_delete_home_and_end(vm):
    vm.send_keys("helpp\b")
    expect_line(vm, "help")
    vm.press("home")
    vm.send_keys("x")
    expect_line(vm, "xhelp")
    vm.press("home", "delete", "end")
    vm.send_keys("!")
    expect_line(vm, "help!")


def test_caps_lock_turns_letters_round_and_nothing_else(vm):
    vm.press("caps_lock")
    vm.send_keys("abcXYZ12!-")
    expect_line(vm, "ABCxyz12!-")
    vm.press("caps_lock")
    vm.send_keys("abC")
    expect_line(vm, "ABCxyz12!-abC")


def test_both_shift_keys_and_their_release(vm):
    vm.press("shift_r-a", "b", "shift-c", "d")
    expect_line(vm, "AbCd")


def test_the_keypads_operators(vm):
    vm.press("kp_add", "kp_subtract", "kp_multiply", "kp_divide")
    expect_line(vm, "+-*/")
    vm.press("kp_enter")
    vm.wait_for("There is no command")


def test_keys_without_a_character_print_none(vm):
    vm.press("f1", "f12", "insert", "pgup", "pgdn", "pause", "print", "scroll_lock", "ctrl", "alt",
             "meta_l")
    vm.send_keys("ok")
    expect_line(vm, "ok")


def test_auto_repeat(vm):
    """A key held down sends its code again and again; here the repeats are sent by hand, as QEMU's
    keyboard leaves repeating to the host."""
    press = {"type": "key", "data": {"down": True, "key": {"type": "qcode", "data": "a"}}}
    release = {"type": "key", "data": {"down": False, "key": {"type": "qcode", "data": "a"}}}
    for length in (1, 2, 3):
        vm.qmp.execute("input-send-event", events=[press])
        expect_line(vm, "a" * length)
    vm.qmp.execute("input-send-event", events=[release])
    vm.send_keys("b")
    expect_line(vm, "aaab")


def test_typing_in_one_burst_loses_nothing(vm):
    """Three keys at once: twelve bytes wait in the keyboard's buffer of sixteen."""
    events = []
    for key in "abc":
        events += [{"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                   for down in (True, False)]
    vm.qmp.execute("input-send-event", events=events)
    expect_line(vm, "abc")
