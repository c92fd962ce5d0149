"""BochsVm: the image in Bochs, without a window; a second opinion on what QEMU let pass.

Bochs keeps global pages over a CR3 load and raises exceptions that QEMU does not, so a missing
INVLPG fails here. It has no fw_cfg: the command line is written into a copy of the image. COM1 goes
to a file, and the verdict is read from there alone.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from quire_image import QuireImage
from quire_vm import DIE_WITH_US, scaled

CYLINDER = 16 * 63 * 512

# Without the dummy sound drivers Debian's Bochs aborts on a machine without a sound card.
BOCHSRC = """\
megs: {memory}
cpu: model={cpu}, ips=100000000, reset_on_triple_fault=0
romimage: file={bios}
vgaromimage: file={video_bios}
boot: disk
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path="{image}", mode=flat
com1: enabled=1, mode=file, dev="{serial}"
clock: sync=none, time0=utc
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
display_library: term
panic: action=fatal
error: action=report
info: action=report
log: "{log}"
"""


class BochsFailure(AssertionError):
    """Something awaited did not happen; the message shows the end of serial line and log."""


class BochsVm:
    def __init__(self, image, *, artifacts, memory=64, cpu="p4_willamette", cmdline="monitor"):
        self.artifacts = Path(artifacts)
        self._image, self._memory, self._cpu, self._cmdline = image, memory, cpu, cmdline
        self._process = None

    def __enter__(self) -> "BochsVm":
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self) -> None:
        self.artifacts.mkdir(parents=True, exist_ok=True)
        self._private = Path(tempfile.mkdtemp(prefix="quire-bochs-"))
        self._serial = self.artifacts / "serial.txt"
        self._serial.write_bytes(b"")
        self._log = self.artifacts / "bochs.log"
        self._rc = self.artifacts / "bochsrc.txt"
        self._rc.write_text(BOCHSRC.format(
            memory=self._memory, cpu=self._cpu, image=self._copy_image(), serial=self._serial,
            log=self._log, bios="/usr/share/bochs/BIOS-bochs-latest",
            video_bios="/usr/share/vgabios/vgabios.bin"))
        # Debian's Bochs has the debugger built in: it waits for the command to continue.
        go = self._private / "go.rc"
        go.write_text("c\n")
        self._process = subprocess.Popen(
            DIE_WITH_US + ["bochs", "-q", "-f", str(self._rc), "-rc", str(go)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm"})

    def _copy_image(self) -> Path:
        """A private copy, as Bochs writes to it and locks it, of a whole number of cylinders."""
        copy = self._private / "disk.img"
        if self._cmdline is None:
            shutil.copyfile(self._image, copy)
        else:
            changed = QuireImage(self._image)
            changed.command_line = self._cmdline
            changed.save(copy)
        os.truncate(copy, -(-copy.stat().st_size // CYLINDER) * CYLINDER)
        return copy

    def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()  # it ignores every gentler signal
        self._process.wait()
        shutil.rmtree(self._private, ignore_errors=True)

    def serial_text(self) -> str:
        return self._serial.read_bytes().decode("latin-1")

    def wait_for(self, pattern, timeout: float = 180.0) -> re.Match:
        """Waits until `pattern` (a string, or a compiled expression) stands in what came over COM1.
        Raises BochsFailure at the time limit, or as soon as Bochs has ended without it."""
        if isinstance(pattern, str):
            pattern = re.compile(re.escape(pattern))
        deadline = time.monotonic() + scaled(timeout)
        while True:
            ended = self._process.poll() is not None
            match = pattern.search(self.serial_text())
            if match:
                return match
            if ended or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        raise self._failure("it ended" if ended else f"{scaled(timeout):.0f} s passed",
                            pattern.pattern)

    def wait_exit(self, timeout: float, silence: float) -> None:
        """Waits until the kernel has switched the PC off (or Bochs has given up). A PC that says
        nothing over COM1 for `silence` seconds is given up, too."""
        deadline = time.monotonic() + scaled(timeout)
        heard, heard_at = -1, 0.0
        while self._process.poll() is None:
            now = time.monotonic()
            if self._serial.stat().st_size != heard:
                heard, heard_at = self._serial.stat().st_size, now
            if now > deadline or now - heard_at > scaled(silence):
                raise self._failure(f"{now - heard_at:.0f} s of silence", "power off")
            time.sleep(0.1)

    def was_switched_off(self) -> bool:
        """True if the kernel ended the run through the shutdown port, false for any other panic."""
        return "Shutdown port: shutdown requested" in self._log_text()

    def _log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _failure(self, why: str, awaited: str) -> BochsFailure:
        parts = [f"Bochs: {why} without {awaited!r}", "--- last lines of the serial line:"]
        parts += self.serial_text().replace("\r", "").split("\n")[-40:]
        parts += ["--- last lines of Bochs's log:"] + self._log_text().split("\n")[-25:]
        parts += [f"--- kept in {self.artifacts}"]
        return BochsFailure("\n".join(parts))
