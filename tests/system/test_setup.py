"""tools/setup.sh on a machine that has nothing: what it asks of apt, and what it says when that
fails. apt-get and sudo are stand-ins that write down how they were called."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[2] / "tools" / "setup.sh"
ORDINARY = ["sh", "mktemp", "sed", "tail", "grep", "rm", "env", "cat"]


@pytest.fixture
def machine(tmp_path):
    """A machine with ORDINARY commands only. machine.add(name, script) gives it one more."""
    folder = tmp_path / "bin"
    folder.mkdir()

    class Machine:
        calls = tmp_path / "calls"

        def add(self, name, script):
            path = folder / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.calls}\n{script}\n')
            path.chmod(0o755)

        def run(self, purpose):
            done = subprocess.run(["sh", SETUP, purpose], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, env={"PATH": str(folder), "HOME": str(tmp_path)})
            calls = self.calls.read_text().splitlines() if self.calls.exists() else []
            return done.returncode, done.stdout + done.stderr, calls

    for name in ORDINARY:
        os.symlink(shutil.which(name), folder / name)
    it = Machine()
    it.add("id", "echo 0")
    return it


def apt_calls(calls):
    return [call for call in calls if call.startswith("apt-get")]


def test_without_apt_prints_the_packages(machine):
    code, said, _ = machine.run("run")
    assert code == 1
    assert "no apt" in said
    for package in ("make", "nasm", "qemu-system-x86", "g++-i686-linux-gnu", "python3"):
        assert package in said


@pytest.mark.parametrize("purpose", ["run", "test", "lint", "debug", "bench", "peer"])
def test_installs_once_and_never_multilib_or_recommends(machine, purpose):
    machine.add("apt-get", "exit 0")
    code, said, calls = machine.run(purpose)
    assert code == 0, said
    (call,) = apt_calls(calls)
    assert " install --no-install-recommends " in call and " -y " in call
    assert "multilib" not in call
    packages = call.split("--no-install-recommends ")[1].split()
    assert len(packages) == len(set(packages)) > 2
    assert all(package in said for package in packages)  # it says what, and why
    assert "Installed." in said


def test_updates_the_lists_only_when_needed(machine, tmp_path):
    machine.add("apt-get", f"case $* in *update*) : >{tmp_path}/updated ;;\n"
                f"*) [ -e {tmp_path}/updated ] || {{ echo E: Unable to locate package; exit 100; }} ;; esac")
    code, said, calls = machine.run("run")
    assert code == 0, said
    assert ["update" in call for call in apt_calls(calls)] == [False, True, False]


@pytest.mark.parametrize("complaint, sentence", [
    ("E: Failed to fetch http://x  Temporary failure resolving 'x'", "Is this machine on the network?"),
    ("E: Unable to locate package nasm", "apt does not know one of the packages"),
    ("E: Could not open lock file - open (13: Permission denied)", "was not permitted"),
    ("E: You don't have enough free space in /var", "the disk is full"),
    ("E: something new", "apt failed"),
])
def test_a_failure_is_explained(machine, complaint, sentence):
    machine.add("apt-get", f'echo "{complaint}"; exit 100')
    code, said, _ = machine.run("run")
    assert code == 1
    assert sentence in said
    assert complaint.split("'")[0] in said


def test_asks_for_nothing_without_a_terminal(machine):
    machine.add("apt-get", "exit 0")
    machine.add("id", "echo 1000")
    machine.add("sudo", 'echo "sudo: a password is required"; exit 1')
    code, said, calls = machine.run("run")
    assert code == 1
    assert "[Y/n]" not in said
    assert "sudo wants a password" in said
    assert all(call.startswith("sudo -n") for call in calls if call.startswith("sudo"))
    assert not apt_calls(calls)


def test_without_sudo_names_the_command_for_the_administrator(machine):
    machine.add("apt-get", "exit 0")
    machine.add("id", "echo 1000")
    code, said, calls = machine.run("run")
    assert code == 1
    assert "Run as root: apt-get install --no-install-recommends make nasm" in said
    assert not apt_calls(calls)


def test_a_working_i686_elf_compiler_is_enough_to_run(machine):
    machine.add("apt-get", "exit 0")
    machine.add("i686-elf-g++", "exit 0")
    _, said, _ = machine.run("run")
    assert "g++-i686-linux-gnu" not in said


def test_an_unusable_i686_elf_compiler_is_not(machine):
    machine.add("apt-get", "exit 0")
    machine.add("i686-elf-g++", "exit 1")
    _, said, _ = machine.run("run")
    assert "g++-i686-linux-gnu" in said


def test_refuses_an_unknown_purpose(machine):
    assert machine.run("everything")[0] == 2
