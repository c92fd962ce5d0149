# Fuzz targets: `make fuzz` runs every tests/fuzz/*_fuzz.cpp for FUZZ_SECONDS each (libFuzzer, with
# ASan and UBSan). A crash leaves its input in build/fuzz/; the corpus grows in build/fuzz/NAME.corpus.
#
# A target is compiled together with the product files it names in fuzz_NAME_sources, and linked with
# fuzz_NAME_libraries.

FUZZ_SECONDS ?= 20

fuzz_boot_memory_sources := mm/boot_memory.cpp
fuzz_user_memory_sources := $(wildcard mm/*.cpp) libc/format.cpp \
    $(patsubst %,tests/host/%.cpp,host_support machine_host simulated_mmu memory_script memory_choices \
                                  memory_model memory_model_calls memory_machine)
fuzz_user_memory_libraries := -lgtest -lpthread

fuzz_targets := $(patsubst tests/fuzz/%_fuzz.cpp,%,$(wildcard tests/fuzz/*_fuzz.cpp))
fuzz_flags := -std=c++20 -I. -O1 -g -fno-exceptions -fno-strict-aliasing \
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Wno-unused-result

define fuzz_target
build/fuzz/$(1): tests/fuzz/$(1)_fuzz.cpp $$(fuzz_$(1)_sources) $$(wildcard mm/*.h kernel/base/*.h tests/host/*.h)
	$$(say) FUZZCXX $$<
	@mkdir -p $$(@D)
	$$(Q)$$(CLANGXX) $$(fuzz_flags) $$< $$(fuzz_$(1)_sources) $$(fuzz_$(1)_libraries) -o $$@

.PHONY: fuzz-$(1)
fuzz-$(1): build/fuzz/$(1)
	$$(say) FUZZ "$(1), $$(FUZZ_SECONDS) s"
	@mkdir -p build/fuzz/$(1).corpus
	$$(Q)ASAN_OPTIONS=detect_leaks=0 build/fuzz/$(1) -max_total_time=$$(FUZZ_SECONDS) -timeout=10 \
	    -max_len=4096 -rss_limit_mb=512 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/$(1)- build/fuzz/$(1).corpus
endef
$(foreach target,$(fuzz_targets),$(eval $(call fuzz_target,$(target))))

.PHONY: fuzz
fuzz: $(addprefix fuzz-,$(fuzz_targets))
