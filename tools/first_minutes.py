#!/usr/bin/env python3
"""A new user's first ten minutes with Quire, really done: boots a PC, types over its serial line as a person
does, and makes of what comes the transcript in README.md.

    first_minutes.py IMAGE            prints the transcript
    first_minutes.py IMAGE --write    puts it between the marks in README.md
    first_minutes.py IMAGE --check    whether README.md has it; figures may differ

STEPS is the whole script: what is typed, and why. Of a long output only the first lines are kept.
"""
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from quire_vm import ESCAPE_SEQUENCE, OF_IMAGE, PROMPT_AT_END, QuireVm, VmFailure  # noqa: E402

README = ROOT / "README.md"
BEGIN, END = "<!-- first minutes -->\n", "<!-- end of first minutes -->\n"
PROMPT = re.compile(r"(?:^|[\r\n])(?:\x1b\[[0-9;]*[A-Za-z])*(?:#|>|quire>) $")

# What is typed; a remark; how many lines of the answer are kept. A dict has keys of their own.
STEPS = [
    ("help", "a page of what to try; here its first lines", 9),
    ("ls /", "", 99),
    ("cat /etc/motd", "", 9),
    ("echo 'hello disk' > /root/note; cat /root/note", "a file, which is there after the next boot", 9),
    ("cd /demo; echo [a-l]*; echo [m-z]*; cd", "what memory does, as small programs", 9),
    ("/demo/demand-zero", "the first of them: no page without a touch", 7),
    ("cat /proc/self/maps", "the regions of cat, as Linux prints them", 99),
    ("sh -c 'kill -SEGV $$'; echo $?", "what a crash looks like", 9),
    ("sleep 1000", "a program in the foreground, which ^Z stops", 9, "\x1a"),
    ("jobs", "", 9),
    ("kill %1; sleep 1", "", 9),
    ("while read a b c; do echo \"$a $b\"; done < /proc/meminfo", "who has the RAM, in KiB", 4),
    ("\x1d", "Ctrl-]: the kernel's monitor, beside the programs", 9),
    ("ps", "", 99),
    ("explain 2 bffff000", "how the CPU walks to the stack of process 2", 12),
    ("exit", "back to the shell", 9),
]


def run(image, artifacts):
    """The transcript as lines."""
    lines = []
    with QuireVm(image, artifacts=artifacts, cmdline=OF_IMAGE) as vm:
        vm.wait_for(PROMPT)
        lines += shown(vm.serial_text().rstrip("# "), 99)
        for typed, remark, kept, *keys in STEPS:
            lines += step(vm, typed, remark, kept, keys)
        vm.send_serial("poweroff\r")
        vm.wait_exit()
    return [line.rstrip() for line in lines + ["# poweroff"]]


def step(vm, typed, remark, kept, keys):
    prompt = vm.serial_text().splitlines()[-1]
    start = len(vm.serial_text())
    is_key = typed < " "
    vm.send_serial(typed if is_key else f"{typed}\r")
    for key in keys:
        press(vm, key)
    if typed == "exit":
        vm.wait_for("\n")
        vm.send_serial("\r")  # the shell's prompt stands further up
    match = vm.wait_for(PROMPT_AT_END if is_key else PROMPT)
    answer = vm.serial_text()[start:match.start()]
    shown_typed = "<Ctrl-]>" if is_key else typed
    head = f"{ESCAPE_SEQUENCE.sub('', prompt)}{shown_typed}"
    if remark:
        head = f"{head:38}  <-- {remark}"
    return [head] + shown(answer.partition("\n")[2] if not is_key else "", kept)


def press(vm, key, patience=5.0):
    """A control key for the program that was just started, as a person presses it: once it runs, and again if
    nothing was to be seen. Before that the shell still edits its line, and the key is text to the program."""
    vm.wait_for("\n")
    echo = f"^{chr(ord(key) + 64)}"
    for _ in range(8):
        time.sleep(1.0)
        vm.send_serial(key)
        try:
            vm.wait_for(echo, patience)
            return
        except VmFailure:
            continue
    raise VmFailure(f"{echo} was not echoed")


def shown(text, kept):
    lines = ESCAPE_SEQUENCE.sub("", text).replace("\r", "").splitlines()
    return lines[:kept] + (["..."] if len(lines) > kept else [])


def without_figures(text):
    return re.sub(r" +", " ", re.sub(r"[0-9A-Fa-f]*[0-9][0-9A-Fa-f]*", "0", text))


def main():
    image, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as artifacts:
        transcript = "".join(f"    {line}".rstrip() + "\n" for line in run(image, artifacts))
    before, _, rest = README.read_text().partition(BEGIN)
    kept, _, after = rest.partition(END)
    if options == ["--write"]:
        README.write_text(f"{before}{BEGIN}\n{transcript}\n{END}{after}")
    elif options == ["--check"]:
        if without_figures(kept.strip()) != without_figures(transcript.strip()):
            sys.exit(f"README.md is not what happens; python3 tools/first_minutes.py {image} --write\n{transcript}")
    else:
        print(transcript, end="")


if __name__ == "__main__":
    main()
