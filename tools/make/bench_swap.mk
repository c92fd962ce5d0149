# make bench-swap: what a swap slot costs at 50 and 90 % full, and a lookup in the page cache, in
# instructions. Needs valgrind.

bench_swap_flags := $(filter-out -mgeneral-regs-only -ffreestanding,$(kernel_flags)) -Wno-pedantic
bench_swap_sources := tests/bench/bench_swap.cpp mm/bit_tree.cpp mm/slot_map.cpp mm/swap_space.cpp \
                      mm/page_tree.cpp mm/memory_object.cpp mm/object_registry.cpp \
                      $(wildcard mm/region*.cpp mm/slab*.cpp mm/frame_*.cpp)

build/bench/bench_swap: $(bench_swap_sources) $(wildcard mm/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_swap_flags) -static $(filter %.cpp,$^) -o $@

# The function whose instructions are counted has the row's name, without the filling.
.PHONY: bench-swap
bench-swap: build/bench/bench_swap
	$(say) BENCH "swap slots and page cache"
	$(Q)for row in pair50 pair90 churn50 churn90 run lookup sequence walk put; do \
	    turns=$$(build/bench/bench_swap $$row 2>build/bench/swap.$$row.note); \
	    measured=$$(echo $$row | sed 's/[0-9]*$$//; s/sequence/lookup/'); \
	    valgrind --tool=callgrind --callgrind-out-file=build/bench/swap.$$row \
	        --toggle-collect="*measured_$$measured*" build/bench/bench_swap $$row 2>&1 \
	        | awk -v row=$$row -v turns=$$turns -v note="$$(cat build/bench/swap.$$row.note)" \
	              '/Collected/ { printf "  %-9s %7.1f instructions  %s\n", row, $$4 / turns, note }'; \
	done
