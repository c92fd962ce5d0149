# make bench-faults: what page faults, fork, munmap and mprotect cost, in instructions.
# Needs valgrind. Rows go to build/bench/results.tsv.
#
# The memory manager is compiled with the kernel's flags.

bench_faults_flags := $(kernel_flags) $(libc_flags) -include tests/host/libc_prefix.h
bench_faults_objects := $(patsubst %.cpp,build/bench/faults/%.o,$(wildcard mm/*.cpp) libc/string.cpp libc/format.cpp)

build/bench/faults/%.o: %.cpp $(wildcard mm/*.h kernel/base/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_faults_flags) -c $< -o $@

build/bench/bench_faults build/bench/bench_spaces: build/bench/%: tests/bench/%.cpp \
        tests/bench/bench_machine.h $(bench_faults_objects)
	$(say) CXX32 $<
	$(Q)$(HOST32_CXX) $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic \
	    -static $(filter-out %.h,$^) -o $@

.PHONY: bench-faults
bench-faults: build/bench/bench_faults build/bench/bench_spaces
	$(say) BENCH "page faults"
	$(Q)$(PYTHON) tests/bench/bench_faults.py
