# make bench-slab: what a slab cache costs: bytes for each object size, and instructions for a pair of
# allocate and release, warm and at random. Needs valgrind. Rows go to build/bench/results.tsv.

bench_slab_flags := $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic

build/bench/bench_slab: tests/bench/bench_slab.cpp $(wildcard mm/slab*.cpp mm/frame_*.cpp mm/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_slab_flags) -static $(filter %.cpp,$^) -o $@

.PHONY: bench-slab
bench-slab: build/bench/bench_slab
	$(say) BENCH "slab caches"
	$(Q)$(PYTHON) tests/bench/bench_slab.py
