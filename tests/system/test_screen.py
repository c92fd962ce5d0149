"""What stands on the monitor of the PC, as text and as pixels."""
import re

from quire_vm import PROMPT, SCREEN_COLUMNS


def test_the_picture_shows_the_text(boot, artifacts):
    vm = boot.to_prompt()
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    text = "".join(vm.screen_text())
    picture = vm.screendump(artifacts / "prompt.png")
    assert (picture.width, picture.height) == (720, 400)
    colours = sorted(picture.colours().values(), reverse=True)
    assert len(colours) >= 2
    # A character cell has 144 pixels, of which a letter lights about a quarter.
    letters = len(text.replace(" ", ""))
    assert 10 * letters < sum(colours[1:]) < 80 * letters


def test_the_cursor_blinks_behind_the_prompt(boot):
    vm = boot.to_prompt()
    vm.wait_for_screen(re.compile(r"^quire>$", re.MULTILINE))
    row = next(row for row, line in enumerate(vm.screen_text()) if line == PROMPT.rstrip())
    cell = row * SCREEN_COLUMNS + len(PROMPT)
    assert (crtc(vm, 14) << 8 | crtc(vm, 15)) == cell
    vm.send_serial("ab\x1b[D")
    vm.wait_for("ab")
    for _ in range(1000):
        if (crtc(vm, 14) << 8 | crtc(vm, 15)) == cell + 1:
            return
    raise AssertionError("the cursor does not stand on the b")


def crtc(vm, register):
    """A register of the VGA's CRT controller, read through its ports."""
    vm.hmp(f"o /b 0x3d4 {register}")
    return int(re.search(r"= 0x([0-9a-f]+)", vm.hmp("i /b 0x3d5"))[1], 16)


def test_the_screen_scrolls(boot):
    vm = boot.to_prompt()
    for number in range(30):
        vm.command(f"nonsense{number}")
    vm.wait_for_screen(re.compile(r"nonsense29.*\nquire>$", re.MULTILINE))
    lines = vm.screen_text()
    assert lines[-1] == "quire>"
    assert '"nonsense17"' not in "\n".join(lines) and '"nonsense19"' in "\n".join(lines)
    assert "a kernel about memory" not in "\n".join(lines)


def test_a_long_line_stays_in_its_row(boot):
    """The line editor shows a part of a line that is longer than the screen is wide."""
    vm = boot.to_prompt()
    above = [line for line in vm.screen_text() if line and line != "quire>"]
    vm.send_serial("a" * 60 + "b" * 60)
    vm.wait_for_screen(re.compile(r"^quire> .*b$", re.MULTILINE))
    assert [line for line in vm.screen_text() if line and not line.startswith("quire>")] == above
