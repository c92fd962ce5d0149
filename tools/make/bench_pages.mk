# make bench-pages: the page-replacement policies over recorded uses of pages, beside LRU and OPT.
# Needs valgrind. TRACES=folder replays the pages/*.pgt.xz in it (tests/bench/page_trace.h has the
# format); without it only generated patterns. Rows go to build/bench/results.tsv.
#
# The policies are compiled with the kernel's flags; the program around them is a plain one.

TRACES ?=
bench_pages_flags := $(kernel_flags)
bench_pages_policies := $(patsubst mm/%.cpp,build/bench/pages/%.o,\
                          $(wildcard mm/policy_*.cpp) mm/frame_table.cpp)

build/bench/pages/%.o: mm/%.cpp $(wildcard mm/*.h kernel/base/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_pages_flags) -c $< -o $@

build/bench/replay_pages: tests/bench/replay_pages.cpp tests/bench/page_trace.cpp \
                          $(bench_pages_policies) tests/bench/page_trace.h
	$(say) CXX32 $<
	$(Q)$(HOST32_CXX) $(filter-out -mgeneral-regs-only -ffreestanding -Wframe%,$(bench_pages_flags)) \
	    -Wno-pedantic -static $(filter %.cpp %.o,$^) -o $@

.PHONY: bench-pages
bench-pages: build/bench/replay_pages
	$(say) BENCH "page replacement"
	$(Q)$(PYTHON) tests/bench/bench_pages.py $(TRACES)
