#!/bin/sh
# debug.sh IMAGE KERNEL_ELF [GDB ARGUMENT...]: a PC that waits before its first instruction, and gdb
# attached to it, with the kernel's symbols and the commands of tools/gdbinit.
#
# The PC ends with gdb. Its COM1 goes to build/debug-serial.txt; it has a window where there is a
# display. QEMU_ARGS adds to its command line (QEMU_ARGS="-m 8").
set -eu
image=$1
kernel=$2
shift 2

private=$(mktemp -d)
serial=${DEBUG_SERIAL:-build/debug-serial.txt}
display="-display none"
[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || display=

# setsid: Ctrl-C in gdb must stop the kernel, not end QEMU.
# shellcheck disable=SC2086   # several arguments each
setsid "${QEMU:-qemu-system-i386}" -accel tcg -m 64 -nic none -no-reboot $display ${QEMU_ARGS:-} \
    -drive "file=$image,format=raw,if=none,id=disk0,snapshot=on" \
    -device ide-hd,drive=disk0,bus=ide.0,unit=0 -device isa-debug-exit,iobase=0xf4,iosize=4 \
    -serial "file:$serial" -monitor none -S -gdb "unix:$private/gdb,server=on,wait=off" </dev/null &
qemu=$!
trap 'kill -KILL "$qemu" 2>/dev/null || true; rm -rf "$private"' EXIT
trap '' INT   # gdb's business

tries=0
until [ -S "$private/gdb" ]; do
    kill -0 "$qemu" 2>/dev/null || { echo "debug: QEMU ended before gdb could attach." >&2; exit 1; }
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { echo "debug: QEMU does not open its gdb socket." >&2; exit 1; }
    sleep 0.1
done

cat <<END
The PC waits before its BIOS. 'continue' runs to the boot sector's first instruction (7C00h).
In 16-bit code, let QEMU disassemble: monitor x /10i \$eip (gdb would take it for 32-bit code).
Then try: quire-screen, quire-regs, break kernel_main, continue, quire-e820, quire-pt \$eip, bt.
The serial line goes to $serial.
END
gdb -q -x tools/gdbinit -ex "target remote $private/gdb" -ex 'thbreak *0x7c00' "$@" "$kernel"
