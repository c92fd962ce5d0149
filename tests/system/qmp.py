"""QMP: the JSON line protocol by which a program tells QEMU what to do.

One command at a time: `execute` sends it and returns its answer. Events that arrive in between are
kept in `events`, oldest first.
"""
from __future__ import annotations

import json
import socket


class QmpError(Exception):
    """QEMU refused a command, or the connection ended."""


class Qmp:
    def __init__(self, connection: socket.socket, timeout: float):
        self._socket = connection
        self._socket.settimeout(timeout)
        self._pending = b""
        self.events: list[dict] = []
        self._read_message()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments):
        """Returns what the command returns. Raises QmpError when QEMU refuses it or has ended."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            while True:
                message = self._read_message()
                if "event" in message:
                    self.events.append(message)
                elif "error" in message:
                    raise QmpError(f"{command}: {message['error']['desc']}")
                elif "return" in message:
                    return message["return"]
        except OSError as error:
            raise QmpError(f"{command}: no answer from QEMU ({error})") from error

    def human(self, command_line: str) -> str:
        """A command of QEMU's human monitor, such as `info registers`."""
        return self.execute("human-monitor-command", **{"command-line": command_line})

    def _read_message(self) -> dict:
        while b"\n" not in self._pending:
            data = self._socket.recv(65536)
            if not data:
                raise QmpError("QEMU closed the connection")
            self._pending += data
        line, self._pending = self._pending.split(b"\n", 1)
        return json.loads(line)
