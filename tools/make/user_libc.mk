# The C library for user programs: build/libc/libc.a, crt0.o, and its headers in libc/include. A C
# program is compiled with $(libc_program_flags) and linked with $(libc_start) PROGRAM.o $(libc_archive) $(libgcc);
# it runs in Quire and on Linux.

libc_folder := build/libc
libc_archive := $(libc_folder)/libc.a
libc_start := $(libc_folder)/libc/program/start.asm.o
libc_sources := $(wildcard libc/*.cpp libc/heap/*.cpp libc/malloc/*.cpp libc/standard/*.cpp libc/stdio/*.cpp libc/program/*.cpp) \
                user/signal_names.cpp
libc_assembly := libc/program/jumps.asm libc/program/thread_calls.asm
libc_objects := $(libc_sources:%.cpp=$(libc_folder)/%.o) $(libc_assembly:%=$(libc_folder)/%.o)
# mallinfo2 is a structure and a function, as its manual has it.
libc_own_flags = $(user_flags) $(libc_flags) -isystem libc/include -fomit-frame-pointer -foptimize-sibling-calls -Wno-shadow \
                 $(libc_stack)
# Where the library calls no function of the program, its own need no stack aligned to 16.
libc_stack = -mpreferred-stack-boundary=2
libc_callers := program/start program/threads program/thread_values standard/sort
$(libc_callers:%=$(libc_folder)/libc/%.o): libc_stack :=

# Headers: ours, and those that belong to the compiler (stddef.h, stdint.h, stdarg.h).
libc_program_flags = -nostdinc -isystem libc/include -isystem $(shell $(HOST32_CC) -print-file-name=include) \
                     -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
                     -march=i686 -mtune=generic

libc_settings = $(KERNEL_CXX) $(libc_own_flags) $(NASM) $(nasm_flags) $(libc_objects)
$(eval $(call note,$(libc_folder)/settings,libc_settings))

$(libc_folder)/%.o: %.cpp $(libc_folder)/settings
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(KERNEL_CXX) $(libc_own_flags) -MD -MP -c $< -o $@

$(libc_folder)/%.asm.o: %.asm $(libc_folder)/settings
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(nasm_flags) $< -o $@

$(libc_archive): $(libc_objects)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(CROSS)ar crs $@ $^

.PHONY: libc
libc: $(libc_archive) $(libc_start)

-include $(patsubst %.o,%.d,$(filter-out %.asm.o,$(libc_objects)))

# Test programs: /tests/libc of the image with the tests. With tap.h, or by themselves.
libc_test_sources := $(wildcard tests/guest/programs/libc/*.c)
libc_tests := $(libc_test_sources:tests/guest/programs/libc/%.c=build/test_programs/root/tests/libc/%)
libc_test_flags = -std=gnu17 -I. -O1 -g -Wall -Wextra -Werror -fno-builtin -fno-toplevel-reorder $(libc_program_flags)

build/libc/test/%.o: tests/guest/programs/libc/%.c $(libc_folder)/settings
	$(say) CC32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CC) $(libc_test_flags) -MD -MP -c $< -o $@

# In an archive, so that a program with a main of its own goes without it.
build/libc/tap.a: build/test_programs/tests/guest/programs/tap.cpp.o
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(CROSS)ar crs $@ $^

build/test_programs/root/tests/libc/%: build/libc/test/%.o $(libc_start) build/libc/tap.a $(libc_archive)
	$(say) LINK $@
	@mkdir -p $(@D) build/test_programs/debug/libc
	$(Q)$(KERNEL_LD) $(user_ld_flags) $(libc_start) $< build/libc/tap.a $(libc_archive) $(libgcc) \
	    -o build/test_programs/debug/libc/$(@F)
	$(Q)$(OBJCOPY) --strip-all build/test_programs/debug/libc/$(@F) $@

.PRECIOUS: build/libc/test/%.o

# They run on Linux as they are.
.PHONY: libc-on-linux
libc-on-linux: $(libc_tests)
	$(Q)for program in $^; do echo "# $$program"; $$program || exit 1; done

-include $(libc_test_sources:tests/guest/programs/libc/%.c=build/libc/test/%.d)

# The host's tests of malloc that want another build: MALLOC_STEPS random calls, compiled to be fast
# (`make fuzz` has them, too), and threads under ThreadSanitizer (`make test` has them).
MALLOC_STEPS ?= 10000000
malloc_test_product := $(wildcard libc/heap/*.cpp libc/malloc/*.cpp) libc/string.cpp
malloc_test_support := tests/host/host_support.cpp tests/host/malloc_host.cpp
malloc_test_headers := $(wildcard libc/heap/*.h libc/malloc/*.h) tests/host/malloc_world.h tests/host/heap_support.h

# $(call malloc_test_build,FOLDER,flags)
define malloc_test_build
build/$(1)/libc/%.o: libc/%.cpp $$(malloc_test_headers)
	$$(say) CXX $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CXX) $$(language) $$(warnings) -I. $(2) $$(libc_flags) -include tests/host/libc_prefix.h -c $$< -o $$@

build/$(1)/tests/%.o: tests/%.cpp $$(malloc_test_headers)
	$$(say) CXX $$<
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CXX) -std=c++20 -fno-strict-aliasing -I. $(2) -c $$< -o $$@

.SECONDARY: $$(patsubst %.cpp,build/$(1)/%.o,$$(malloc_test_product) $$(malloc_test_support) \
              tests/host/malloc_model_test.cpp tests/host/malloc_threads_test.cpp)

build/$(1)/%_test: build/$(1)/tests/host/%_test.o $$(patsubst %.cpp,build/$(1)/%.o,$$(malloc_test_product) $$(malloc_test_support))
	$$(say) LINK $$@
	$$(Q)$$(HOST_CXX) $(2) $$^ -lgtest -lgtest_main -lpthread -o $$@
endef
$(eval $(call malloc_test_build,malloc_fast,-O2 -g1))
$(eval $(call malloc_test_build,malloc_tsan,-O1 -g1 -fsanitize=thread))

test-programs: $(if $(call tests_need,system),build/malloc_tsan/malloc_threads_test)

.PHONY: fuzz-malloc tsan-malloc
fuzz-malloc: build/malloc_fast/malloc_model_test
	$(say) MALLOC "$(MALLOC_STEPS) steps"
	$(Q)QUIRE_SEED=$${QUIRE_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')} QUIRE_STEPS=$(MALLOC_STEPS) \
	    $< --gtest_brief=1
fuzz: fuzz-malloc

tsan-malloc: build/malloc_tsan/malloc_threads_test
	$(say) TSAN "threads that share a heap"
	$(Q)TSAN_OPTIONS=halt_on_error=1 $< --gtest_brief=1
