#!/bin/sh
# setup.sh run|test|lint|debug|coverage|bench|peer: makes sure this machine has what that make target needs.
#
# Each need is probed by a command or a file, never by asking dpkg, so that the usual answer
# (everything is here) costs a few milliseconds. What is missing is installed through apt on Debian
# and Ubuntu, without recommended extras; elsewhere the list is printed. gcc-multilib is never asked
# for: it would remove the cross compiler.
set -eu

purpose=${1:-}
missing=       # Debian package names, in the order found
reasons=       # "name (what for), ..."


have() { command -v "$1" >/dev/null 2>&1; }
exists() { [ -e "$1" ]; }   # lets the shell expand a pattern: exists /usr/lib/*/x.so
have_in_sbin() { have "$1" || exists "/usr/sbin/$1"; }   # which is not on everybody's PATH

# need PACKAGE WHY PROBE...: asks for PACKAGE unless the command PROBE... succeeds.
need() {
    package=$1
    why=$2
    shift 2
    "$@" && return 0
    missing="$missing $package"
    reasons="${reasons:+$reasons, }$package ($why)"
}

# The same question as in tools/make/toolchain.mk: can it compile our headers?
cross_compiler_works() {
    if [ "${CROSS+set}" = set ]; then
        have "${CROSS}g++"
        return
    fi
    have i686-linux-gnu-g++ && return 0
    have i686-elf-g++ && printf '#include <optional>\n#include <span>\n#include <array>\n' |
        i686-elf-g++ -std=c++20 -ffreestanding -fsyntax-only -x c++ - 2>/dev/null
}
has_display() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }
window_works() { ! has_display || exists /usr/lib/*/qemu/ui-gtk.so || exists /usr/lib/*/qemu/ui-sdl.so; }
# Debian's python first: it is the one the packages below serve.
has_python_module() {
    exists "/usr/lib/python3/dist-packages/$1" || python3 -c "import $1" 2>/dev/null
}

