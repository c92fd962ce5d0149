# Which compilers build what, and with which flags.
#
# The kernel: i686-elf-g++ when one is on the PATH and can compile our headers (GCC 13 or newer),
# else Debian's i686-linux-gnu-g++ used freestanding. CROSS=prefix- overrides the choice.
# Host tests: the machine's own g++ (64-bit) and i686-linux-gnu-g++ (32-bit).

probe_header := '\#include <optional>\n\#include <span>\n\#include <array>\n'
ifeq ($(origin CROSS),undefined)
  CROSS := $(shell printf $(probe_header) | i686-elf-g++ -std=c++20 -ffreestanding -fsyntax-only \
             -x c++ - 2>/dev/null && echo i686-elf- || echo i686-linux-gnu-)
endif
KERNEL_CXX := $(CROSS)g++
KERNEL_LD  := $(CROSS)ld
NM         := $(CROSS)nm
OBJCOPY    := $(CROSS)objcopy
SIZE       := $(CROSS)size
NASM       := nasm
HOST_CXX   ?= g++
HOST32_CXX ?= i686-linux-gnu-g++
CLANGXX    ?= clang++

# python3 with pytest where one exists (a version manager's python may lack Debian's packages).
PYTHON := $(shell for p in python3 /usr/bin/python3; do \
             $$p -c 'import pytest' 2>/dev/null && { echo $$p; exit; }; done; echo python3)

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef \
            -Wcast-align -Wnon-virtual-dtor -Woverloaded-virtual -Wsuggest-override -Wextra-semi \
            -Wzero-as-null-pointer-constant -Wvla -Wmissing-declarations \
            -Wduplicated-cond -Wlogical-op -Werror

# Language rules the whole product obeys, on every machine it is compiled for.
language := -std=c++20 -fno-exceptions -fno-rtti -fno-strict-aliasing

# -mtune=generic: i686 alone would tune for the Pentium Pro, at a tenth more instructions.
# -mgeneral-regs-only: no FPU or SSE register is touched behind the user's back.
# -freg-struct-return: a four-byte strong type comes back in a register, not through memory.
kernel_flags := $(language) $(warnings) -I. -O2 -g -march=i686 -mtune=generic \
                -mgeneral-regs-only -ffreestanding \
                -fno-pic -fno-pie -fno-stack-protector -fno-threadsafe-statics \
                -fcf-protection=none -fno-stack-clash-protection -fno-asynchronous-unwind-tables \
                -fno-use-cxa-atexit -freg-struct-return \
                -fno-omit-frame-pointer -fno-optimize-sibling-calls -Wframe-larger-than=1536
# On i686-elf uint32_t is `unsigned long`: same size, other name. Formats are checked by the
# Debian compiler and by clang in `make lint`.
ifneq (,$(findstring elf,$(CROSS)))
  kernel_flags += -Wno-format
endif
# libc/ on every machine: GCC must not turn the loop of memset into a call of memset.
libc_flags := -fno-builtin -fno-tree-loop-distribute-patterns
nasm_flags := -f elf32 -g -F dwarf -w+all -w-unknown-warning -w+error -I .

# $(eval $(call note,FILE,VARIABLE)): the rule of a file that holds the variable's value and gets a new
# date only when that changes. What depends on it is made again after a change that no date shows:
# other flags, another compiler, one source file less. No shell sees the value.
define note
$(1): FORCE
	$$(shell mkdir -p $$(@D))$$(file >$$@.new,$$($(2)))
	@if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
.PHONY: FORCE
FORCE:

# Commands are silent unless V=1; what is built is said in one short line.
ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-7s %s\n'
endif
