# make bench-regions: what finding, inserting, splitting regions and finding room costs among 2,048
# of them, in instructions. Needs valgrind. Rows go to build/bench/results.tsv.

bench_regions_flags := $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic

build/bench/bench_regions: tests/bench/bench_regions.cpp \
                           mm/page_tree.cpp mm/memory_object.cpp mm/object_registry.cpp \
                           $(wildcard mm/region*.cpp mm/slab*.cpp mm/frame_*.cpp mm/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_regions_flags) -static $(filter %.cpp,$^) -o $@

.PHONY: bench-regions
bench-regions: build/bench/bench_regions
	$(say) BENCH "the map of regions"
	$(Q)$(PYTHON) tests/bench/bench_regions.py