needs_of_run() {
    need make "runs the build" have make
    need nasm "assembles the boot loader" have nasm
    need g++-i686-linux-gnu "compiles the kernel" cross_compiler_works
    need binutils "links it" have ld
    need python3 "makes the disk image" have python3
    need fdisk "divides the disk" have_in_sbin sfdisk
    need e2fsprogs "makes its file system" have_in_sbin mke2fs
    need qemu-system-x86 "is the PC it runs on" have qemu-system-i386
    need qemu-system-gui "opens the PC's window" window_works
}
needs_of_test() {
    case " $missing " in
        *" g++-i686-linux-gnu "*) ;;
        *) need g++-i686-linux-gnu "builds the 32-bit tests" have i686-linux-gnu-g++ ;;
    esac
    need g++ "builds the 64-bit tests" have g++
    need libgtest-dev "is the test framework" exists /usr/include/gtest/gtest.h
    need googletest "is its source, for 32-bit" exists /usr/src/googletest/googletest/src/gtest-all.cc
    need librapidcheck-dev "invents test input" exists /usr/include/rapidcheck/gtest.h
    need libc6-dev-i386-cross "is the 32-bit C library" exists /usr/i686-linux-gnu/lib/libc.a
    need python3-pytest "runs the system tests" has_python_module pytest
    need python3-pytest-xdist "runs two at a time" has_python_module xdist
    need bochs "is a second, stricter PC" have bochs
    need bochs-term "runs it without a window" exists /usr/lib/*/bochs/plugins/libbx_term_gui.so*
    need bochsbios "is its BIOS" exists /usr/share/bochs/BIOS-bochs-latest
    need vgabios "is its video BIOS" exists /usr/share/vgabios/vgabios.bin
    need gdb "is the debugger" have gdb
}
needs_of_bench() {
    need valgrind "counts instructions" have valgrind
    need python3-matplotlib "draws the curves" has_python_module matplotlib
}
needs_of_peer() {
    need flex "reads Linux's configuration" have flex
    need bison "reads it, too" have bison
    need bc "computes Linux's clock constants" have bc
}
needs_of_lint() {
    need make "runs the build" have make
    need python3 "checks the layers" have python3
    need g++-i686-linux-gnu "brings the 32-bit headers" have i686-linux-gnu-g++
    need clang "is the second compiler" have clang++
    need clang-format "checks the layout" have clang-format
    need clang-tidy "looks for mistakes" have clang-tidy
    need cppcheck "looks for other mistakes" have cppcheck
}

case $purpose in
    run) needs_of_run ;;
    test) needs_of_run && needs_of_test ;;
    lint) needs_of_lint ;;
    debug) needs_of_run && need gdb "is the debugger" have gdb ;;
    bench) needs_of_run && needs_of_test && needs_of_bench ;;
    peer) needs_of_run && needs_of_peer ;;
    coverage) needs_of_run && needs_of_test && need gcovr "counts the lines" have gcovr ;;
    *) echo "usage: tools/setup.sh run|test|lint|debug|coverage|bench|peer" >&2; exit 2 ;;
esac
missing=${missing# }
[ -n "$missing" ] || exit 0

fail() {
    printf '\nQuire could not be set up: %s\n' "$1" >&2
    exit 1
}

echo "Quire needs: $reasons."
if ! have apt-get; then
    fail "this system has no apt. Please install these packages by hand (Debian's names; instead of
g++-i686-linux-gnu an i686-elf-g++ of version 13 or newer will do for 'make run'): $missing"
fi

command_line="apt-get install --no-install-recommends $missing"
as_root=
if [ "$(id -u)" != 0 ]; then
    have sudo || fail "installing needs the administrator, and there is no sudo here. Run as root: $command_line"
    as_root=sudo
    [ -t 0 ] || as_root="sudo -n"   # without a terminal nobody can type a password
fi

if [ -t 0 ]; then
    printf 'Install with "%s%s"? [Y/n] ' "${as_root:+$as_root }" "$command_line"
    read -r answer || answer=n
    case $answer in
        '' | [Yy]*) ;;
        *) fail "nothing was installed, as you said. Later: $command_line" ;;
    esac
    # The password is asked for here, where its prompt is seen: apt's own words go to a log.
    [ -z "$as_root" ] || $as_root -v || fail "sudo refused. Ask the administrator for: $command_line"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -y -q \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1 </dev/null
}
# shellcheck disable=SC2086   # the list is meant to be split
install_missing() { apt_get install --no-install-recommends $missing; }

log_says() { grep -Eq "$1" "$log"; }
explain_failure() {
    sed 's/^/    /' "$log" | tail -n 15 >&2
    if log_says 'sudo: .*(password|terminal|not allowed|not in the sudoers)'; then
        fail "sudo wants a password, and there is no terminal to type it. Run: sudo $command_line"
    elif log_says 'Temporary failure resolving|Could not (resolve|connect)|Network is unreachable|Failed to fetch'; then
        fail "the package server could not be reached. Is this machine on the network?"
    elif log_says 'Unable to locate package|has no installation candidate'; then
        fail "apt does not know one of the packages (see above). On Ubuntu, enable 'universe'; then repeat."
    elif log_says 'Permission denied|are you root|Operation not permitted'; then
        fail "apt was not permitted to install. Run as the administrator: $command_line"
    elif log_says 'Could not get lock|is locked by|lock-frontend'; then
        fail "another program is installing packages. Wait until it has finished and repeat."
    elif log_says 'No space left|enough free space'; then
        fail "the disk is full; about 1 GB is needed."
    fi
    fail "apt failed (its last words are above). Try: $command_line"
}

echo "Installing with apt (a minute or two)..."
# The package lists are fetched only when the first try shows that they are absent or out of date.
if ! install_missing; then
    log_says '^sudo: ' && explain_failure
    : >"$log"
    apt_get update || explain_failure
    install_missing || explain_failure
fi
echo "Installed."
