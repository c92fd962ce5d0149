"""QuireVm: one emulated PC running Quire, driven from outside.

QEMU runs without a window; its COM1 and its QMP monitor are sockets made here, so nothing has a
name that two tests could share, and no byte is lost before we listen. The PC never outlives the
`with` block, nor this process. Time limits are generous and scale with QUIRE_TIMEOUT_SCALE: they
end hangs, they measure nothing.

    with QuireVm("build/quire.img", artifacts="build/test-artifacts/example") as vm:
        vm.wait_for("quire> ")
        vm.send_serial("help\\r")
"""
from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from keyboard_map import chord, keys_for
from picture import Picture
from qmp import Qmp, QmpError

TIMEOUT_SCALE = float(os.environ.get("QUIRE_TIMEOUT_SCALE", "1"))
DEFAULT_TIMEOUT = 120.0
PROMPT = "quire> "
SHELL_PROMPT = "# "
OF_IMAGE = object()  # a command line: whatever stands in the image
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Alone in its line, behind nothing but cursor movements, and nothing behind it.
PROMPT_AT_END = re.compile(rf"[\r\n](?:{ESCAPE_SEQUENCE.pattern})*{re.escape(PROMPT)}$")
# What QEMU returns for the kernel's verdicts on port 0xf4: (value << 1) | 1.
EXIT_PASSED, EXIT_FAILED, EXIT_PANIC = 67, 69, 71

SCREEN_ADDRESS, SCREEN_COLUMNS, SCREEN_ROWS = 0xB8000, 80, 25
# Puts the kernel in charge of ending the PC when this process (or its thread) dies, however it dies.
DIE_WITH_US = ["setpriv", "--pdeathsig", "KILL"]


class VmFailure(AssertionError):
    """Something awaited did not happen. The message shows what the PC showed instead."""


def scaled(seconds: float) -> float:
    return seconds * TIMEOUT_SCALE


def disk_arguments(image, disk: str, machine: str) -> list[str]:
    """QEMU arguments for the image as an 'ide' disk (AHCI on q35) or a 'usb' stick."""
    drive = f"file={str(image).replace(',', ',,')},format=raw,if=none,id=disk0,snapshot=on"
    if disk == "ide":
        # Without bus and unit it would not be the primary master.
        place = "bus=ide.0" if machine.startswith("q35") else "bus=ide.0,unit=0"
        return ["-drive", drive, "-device", f"ide-hd,drive=disk0,{place}"]
    if disk == "usb":
        return ["-drive", drive, "-device", "usb-ehci,id=usb0",
                "-device", "usb-storage,bus=usb0.0,drive=disk0,bootindex=0"]
    raise ValueError(f"unknown kind of disk: {disk}")


