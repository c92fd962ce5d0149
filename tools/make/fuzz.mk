# Fuzz targets: `make fuzz` runs every tests/fuzz/*_fuzz.cpp for FUZZ_SECONDS each (libFuzzer, with
# ASan and UBSan), or FUZZ_RUNS times if that is given. A crash leaves its input in build/fuzz/; the
# corpus grows in build/fuzz/NAME.corpus.
# Beside them it runs MODEL_STEPS random steps of the model test of user memory, from a seed that it
# prints (QUIRE_SEED=n for the same again), compiled to be fast; after MODEL_SECONDS it ends early.
#
# A target is compiled together with the product files it names in fuzz_NAME_sources, and linked with
# fuzz_NAME_libraries; fuzz_NAME_flags are the compiler's, fuzz_NAME_options libFuzzer's.

FUZZ_SECONDS ?= 20
FUZZ_RUNS ?=
MODEL_STEPS ?= 10000000
MODEL_SECONDS ?= 1800

fuzz_boot_memory_sources := mm/boot_memory.cpp
fuzz_user_memory_sources := $(wildcard mm/*.cpp) libc/format.cpp \
    $(patsubst %,tests/host/%.cpp,host_support machine_host simulated_mmu memory_script memory_choices \
                                  memory_model memory_model_calls memory_machine)
fuzz_user_memory_libraries := -lgtest -lpthread

fuzz_ext2_sources := $(wildcard mm/*.cpp fs/*.cpp) libc/format.cpp \
    $(patsubst %,tests/host/%.cpp,host_support machine_host simulated_mmu disk_image ext2_tools \
                                  memory_choices memory_script)
fuzz_ext2_libraries := -lgtest -lpthread
# To note what each comparison compares would take more than half the time, and finds next to nothing:
# the words of the disk are not those of the input, but what its choices make of them.
fuzz_ext2_flags := -O2 -fno-sanitize-coverage=trace-cmp
# Inputs are short, and there are many: counting how rare what they reach is would take half the time.
fuzz_ext2_options := -max_len=500 -entropic=0

fuzz_elf_sources := $(wildcard mm/*.cpp fs/*.cpp kernel/process/*.cpp) libc/format.cpp libc/string.cpp \
    $(patsubst %,tests/host/%.cpp,host_support machine_host simulated_mmu user_copy_host)
fuzz_elf_libraries := -lgtest -lpthread
fuzz_elf_options := -max_len=80 -entropic=0

fuzz_shell_sources := $(patsubst %,user/sh/%.cpp,lexer words parser compound tree_copy expansion field_builder \
                                                 file_names pattern arithmetic number) \
    user/arena.cpp user/output.cpp libc/format.cpp libc/string.cpp
fuzz_shell_options := -max_len=400

fuzz_targets := $(patsubst tests/fuzz/%_fuzz.cpp,%,$(wildcard tests/fuzz/*_fuzz.cpp))
fuzz_flags := -std=c++20 -I. -O1 -g -fno-exceptions -fno-strict-aliasing \
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Wno-unused-result

define fuzz_target
build/fuzz/$(1): tests/fuzz/$(1)_fuzz.cpp $$(fuzz_$(1)_sources) $$(wildcard mm/*.h fs/*.h kernel/base/*.h tests/host/*.h)
	$$(say) FUZZCXX $$<
	@mkdir -p $$(@D)
	$$(Q)$$(CLANGXX) $$(fuzz_flags) $$(fuzz_$(1)_flags) $$< $$(fuzz_$(1)_sources) $$(fuzz_$(1)_libraries) -o $$@

.PHONY: fuzz-$(1)
fuzz-$(1): build/fuzz/$(1)
	$$(say) FUZZ "$(1), $$(if $$(FUZZ_RUNS),$$(FUZZ_RUNS) runs,$$(FUZZ_SECONDS) s)"
	@mkdir -p build/fuzz/$(1).corpus
	$$(Q)ASAN_OPTIONS=detect_leaks=0 build/fuzz/$(1) -timeout=60 \
	    $$(if $$(FUZZ_RUNS),-runs=$$(FUZZ_RUNS),-max_total_time=$$(FUZZ_SECONDS)) \
	    -max_len=4096 -len_control=0 -rss_limit_mb=512 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
	    $$(fuzz_$(1)_options) \
	    -artifact_prefix=build/fuzz/$(1)- build/fuzz/$(1).corpus
endef
$(foreach target,$(fuzz_targets),$(eval $(call fuzz_target,$(target))))

# A step takes a tenth of the time without sanitizers; those have their turn in `make test`.
model_objects := $(patsubst %.cpp,build/fuzz/model/%.o,$(fuzz_user_memory_sources) libc/string.cpp \
    $(patsubst %,tests/host/%.cpp,memory_run child_run shrink user_memory_model_test))
model_flags := -std=c++20 -I. -O2 -g1 -fno-strict-aliasing

build/fuzz/model/tests/%.o: tests/%.cpp
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(model_flags) -MMD -MP -c $< -o $@

build/fuzz/model/%.o: %.cpp
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(model_flags) $(language) $(libc_flags) -include tests/host/libc_prefix.h -MMD -MP -c $< -o $@

build/fuzz/user_memory_model: $(model_objects)
	$(say) LINK $@
	$(Q)$(HOST_CXX) $^ -lgtest -lgtest_main -lpthread -o $@

.PHONY: fuzz-model
fuzz-model: build/fuzz/user_memory_model
	$(say) MODEL "$(MODEL_STEPS) steps, at most $(MODEL_SECONDS) s"
	$(Q)QUIRE_SEED=$${QUIRE_SEED:-random} QUIRE_STEPS=$(MODEL_STEPS) QUIRE_SECONDS=$(MODEL_SECONDS) \
	    build/fuzz/user_memory_model --gtest_brief=1 --gtest_filter='UserMemoryModel.AgreesAMillionTimes'

-include $(model_objects:.o=.d)

# Hostile system calls of running programs (tests/guest/fuzz): so many on each seed and each PC.
FUZZ_CALLS ?= 1000000
FUZZ_SEEDS ?= 1 2 3 4 5 6 7 8
FUZZ_MEMORY ?= 16 128
.PHONY: fuzz-calls
fuzz-calls: image test-image
	$(say) CALLS "$(FUZZ_CALLS) on seeds $(FUZZ_SEEDS), with $(FUZZ_MEMORY) MiB"
	$(Q)QUIRE_FUZZ_CALLS=$(FUZZ_CALLS) QUIRE_FUZZ_SEEDS='$(FUZZ_SEEDS)' QUIRE_FUZZ_MEMORY='$(FUZZ_MEMORY)' \
	    $(PYTHON) -m pytest -q tests/system/test_call_fuzz.py

.PHONY: fuzz
fuzz: $(addprefix fuzz-,$(fuzz_targets)) fuzz-model
