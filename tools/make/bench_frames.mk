# make bench-frames: what the frame allocator costs, in instructions, and how it keeps memory in
# one piece. Needs valgrind. Rows go to build/bench/results.tsv.
#
# The allocator is compiled with the kernel's flags; the program itself prints with floating point.

bench_frames_flags := $(kernel_flags)
bench_frames_objects := $(addprefix build/bench/,frame_bitmap.o frame_bitmap_check.o frame_table.o \
                          frame_allocator.o)

build/bench/frame_%.o: mm/frame_%.cpp $(wildcard mm/*.h kernel/base/*.h)
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(bench_frames_flags) -c $< -o $@

build/bench/bench_frames: tests/bench/bench_frames.cpp $(bench_frames_objects)
	$(say) CXX32 $<
	$(Q)$(HOST32_CXX) $(filter-out -mgeneral-regs-only -ffreestanding,$(bench_frames_flags)) \
	    -Wno-pedantic -static $^ -o $@

.PHONY: bench-frames
bench-frames: build/bench/bench_frames
	$(say) BENCH "the frame allocator"
	$(Q)$(PYTHON) tests/bench/bench_frames.py
