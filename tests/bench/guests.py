"""Runs the programs of tests/bench/guest on Quire and on Linux, on the same machine under -icount, where
a clock of the TSC is a guest instruction."""
import contextlib
import re
import sys

import results

sys.path[:0] = [str(results.ROOT / "tests" / "system"), str(results.ROOT / "tools")]
import linux_peer  # noqa: E402
from quire_vm import SHELL_PROMPT, QuireVm  # noqa: E402

PROGRAMS = results.ROOT / "build" / "test_programs" / "root" / "bench"
LONG = 3600  # seconds: ends what hangs


def peer_name():
    return f"Linux {linux_peer.kernel()[1]}"


@contextlib.contextmanager
def quire(name, memory, extra=()):
    """Quire at its shell's prompt; what is left for the reader of a failure goes to build/bench/NAME."""
    with QuireVm(results.ROOT / "build" / "tests.img", artifacts=results.ROOT / "build" / "bench" / name,
                 memory=memory, cpu="pentium3", icount="shift=0,sleep=off", shell=True,
                 extra=["-smp", "1", "-rtc", "clock=vm", *extra]) as vm:
        vm.wait_for(SHELL_PROMPT)
        yield vm


def on_quire(program, memory):
    """What /bench/PROGRAM prints in Quire's shell."""
    with quire(program, memory) as vm:
        start = len(vm.serial_text())
        vm.send_serial(f"/bench/{program}\r")
        vm.wait_for(re.compile(r"\n# $"), timeout=LONG)
        return vm.serial_since(start).replace("\r", "")


def on_linux(program, memory, image=None):
    """What it prints on the peer, or on another Linux."""
    return linux_peer.run(f"/bench/{program}", [(PROGRAMS, "/bench")], memory, timeout=LONG,
                          icount=True, image=image)[0]
