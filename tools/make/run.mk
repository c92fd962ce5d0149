# make run: set up, build, boot. The serial line is the terminal; Ctrl-A X ends QEMU.
# ROOTFS=busybox boots build/busybox.img instead: Debian's busybox is the userland (user_busybox.mk).
# TRACE=1 writes the event trace of memory to build/trace.txt, TRACE=faults,swap only some kinds of it
# (docs/trace.md).

MEMORY  ?= 128
MACHINE ?= pc
QEMU    ?= qemu-system-i386
ROOTFS  ?= quire
ifeq (,$(filter quire busybox,$(ROOTFS)))
  $(error ROOTFS is quire (what there is without it) or busybox, not '$(ROOTFS)')
endif
# -no-reboot: a reset ends QEMU, so that a triple fault is no endless loop without a word.
# A window only where there is a display; the serial console works everywhere.
qemu_display = $(if $(DISPLAY)$(WAYLAND_DISPLAY),,-display none)
qemu_flags = -accel tcg -M $(MACHINE) -m $(MEMORY) -nic none -no-reboot $(qemu_display) \
             -drive file=build/$(ROOTFS).img,format=raw,if=ide -serial mon:stdio

TRACE ?=
comma := ,
# The command line goes by the emulator then, where a comma is doubled; the image's own stays as it is.
trace_words = trace=com2$(if $(filter-out 1,$(TRACE)),$(comma)$(TRACE))
qemu_trace = $(if $(TRACE),-serial file:build/trace.txt -fw_cfg \
               'name=opt/quire/cmdline$(comma)string=$(subst $(comma),$(comma)$(comma),$(strip $(CMDLINE) $(trace_words)))')

.PHONY: run setup-run
run: setup-run
	$(Q)$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) build/$(ROOTFS).img
	@echo "Booting Quire in QEMU. This terminal is its serial console; Ctrl-A X leaves."
	$(Q)$(QEMU) $(qemu_flags) $(qemu_trace)
	@echo "QEMU has ended: Ctrl-A X, the reboot command or, if you did neither, a triple fault."
	$(if $(TRACE),@echo "The trace is in build/trace.txt: tools/trace_view.py sums it up and tools/trace_picture.py draws it.")

setup-run:
	$(Q)tools/setup.sh run
