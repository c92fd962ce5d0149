# make bench-slab: what a slab cache costs: bytes for each object size, and instructions for a pair of
# allocate and release, warm and at random. Needs valgrind.

bench_slab_flags := $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic

build/bench/bench_slab: tests/bench/bench_slab.cpp $(wildcard mm/slab*.cpp mm/frame_*.cpp mm/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_slab_flags) -static $(filter %.cpp,$^) -o $@

.PHONY: bench-slab
bench-slab: build/bench/bench_slab
	$(say) BENCH "slab caches"
	$(Q)build/bench/bench_slab bytes
	$(Q)for row in pair churn; do \
	    turns=$$(build/bench/bench_slab $$row); \
	    valgrind --tool=callgrind --callgrind-out-file=build/bench/slab.$$row \
	        --toggle-collect="*measured_$$row*" build/bench/bench_slab $$row 2>&1 \
	        | awk -v row=$$row -v turns=$$turns '/Collected/ { \
	              printf "  %-6s %.1f instructions\n", row, $$4 / turns }'; \
	done
