# make bench-heap: the heap of kernel and user programs, in instructions and in pages, beside the C
# library's malloc and mimalloc's. Needs valgrind. TRACES=folder replays the .rep files in it,
# too; without it only the generated patterns. Rows go to build/bench/results.tsv.
#
# Built twice: as in a user program, and with the kernel's flags, which keep frame pointers and make
# every tail call a call, for backtraces.

TRACES ?=
bench_heap_sources := $(wildcard libc/heap/*.cpp libc/malloc/*.cpp) libc/string.cpp tests/bench/program_malloc.cpp
bench_heap_user_flags := $(language) $(warnings) -I. -O2 -g -march=i686 -mtune=generic -fno-pic -fno-pie \
                         -fno-stack-protector -fcf-protection=none -mpreferred-stack-boundary=2 $(libc_flags) \
                         -include tests/host/libc_prefix.h
bench_heap_kernel_flags := $(filter-out -mgeneral-regs-only -ffreestanding -freg-struct-return,$(kernel_flags)) \
                           $(libc_flags) -include tests/host/libc_prefix.h
bench_heap_headers := $(wildcard libc/heap/*.h libc/malloc/*.h tests/bench/*.h)

# $(call bench_heap_build,user or kernel)
define bench_heap_build
build/bench/heap_$(1)/%.o: %.cpp $$(bench_heap_headers)
	$$(say) CXX32 $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST32_CXX) $$(bench_heap_$(1)_flags) -c $$< -o $$@

build/bench/replay_heap_$(1): $$(bench_heap_sources:%.cpp=build/bench/heap_$(1)/%.o) \
                              build/bench/replay_heap.o build/bench/heap_trace.o
	$$(say) LINK32 $$@
	$$(Q)$$(HOST32_CXX) -static -no-pie $$^ -o $$@
endef
$(eval $(call bench_heap_build,user))
$(eval $(call bench_heap_build,kernel))

build/bench/replay_heap.o build/bench/heap_trace.o: build/bench/%.o: tests/bench/%.cpp $(bench_heap_headers)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) -std=c++20 $(warnings) -Wno-missing-declarations -I. -O2 -g -march=i686 -mtune=generic \
	    -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -c $< -o $@

# The same program with mimalloc's malloc in the place of glibc's.
mimalloc := build/debian/libmimalloc2.0/usr/lib/i386-linux-gnu/libmimalloc.so.2
$(mimalloc):
	$(say) FETCH "libmimalloc2.0 (i386)"
	$(Q)$(PYTHON) tools/debian_package.py libmimalloc2.0

build/bench/replay_heap_mimalloc: $(bench_heap_sources:%.cpp=build/bench/heap_user/%.o) \
                                  build/bench/replay_heap.o build/bench/heap_trace.o $(mimalloc)
	$(say) LINK32 $@
	$(Q)$(HOST32_CXX) -no-pie $^ $(host32_link_flags) -Wl,-rpath,$(abspath $(dir $(mimalloc))) -o $@

.PHONY: bench-heap
bench-heap: build/bench/replay_heap_user build/bench/replay_heap_kernel build/bench/replay_heap_mimalloc
	$(say) BENCH "the heap"
	$(Q)$(PYTHON) tests/bench/bench_heap.py $(TRACES)