class QuireVm:
    def __init__(self, image=None, *, artifacts, memory=64, machine="pc", cpu=None, cmdline=None,
                 shell=False, disk="ide", serial=True, icount=None, extra=(), paused=False,
                 reboot=False, trace_interrupts=False):
        """Nothing runs before `with` or start(). `memory` is in MiB. `image=None`: no disk but what
        `extra` brings. The kernel's command line is `cmdline` and, unless a `shell` is wanted, the
        word that keeps it to its monitor. `reboot=False`: a reset ends QEMU (with code 0) instead
        of starting over."""
        self.artifacts = Path(artifacts)
        self._has_serial = serial
        command = [os.environ.get("QUIRE_QEMU", "qemu-system-i386"), "-accel", "tcg",
                   "-display", "none", "-nic", "none", "-monitor", "none",
                   "-M", machine, "-m", str(memory),
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if image is not None:
            command += disk_arguments(image, disk, machine)
        if not reboot:
            command += ["-no-reboot"]
        if cpu is not None:
            command += ["-cpu", cpu]
        if cmdline is not OF_IMAGE:
            # QEMU takes no empty string; a space is no word.
            cmdline = " ".join(filter(None, [cmdline, None if shell else "monitor"])) or " "
            command += ["-fw_cfg", "name=opt/quire/cmdline,string=" + cmdline.replace(",", ",,")]
        if icount is not None:
            command += ["-icount", icount]
        if paused:
            command += ["-S"]
        if trace_interrupts:
            command += ["-d", "int,cpu_reset,guest_errors", "-D",
                        str(self.artifacts / "qemu-interrupts.log")]
        self._command = command + list(extra)
        self._process = None
        self._serial_bytes = bytearray()
        self._serial_ended = not serial
        self._serial_news = threading.Condition()
        self._cursor = 0  # wait_for() has matched everything before this

    # Life and death.

    def __enter__(self) -> "QuireVm":
        self.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.save_last_sight()
        self.kill()

    def start(self) -> None:
        self.artifacts.mkdir(parents=True, exist_ok=True)
        for stale in self.artifacts.glob("last-*"):
            stale.unlink()
        self._private = tempfile.mkdtemp(prefix="quire-vm-")
        serial_here, serial_there = socket.socketpair()
        qmp_here, qmp_there = socket.socketpair()
        command = DIE_WITH_US + self._command + [
            "-chardev", f"socket,id=qmp,fd={qmp_there.fileno()}",
            "-mon", "chardev=qmp,mode=control"]
        if self._has_serial:
            command += ["-chardev", f"socket,id=com1,fd={serial_there.fileno()}",
                        "-serial", "chardev:com1"]
        else:
            command += ["-serial", "none"]
        (self.artifacts / "command.txt").write_text(
            shlex.join(self._command + ["-serial", "stdio" if self._has_serial else "none"]) + "\n")
        with open(self.artifacts / "qemu-stderr.txt", "wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                pass_fds=(serial_there.fileno(), qmp_there.fileno()))
        serial_there.close()
        qmp_there.close()
        self._serial_socket = serial_here
        if self._has_serial:
            self._serial_log = open(self.artifacts / "serial.txt", "wb")
            self._reader = threading.Thread(target=self._read_serial, daemon=True)
            self._reader.start()
        try:
            self.qmp = Qmp(qmp_here, scaled(DEFAULT_TIMEOUT))
        except (QmpError, OSError) as error:
            self.kill()
            said = (self.artifacts / "qemu-stderr.txt").read_text(errors="replace")
            raise VmFailure(f"QEMU did not start: {error}\n{said}") from error

    def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._has_serial:
            self._reader.join()
            self._serial_log.close()
        self._serial_socket.close()
        shutil.rmtree(self._private, ignore_errors=True)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_exit(self, timeout: float = DEFAULT_TIMEOUT, silence: float | None = None) -> int:
        """QEMU's exit code; compare it with EXIT_PASSED and its neighbours. With `silence`, a PC
        that says nothing over COM1 for so long is given up, too."""
        deadline = time.monotonic() + scaled(timeout)
        heard, heard_at = -1, 0.0
        while self._process.poll() is None:
            now = time.monotonic()
            if len(self._serial_bytes) != heard:
                heard, heard_at = len(self._serial_bytes), now
            if now > deadline:
                raise self._failure(f"the PC was still running after {scaled(timeout):.0f} s")
            if silence is not None and now - heard_at > scaled(silence):
                raise self._failure(f"the PC was running and said nothing for {scaled(silence):.0f} s")
            time.sleep(0.05)
        if self._has_serial:
            self._reader.join()
        return self._process.returncode

    # The serial line.

    def _read_serial(self) -> None:
        while True:
            try:
                data = self._serial_socket.recv(65536)
            except OSError:
                data = b""
            with self._serial_news:
                self._serial_bytes += data
                self._serial_ended = not data
                self._serial_news.notify_all()
            if not data:
                return
            self._serial_log.write(data)
            self._serial_log.flush()

    def serial_text(self) -> str:
        """All that has come over COM1 so far."""
        with self._serial_news:
            return self._serial_bytes.decode("latin-1")

    def wait_for(self, pattern, timeout: float = DEFAULT_TIMEOUT) -> re.Match:
        """Waits until `pattern` (a string, or a compiled expression) comes over the serial line,
        after what an earlier wait_for() has matched. Raises VmFailure at the time limit, or as soon
        as the PC has ended without it."""
        if isinstance(pattern, str):
            pattern = re.compile(re.escape(pattern))
        deadline = time.monotonic() + scaled(timeout)
        with self._serial_news:
            while True:
                match = pattern.search(self._serial_bytes.decode("latin-1"), self._cursor)
                if match:
                    self._cursor = match.end()
                    return match
                left = deadline - time.monotonic()
                if self._serial_ended or left <= 0:
                    break
                self._serial_news.wait(left)
        if self._serial_ended:
            self._process.wait(scaled(DEFAULT_TIMEOUT))
            why = f"the PC ended (code {self._process.returncode})"
        else:
            why = f"{scaled(timeout):.0f} s passed"
        raise self._failure(f"{why}, and {pattern.pattern!r} had not come over the serial line")

    def skip_serial(self) -> None:
        """Later wait_for() calls look only at what comes from now on."""
        with self._serial_news:
            self._cursor = len(self._serial_bytes)

    def serial_since(self, start: int) -> str:
        return self.serial_text()[start:]

    def send_serial(self, text: str) -> None:
        self._serial_socket.sendall(text.encode("latin-1"))

    def command(self, line: str, timeout: float = DEFAULT_TIMEOUT) -> str:
        """Types a line at the monitor's prompt over the serial line and returns what it answers, up
        to the next prompt. The prompt must have been waited for."""
        start = self._cursor
        self.send_serial(line + "\r")
        prompt = self.wait_for(PROMPT_AT_END, timeout)
        answer = self.serial_text()[start:prompt.start()]
        return ESCAPE_SEQUENCE.sub("", answer).replace("\r", "").partition("\n")[2]

    # The keyboard.

    def press(self, *chords: str, hold_ms: int = 30) -> None:
        """Presses and releases each chord: press('ctrl-c', 'up')."""
        for description in chords:
            self._send_key(chord(description), hold_ms)

    def send_keys(self, text: str, hold_ms: int = 30) -> None:
        """Types text on the PS/2 keyboard, slowly enough for its buffer of 16 bytes."""
        for character in text:
            self._send_key(keys_for(character), hold_ms)

    def _send_key(self, keys: list[str], hold_ms: int) -> None:
        for down, order in ((True, keys), (False, keys[::-1])):
            events = [{"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                      for key in order]
            try:
                self.qmp.execute("input-send-event", events=events)
            except QmpError:
                if down:
                    raise
                return  # pressing the key ended the PC before it was released
            time.sleep(hold_ms / 1000)

    # The machine from outside.

    def hmp(self, command_line: str) -> str:
        return self.qmp.human(command_line)

    def resume(self) -> None:
        self.qmp.execute("cont")

    def read_physical(self, address: int, size: int) -> bytes:
        path = os.path.join(self._private, "memory")
        self.qmp.execute("pmemsave", val=address, size=size, filename=path)
        return Path(path).read_bytes()

    def screen_text(self) -> list[str]:
        """The 25 lines of the text screen, blanks at their ends removed."""
        cells = self.read_physical(SCREEN_ADDRESS, SCREEN_COLUMNS * SCREEN_ROWS * 2)
        text = cells[::2].replace(b"\0", b" ").decode("cp437")
        return [text[row * SCREEN_COLUMNS:(row + 1) * SCREEN_COLUMNS].rstrip()
                for row in range(SCREEN_ROWS)]

    def wait_for_screen(self, pattern, timeout: float = DEFAULT_TIMEOUT) -> re.Match:
        """Waits until `pattern` stands on the text screen (25 lines, joined by newlines)."""
        if isinstance(pattern, str):
            pattern = re.compile(re.escape(pattern))
        deadline = time.monotonic() + scaled(timeout)
        while True:
            try:
                match = pattern.search("\n".join(self.screen_text()))
            except QmpError:
                code = self._process.wait(scaled(DEFAULT_TIMEOUT))
                raise self._failure(f"the PC ended (code {code}), and {pattern.pattern!r} had not "
                                    "appeared on the screen") from None
            if match:
                return match
            if time.monotonic() > deadline:
                raise self._failure(f"{scaled(timeout):.0f} s passed, and {pattern.pattern!r} had "
                                    "not appeared on the screen")
            time.sleep(0.1)

    def screendump(self, png=None) -> Picture:
        """A picture of the screen as the monitor shows it, also saved as `png` if that is given."""
        path = os.path.join(self._private, "screen.ppm")
        self.qmp.execute("screendump", filename=path)
        picture = Picture.from_ppm(Path(path).read_bytes())
        if png is not None:
            picture.save_png(png)
        return picture

    def registers(self) -> dict[str, int]:
        """EAX, EIP, EFL, CR0... and the selectors CS, SS..., by name."""
        text = self.hmp("info registers")
        found = re.findall(r"\b([A-Z][A-Z0-9]{1,3}) ?=([0-9a-f]+)", text)
        return {name: int(value, 16) for name, value in found}

    # What is left for the reader of a failure.

    def save_last_sight(self) -> None:
        """Keeps screen, picture and registers under `artifacts`, as far as they can be had."""
        if self._process is None or not self.is_running():
            return
        try:
            (self.artifacts / "last-screen.txt").write_text("\n".join(self.screen_text()) + "\n")
            (self.artifacts / "last-registers.txt").write_text(self.hmp("info registers"))
            self.screendump(self.artifacts / "last-screen.png")
        except (QmpError, OSError, ValueError):
            pass  # the PC ended meanwhile; the serial log stays

    def _failure(self, what: str) -> VmFailure:
        parts = [what, "--- last lines of the serial line:"]
        parts += self.serial_text().replace("\r", "").split("\n")[-40:]
        try:
            if self.is_running():
                parts += ["--- text screen:"] + [line for line in self.screen_text() if line]
                registers = self.hmp("info registers").replace("\r", "")
                parts += ["--- registers:", registers.split("FCW=")[0].strip()]
        except (QmpError, OSError):
            parts += ["(the PC gives no registers any more)"]
        said = (self.artifacts / "qemu-stderr.txt").read_text(errors="replace").strip()
        if said:
            parts += ["--- QEMU said:", said]
        parts += [f"--- kept in {self.artifacts}"]
        return VmFailure("\n".join(parts))
