# Programs for a second C library: what tests/guest/programs/glibc/ holds in C, linked statically with
# Debian's musl-dev (i386). The package is fetched; its own compiler script is not used, as the cross
# compiler does with musl's headers and start files named by hand. Left out is main_thread_ends.c: with
# musl 1.2.3 it hangs on Linux, too.

musl := build/debian/musl-dev/usr
musl_libc := $(musl)/lib/i386-linux-musl/libc.a
musl_sources := $(filter-out %/main_thread_ends.c,$(filter %.c,$(glibc_test_sources)))
musl_tests := $(patsubst $(programs)/glibc/%.c,build/musl/root/tests/musl_%,$(musl_sources))
musl_flags = -nostdinc -isystem $(musl)/include/i386-linux-musl \
             -isystem $(shell $(HOST32_CC) -print-file-name=include) \
             -fno-pie -no-pie -fno-stack-protector -nostdlib

$(musl_libc):
	$(say) FETCH "musl-dev (i386)"
	$(Q)$(PYTHON) tools/debian_package.py musl-dev

build/musl/root/tests/musl_%: $(programs)/glibc/%.c $(musl_libc) build/test_programs/settings
	$(say) CC32 "$< (musl)"
	@mkdir -p $(@D)
	$(Q)$(HOST32_CC) -std=gnu17 $(glibc_test_flags) $(musl_flags) -s $(addprefix $(dir $(musl_libc)),crt1.o crti.o) \
	    $< $(musl_libc) $(shell $(HOST32_CC) -print-libgcc-file-name) $(dir $(musl_libc))crtn.o -o $@

.PHONY: musl-programs
musl-programs: $(musl_tests)
