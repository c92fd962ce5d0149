# make bench-cache: what reading and writing files in the page cache costs, in instructions, and what
# a page there needs beside its frame. Needs valgrind. Rows go to build/bench/results.tsv.
#
# The memory manager is compiled with the kernel's flags (bench_faults.mk).

bench_file_cache_objects := $(bench_faults_objects) \
    $(patsubst %.cpp,build/bench/faults/%.o,fs/object_io.cpp fs/block_cache.cpp)

$(filter build/bench/faults/fs/%,$(bench_file_cache_objects)): $(wildcard fs/*.h drivers/block_device.h)

build/bench/bench_file_cache: tests/bench/bench_file_cache.cpp tests/bench/bench_machine.h \
        $(bench_file_cache_objects)
	$(say) CXX32 $<
	$(Q)$(HOST32_CXX) $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic \
	    -static $(filter-out %.h,$^) -o $@

.PHONY: bench-cache
bench-cache: build/bench/bench_file_cache
	$(say) BENCH "files in the page cache"
	$(Q)$(PYTHON) tests/bench/bench_file_cache.py
