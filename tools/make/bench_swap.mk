# make bench-swap: what a swap slot costs at 50 and 90 % full, and a lookup in the page cache, in
# instructions. Needs valgrind. Rows go to build/bench/results.tsv.

bench_swap_flags := $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic
bench_swap_sources := tests/bench/bench_swap.cpp mm/bit_tree.cpp mm/slot_map.cpp mm/swap_space.cpp \
                      mm/page_tree.cpp mm/memory_object.cpp mm/object_registry.cpp \
                      $(wildcard mm/region*.cpp mm/slab*.cpp mm/frame_*.cpp)

build/bench/bench_swap: $(bench_swap_sources) $(wildcard mm/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_swap_flags) -static $(filter %.cpp,$^) -o $@

.PHONY: bench-swap
bench-swap: build/bench/bench_swap
	$(say) BENCH "swap slots and page cache"
	$(Q)$(PYTHON) tests/bench/bench_swap.py
