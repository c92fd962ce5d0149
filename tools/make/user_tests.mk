# Test programs that run inside Quire, and the image that holds them: build/tests.img is build/quire.img
# with /tests on its root.
#
#   tests/guest/programs/*.c, *.cpp        need nothing but system calls; tap.h is their frame
#   tests/guest/programs/glibc/*.c, *.cpp  ordinary programs, linked statically with the GNU libraries
#   tests/guest/pressure/                  more memory than there is RAM (docs/pressure.md): /pressure/X
#   tests/guest/model/                     the model test of user memory: /tests/model_replay, and the
#                                          program of its processes, /tests/model/puppet

programs := tests/guest/programs
test_frame := $(programs)/tap.cpp
test_runner := $(programs)/run.cpp
test_snapshot := $(programs)/snapshot.cpp
raw_test_sources := $(filter-out $(test_frame) $(test_snapshot),$(wildcard $(programs)/*.c $(programs)/*.cpp))
glibc_test_sources := $(wildcard $(programs)/glibc/*.c $(programs)/glibc/*.cpp)
raw_tests := $(patsubst $(programs)/%,build/test_programs/root/tests/%,$(basename $(raw_test_sources)))
glibc_tests := $(patsubst $(programs)/%,build/test_programs/root/tests/%,$(basename $(glibc_test_sources)))
# Measurements: /bench on the same image.
guest_bench_sources := $(wildcard tests/bench/guest/*.cpp)
guest_benches := $(patsubst tests/bench/guest/%.cpp,build/test_programs/root/bench/%,$(guest_bench_sources))
# More memory than there is RAM: /pressure.
pressure_sources := $(wildcard tests/guest/pressure/*.cpp)
pressure_programs := $(patsubst tests/guest/pressure/%.cpp,build/test_programs/root/pressure/%,$(pressure_sources))
# Hostile system calls: /fuzz/calls.
guest_fuzz_sources := $(wildcard tests/guest/fuzz/*.cpp)
guest_fuzzer := build/test_programs/root/fuzz/calls
# The cases of docs/oracle.md, one program: /oracle.
oracle := build/test_programs/root/oracle
oracle_objects := $(patsubst %,build/test_programs/%.o,$(sort $(wildcard tests/oracle/*.c)))
# What dash answers to some hundred scripts, as one script: sh /shell/cases.sh.
shell_cases := build/test_programs/root/shell/cases.sh
model := tests/guest/model
model_programs := $(addprefix build/test_programs/root/tests/,model_replay model/puppet)
test_programs := $(raw_tests) $(glibc_tests) $(libc_tests) $(guest_benches) $(pressure_programs) $(guest_fuzzer) $(oracle) \
                 $(model_programs) $(shell_cases)

# Always Debian's compiler: it is the one that has Linux's headers and the GNU libraries.
HOST32_CC ?= $(HOST32_CXX:g++=gcc)
raw_test_flags := -I. -O1 -g -march=i686 -mtune=generic -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie \
                  -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
                  -fno-toplevel-reorder
raw_test_cxx_flags := -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics
glibc_test_flags := -I. -O2 -g -march=i686 -mtune=generic -Wall -Wextra -Werror -static -pthread
raw_test_library = $(call user_objects,user/start.asm user/arena.cpp user/cxx_runtime.cpp user/directory.cpp \
                     user/output.cpp user/signal_names.cpp libc/string.cpp libc/numbers.cpp libc/format.cpp)

test_programs_settings = $(HOST32_CC) $(HOST32_CXX) $(raw_test_flags) $(raw_test_cxx_flags) $(glibc_test_flags) \
                         $(test_programs)
$(eval $(call note,build/test_programs/settings,test_programs_settings))

build/test_programs/%.c.o: %.c build/test_programs/settings
	$(say) CC32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CC) -std=gnu17 $(raw_test_flags) -MMD -MP -c $< -o $@

build/test_programs/%.cpp.o: %.cpp build/test_programs/settings
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(raw_test_cxx_flags) $(raw_test_flags) -MMD -MP -c $< -o $@

# $(call raw_test,SOURCE): its program. The frame is in all of them but the runner.
define raw_test
build/test_programs/root/tests/$$(notdir $$(basename $(1))): build/test_programs/$(1).o \
    build/test_programs/$(if $(filter $(test_runner),$(1)),$(test_snapshot),$(test_frame)).o $$(raw_test_library)
	$$(say) LINK $$@
	@mkdir -p $$(@D) build/test_programs/debug
	$$(Q)$$(KERNEL_LD) $$(user_ld_flags) $$(filter %.o,$$^) $$(libgcc) -o build/test_programs/debug/$$(@F)
	$$(Q)$$(OBJCOPY) --strip-all build/test_programs/debug/$$(@F) $$@
endef
$(foreach source,$(raw_test_sources),$(eval $(call raw_test,$(source))))

$(oracle): $(oracle_objects) $(raw_test_library)
	$(say) LINK $@
	@mkdir -p $(@D) build/test_programs/debug
	$(Q)$(KERNEL_LD) $(user_ld_flags) $(filter %.o,$^) $(libgcc) -o build/test_programs/debug/$(@F)
	$(Q)$(OBJCOPY) --strip-all build/test_programs/debug/$(@F) $@

$(shell_cases): tests/system/shell_cases.txt tools/shell_cases.py
	$(say) PACK $@
	$(Q)$(PYTHON) tools/shell_cases.py --pack $@

# At an address where no other program has code, so that make profile can tell it from them.
build/test_programs/root/bench/%: build/test_programs/tests/bench/guest/%.cpp.o $(raw_test_library)
	$(say) LINK $@
	@mkdir -p $(@D) build/test_programs/debug
	$(Q)$(KERNEL_LD) $(user_ld_flags) -Ttext-segment=0x20000000 $(filter %.o,$^) $(libgcc) \
	    -o build/test_programs/debug/$(@F)
	$(Q)$(OBJCOPY) --strip-all build/test_programs/debug/$(@F) $@

$(pressure_programs): build/test_programs/root/pressure/%: build/test_programs/tests/guest/pressure/%.cpp.o \
                      build/test_programs/$(test_snapshot).o $(raw_test_library)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(KERNEL_LD) $(user_ld_flags) --strip-all $(filter %.o,$^) $(libgcc) -o $@

$(guest_fuzzer): $(guest_fuzz_sources:%=build/test_programs/%.o) build/test_programs/$(test_snapshot).o \
                 $(raw_test_library)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(KERNEL_LD) $(user_ld_flags) --strip-all $(filter %.o,$^) $(libgcc) -o $@

build/test_programs/root/tests/glibc/%: $(programs)/glibc/%.c build/test_programs/settings
	$(say) CC32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CC) -std=gnu17 $(glibc_test_flags) -s $< -o $@

build/test_programs/root/tests/glibc/%: $(programs)/glibc/%.cpp build/test_programs/settings
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) -std=c++20 $(glibc_test_flags) -s $< -o $@

# The model, the scripts and their shortening are those of the host tests.
model_replay_objects := $(patsubst %.cpp,build/test_programs/stock/%.o,$(wildcard $(model)/*.cpp) \
    $(patsubst %,tests/host/%.cpp,memory_model memory_model_calls memory_script memory_choices shrink))

build/test_programs/stock/%.o: %.cpp build/test_programs/settings
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) -std=c++20 $(glibc_test_flags) -MMD -MP -c $< -o $@

build/test_programs/root/tests/model_replay: $(model_replay_objects)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) $(glibc_test_flags) -s $^ -o $@

build/test_programs/root/tests/model/puppet: build/test_programs/$(model)/puppet.c.o $(model)/puppet.ld
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(KERNEL_LD) -m elf_i386 -z max-page-size=4096 --no-warn-rwx-segments -s -T $(model)/puppet.ld $< -o $@

build/test_programs/rootfs.made: $(rootfs_sources) build/rootfs_sources $(user_programs) $(test_programs)
	$(say) GATHER build/test_programs/rootfs
	$(Q)$(PYTHON) tools/make_rootfs.py build/test_programs/rootfs \
	    --programs build/user/root $(user_programs:build/user/root/%=%) \
	    --programs build/test_programs/root $(test_programs:build/test_programs/root/%=%)
	@touch $@

TESTS_ROOT_MIB ?= 64
build/test_programs/root.ext2: build/test_programs/rootfs.made tools/make_ext2.py tools/disk_tools.py
	$(say) EXT2 $@
	$(Q)$(PYTHON) tools/make_ext2.py --folder build/test_programs/rootfs --mib $(TESTS_ROOT_MIB) --output $@

$(eval $(call disk_image,build/tests.img,build/test_programs/root.ext2))

.PHONY: test-image
test-image: build/tests.img

-include $(oracle_objects:.o=.d)
-include $(patsubst %,build/test_programs/%.d,$(raw_test_sources) $(guest_bench_sources) $(pressure_sources) $(guest_fuzz_sources) \
           $(test_frame) $(test_snapshot) $(model)/puppet.c) $(model_replay_objects:.o=.d)
