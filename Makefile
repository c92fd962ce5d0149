# Quire: `make run` boots it, `make test` tests it; `make help` lists the rest.
#
# The rules stand in tools/make/, one file a subject. Everything built goes under build/.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/sh

include tools/make/toolchain.mk
include $(filter-out tools/make/toolchain.mk,$(wildcard tools/make/*.mk))

.PHONY: help clean
help:
	@echo "make run            boot Quire in QEMU (CMDLINE='...' for the kernel, MEMORY=128)"
	@echo "                    ROOTFS=busybox: with Debian's busybox for a userland (docs/busybox.md)"
	@echo "make test           every test (ONLY=suite, K=name: see tools/make/test.mk)"
	@echo "make debug          boot Quire halted, with gdb on it"
	@echo "make image          build/quire.img, the bootable disk (ROOT_MIB=32, SWAP_MIB=32)"
	@echo "make fsck           check the image's file system from outside, and tell what Quire changed"
	@echo "make bench          measure, and write build/bench/results.tsv; bench-frames, bench-heap,"
	@echo "                    bench-slab, bench-regions, bench-swap, bench-pages, bench-cache: parts by themselves"
	@echo "make pictures       docs/pictures/ anew: RAM idle, under pressure, after fork; a run over time"
	@echo "make policy-table   page faults by replacement policy, measured anew into docs/demos"
	@echo "make profile        the kernel's instructions in one operation, by function (ROW=getpid FUNCTION=name)"
	@echo "make oracle         the same cases of system calls on Linux and on Quire (ORACLE='subject...')"
	@echo "make coverage       lines of mm/ and libc/ that the host tests reach"
	@echo "make fuzz           libFuzzer on what reads foreign data"
	@echo "make fuzz-calls     hostile system calls inside Quire, a million on each of 16 runs"
	@echo "make soak           the judges of ext2, of user memory and of pressure for a long time, on new scripts"
	@echo "make lint           formatting, static analysis, layers, thread safety"
	@echo "make format         let clang-format rewrite the C++ files"
	@echo "make clean          remove build/"
	@echo "V=1 shows the commands; CROSS=prefix- picks the kernel's compiler."
	@echo "make help           this list"

clean:
	$(say) CLEAN build/
	$(Q)rm -rf build
