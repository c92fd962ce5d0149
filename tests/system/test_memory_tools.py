"""The tools that show processes and memory: formats as procps has them (beside the host's own, which sees the same
/proc), and figures that are those of Quire's /proc.
"""
import re
import subprocess

import pytest
from test_programs import SHELL_READY, output_of
from test_tools import LONGEST, OURS

PROCPS = "/usr/bin"


def run(tool, *arguments, tools=OURS):
    done = subprocess.run([f"{tools}/{tool}", *arguments], capture_output=True, text=True, timeout=LONGEST,
                          env={"LC_ALL": "C", "TZ": "UTC"})
    return done.stdout.rstrip("\n").split("\n"), done.returncode


def shape(line):
    """The line with every number as 0 and every run of blanks as one: what kind of line it is."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line)).strip()


@pytest.mark.parametrize("command", ["free", "free -m", "free -tw", "free -c 1", "vmstat", "vmstat 1 2"])
def test_the_figures_of_the_machine_look_as_procps_shows_them(command):
    ours, hosts = run(*command.split()), run(*command.split(), tools=PROCPS)
    assert ours[1] == hosts[1] == 0
    assert [shape(line) for line in ours[0]] == [shape(line) for line in hosts[0]]
    assert ours[0][0].split() == hosts[0][0].split()


def test_free_counts_as_procps_does():
    for name, column in (("Mem:", 1), ("Swap:", 1)):
        rows = [next(line for line in run("free", tools=tools)[0] if line.startswith(name)).split()
                for tools in (OURS, PROCPS)]
        assert rows[0][column] == rows[1][column]


@pytest.mark.parametrize("options", ["-e", "-ef", "aux", "ax", "1", "-p 1", "-eo pid,ppid,rss,vsz,%mem,args"])
def test_ps_lists_the_same_processes(options):
    ours, hosts = run("ps", *options.split())[0], run("ps", *options.split(), tools=PROCPS)[0]
    assert ours[0].split() == hosts[0].split()
    column = 1 if options in ("-ef", "aux") else 0
    of = [{line.split()[column] for line in lines[1:]} for lines in (ours, hosts)]
    assert "1" in of[0] and len(of[0] ^ of[1]) <= 12  # some come and go in between


def test_ps_and_pmap_say_when_there_is_nobody():
    assert run("ps", "-p", "99999999")[1] == run("ps", "-p", "99999999", tools=PROCPS)[1] == 1
    assert run("pmap", "99999999")[1] == run("pmap", "99999999", tools=PROCPS)[1] == 42


@pytest.fixture
def vm(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    return vm


def test_they_tell_of_quire_what_its_proc_tells(vm):
    text, status = output_of(vm, "free")
    assert status == 0
    rows = {line.split()[0]: [int(word) for word in line.split()[1:]] for line in text.splitlines()[1:]}
    memory = dict(re.findall(r"^(\w+):\s+(\d+)", output_of(vm, "cat /proc/meminfo")[0], re.M))
    assert rows["Mem:"][0] == int(memory["MemTotal"]) and rows["Swap:"][0] == int(memory["SwapTotal"])
    assert 0 < rows["Mem:"][2] <= rows["Mem:"][0] and rows["Mem:"][1] == rows["Mem:"][0] - rows["Mem:"][5]

    text, _ = output_of(vm, "ps -e")
    assert re.search(r"^ +1 \S+ +00:00:0\d init$", text, re.M) and re.search(r" ps$", text, re.M)
    text, _ = output_of(vm, "ps")
    assert re.search(r"^ +\d+ console +00:00:0\d sh$", text, re.M) and " init" not in text
    text, _ = output_of(vm, "ps aux")
    assert re.search(r"^root +1 +\d+\.\d +\d+\.\d +\d+ +\d+ \S+ +S\S* +\d\d:\d\d +0:0\d /sbin/init$", text, re.M)

    text, _ = output_of(vm, "ps -eo pid,ppid,min_flt,stat,args --sort=pid")
    assert text.startswith("    PID    PPID  MINFL STAT COMMAND\n      1       0 ") and "/sbin/init\n" in text
    assert output_of(vm, "ps -C init -o comm=,pid=") == ("init                  1\n", 0)

    text, status = output_of(vm, "pmap 1")
    total = sum(int(size) for size in re.findall(r"^[0-9a-f]{8} +(\d+)K \S{5} ", text, re.M))
    assert status == 0 and text.startswith("1:   /sbin/init\n") and f"{total}K" in text.splitlines()[-1]
    assert re.search(r"^\S+ +\d+K rw--- +\[ stack \]$", text, re.M) and "r-x-- init" in text
    text, _ = output_of(vm, "pmap -x 1")
    resident = sum(int(size) for size in re.findall(r"^[0-9a-f]{8} +\d+ +(\d+) ", text, re.M))
    assert int(text.splitlines()[-1].split()[3]) == resident > 0
    assert output_of(vm, "pmap 4000")[1] == 42


def test_the_machine_over_time(vm):
    text, status = output_of(vm, "vmstat 1 3")
    rows = [[int(word) for word in line.split()] for line in text.splitlines()[2:]]
    assert status == 0 and len(rows) == 3 and all(len(row) == 17 for row in rows)
    assert all(98 <= sum(row[12:]) <= 102 for row in rows) and rows[1][14] > 50  # a machine that waits is idle
    assert rows[0][10] > 0 and rows[0][11] > 0  # interrupts and switches
    text, status = output_of(vm, "vmstat -s")
    assert status == 0 and re.search(r"^ +[1-9]\d* page faults$", text, re.M)
    text, status = output_of(vm, "top -b -n 2 -d 1")
    assert status == 0 and text.count("top - ") == 2 and text.count(" top -b -n 2 -d 1\n") == 2
    assert re.search(r"^MiB Mem : +\d+\.\d total, +\d+\.\d free, +\d+\.\d used$", text, re.M)


def test_top_on_a_terminal_leaves_with_q(vm):
    vm.send_serial("top\r")
    vm.wait_for("COMMAND")
    vm.wait_for("/sbin/init")
    vm.send_serial("q")
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "echo typed")[0] == "typed\n"


def test_swap_mounts_and_the_log(vm):
    assert re.match(r"NAME +TYPE +SIZE +USED +PRIO\n/dev/hda2 +partition +32M +0 +-?\d+\n$",
                    output_of(vm, "swapon")[0])
    assert output_of(vm, "swapon -s")[0] == output_of(vm, "cat /proc/swaps")[0]
    assert output_of(vm, "swapon /dev/hda2") == ("swapon: /dev/hda2: Device or resource busy\n", 1)
    assert output_of(vm, "swapoff -a; swapon; free | tail -n 1") == (
        "Swap:             0           0           0\n", 0)
    assert output_of(vm, "swapoff /dev/hda2") == ("swapoff: /dev/hda2: Invalid argument\n", 1)
    assert output_of(vm, "swapon -p 5 /dev/hda2; swapon")[0].split()[-1] == "5"
    assert output_of(vm, "swapoff /dev/hda2; swapon /dev/hda2; swapon")[0].split()[-1] == "-2"
    assert "/dev/hda1 on / type ext2 (rw,relatime)\n" in output_of(vm, "mount")[0]
    text, status = output_of(vm, "df")
    assert status == 0 and re.search(r"^/dev/hda1 +\d+ +\d+ +\d+ +\d+% /$", text, re.M)
    text, status = output_of(vm, "dmesg")
    assert status == 0 and "KiB on hda2" in text and not re.search(r"^<\d", text, re.M)
    assert output_of(vm, "dmesg -c; dmesg")[0].count("KiB on hda2") == 1
    assert output_of(vm, "df -i / | tail -n 1")[1] == 0
    assert output_of(vm, "uname -srm") == ("Linux 6.1.0-quire i686\n", 0)


TIMES = r"real (\d+\.\d\d)\nuser \d+\.\d\d\nsys \d+\.\d\d\n"


@pytest.mark.parametrize("command, code, complaint", [
    ("true", 0, ""), ("false", 1, ""), ("sh -c 'exit 7'", 7, ""), ("sh -c 'kill -9 $$'", 137, "time: Killed\n"),
    ("nobody-at-all", 127, "time: nobody-at-all: No such file or directory\n"),
    ("/etc", 126, "time: /etc: Permission denied\n"),
])
def test_time_passes_on_how_the_command_ended(command, code, complaint):
    for option, more in (("", r"faults \d+ minor, \d+ major\n"), ("-p ", "")):
        done = subprocess.run(f"{OURS}/time {option}{command}", shell=True, capture_output=True, text=True, timeout=LONGEST)
        assert done.returncode == code
        assert re.fullmatch(re.escape(complaint) + TIMES + more, done.stderr), done.stderr


def test_time_tells_what_a_command_took(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    text, code = output_of(vm, "time -p sleep 1.5")
    assert code == 0 and float(re.fullmatch(TIMES, text)[1]) >= 1.5
    few, many = (int(re.search(r"faults (\d+) minor", output_of(vm, line)[0])[1])
                 for line in ("time true", "time sh -c 'echo $(echo $(echo x))'"))
    assert few < many


def test_an_interrupt_ends_the_command_and_its_time_is_told(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    vm.send_serial("time sh -c 'echo begun; sleep 1000'\r")
    vm.wait_for("begun\r\n")
    vm.send_serial("\x03")
    vm.wait_for("^C")
    vm.wait_for("time: Interrupt\r\nreal ")
    vm.wait_for("# ")
    assert output_of(vm, "echo $?")[0] == "130\n"
