# Host tests: the pure code of the product under GoogleTest and rapidcheck, with ASan and UBSan,
# once as a 64-bit and once as a 32-bit program (`make host64`, `make host32`).
#
# Product files are compiled with the kernel's language rules and with their libc names prefixed
# (tests/host/libc_prefix.h), so that our memcpy never replaces the host's.

# Every file of these rooms is pure; of the other rooms only the files named here are.
pure_sources := $(wildcard mm/*.cpp fs/*.cpp kernel/process/*.cpp libc/*.cpp libc/heap/*.cpp libc/malloc/*.cpp libc/standard/*.cpp libc/stdio/*.cpp) \
                $(wildcard drivers/ata*.cpp drivers/block_queue.cpp drivers/partition_table.cpp \
                           drivers/acpi_power.cpp drivers/pci.cpp drivers/ram_disk.cpp \
                           drivers/escape_parser.cpp drivers/fw_cfg.cpp drivers/keyboard.cpp \
                           drivers/keyboard_decoder.cpp drivers/pit.cpp drivers/rtc.cpp \
                           drivers/serial.cpp drivers/terminal.cpp drivers/vga_text.cpp \
                           kernel/line_editor.cpp kernel/command_line.cpp kernel/log_lines.cpp kernel/log_ring.cpp \
                           kernel/symbols.cpp \
                           user/inittab.cpp user/tools/regex.cpp user/tools/regex_compiler.cpp)
host_test_sources := $(wildcard tests/host/*.cpp)

# As a 32-bit program the tests show what the width of a pointer changes. What runs long is run once,
# as a 64-bit program: the models, and what has e2fsck as its judge; drivers have no pointers to speak
# of. `make host32 HOST32_LEAVES_OUT=` runs all.
HOST32_LEAVES_OUT ?= %_model_test.cpp %_power_cut_test.cpp %/ext2_failure_test.cpp \
                     $(addprefix tests/host/,command_line_test.cpp fw_cfg_test.cpp keyboard_decoder_test.cpp \
                       keyboard_test.cpp line_editor_test.cpp log_ring_test.cpp pit_test.cpp rtc_test.cpp \
                       serial_test.cpp symbols_test.cpp terminal_test.cpp vga_text_test.cpp)

sanitizers := -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all
host_flags := $(warnings) -I. -O1 -g1 -fno-omit-frame-pointer $(sanitizers) $(EXTRA_HOST_FLAGS)
host_product_flags := $(language) $(host_flags) -include tests/host/libc_prefix.h
# What is written against our own headers sees no others.
host_standard_flags := $(language) $(host_flags) -include tests/host/standard_names.h -isystem libc/include \
                       -ffreestanding $(libc_flags)
# Test code may throw (rapidcheck does); some of its macros trip over our strictest warnings.
host_support_flags := -std=c++20 -fno-strict-aliasing $(host_flags) -Wno-missing-declarations \
                      -Wno-undef -Wno-cast-align
# To compile the tests is most of the work, to run them is little: so they are not optimised, and only
# what they test and run on is watched by UBSan. Its objects are linked first, so that its inline
# functions are those of all.
host_test_flags := $(filter-out -O1 -fsanitize% -fno-sanitize%,$(host_support_flags)) -fsanitize=address

host32_root := build/debian/librapidcheck-dev
host32_cxx_flags := -isystem $(host32_root)/usr/include -isystem /usr/src/googletest/googletest/include \
                    -isystem /usr/src/googletest/googlemock/include
host32_link_flags := -Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2 \
                     -Wl,-rpath,/usr/i686-linux-gnu/lib

# $(call host_build,64,compiler,compile flags,link inputs,made before,link flags,tests)
define host_build
host$(1)_objects := $$(pure_sources:%.cpp=build/host$(1)/%.o) $$(patsubst %.cpp,build/host$(1)/%.o,$(7))
host$(1)_settings = $(2) $$(host_product_flags) $$(libc_flags) $$(host_support_flags) $(3) $(6)
$$(eval $$(call note,build/host$(1)/settings,host$(1)_settings))
$$(eval $$(call note,build/host$(1)/objects,host$(1)_objects))

# The headers that every test includes, read once. A compiler cache, where one stands before the
# compiler, must not hand out another tree's: it would not know the headers again (#pragma once).
build/host$(1)/tests/host/common_headers.h.gch: tests/host/common_headers.h $$(wildcard mm/*.h fs/*.h tests/host/*.h kernel/base/*.h) build/host$(1)/settings $(5)
	$$(say) CXX$(1) $$<
	@mkdir -p $$(@D)
	$$(Q)CCACHE_DISABLE=1 $(2) $$(host_test_flags) $(3) -x c++-header $$< -o $$@

build/host$(1)/tests/host/%_test.o: tests/host/%_test.cpp build/host$(1)/tests/host/common_headers.h.gch
	$$(say) CXX$(1) $$<
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(host_test_flags) $(3) -include build/host$(1)/tests/host/common_headers.h -MMD -MP -c $$< -o $$@

build/host$(1)/tests/host/%.o: tests/host/%.cpp build/host$(1)/settings $(5)
	$$(say) CXX$(1) $$<
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(host_support_flags) $(3) -MMD -MP -c $$< -o $$@

build/host$(1)/libc/%.o: host_product_flags += $(libc_flags)
build/host$(1)/libc/standard/%.o build/host$(1)/user/tools/%.o: host_product_flags = $$(host_standard_flags)

build/host$(1)/%.o: %.cpp build/host$(1)/settings
	$$(say) CXX$(1) $$<
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(host_product_flags) $(3) -MMD -MP -c $$< -o $$@

build/host$(1)/host_tests: $$(host$(1)_objects) build/host$(1)/objects $(4)
	$$(say) LINK$(1) $$@
	$$(Q)$(2) $$(sanitizers) $$(EXTRA_HOST_FLAGS) $$(filter %.o %.a,$$^) $(6) -o $$@

.PHONY: host$(1)
host$(1): build/host$(1)/host_tests
	$$(say) RUN$(1) "host tests, $(1)-bit $$(if $$(FILTER),($$(FILTER)))"
	$$(Q)ASAN_OPTIONS=detect_leaks=0 build/host$(1)/host_tests --gtest_brief=1 $$(if $$(FILTER),--gtest_filter='$$(FILTER)')

-include $$(host$(1)_objects:.o=.d)
endef

rapidcheck32 := $(host32_root)/usr/lib/i386-linux-gnu/librapidcheck.a

$(eval $(call host_build,64,$(HOST_CXX),,,,-lgtest -lgtest_main -lrapidcheck -lpthread,$(host_test_sources)))
$(eval $(call host_build,32,$(HOST32_CXX),$(host32_cxx_flags),build/host32/gtest-all.o build/host32/gtest_main.o $(rapidcheck32),$(rapidcheck32),$(host32_link_flags) -lpthread,$(filter-out $(HOST32_LEAVES_OUT),$(host_test_sources))))

# Debian ships GoogleTest as source, and rapidcheck for i386 as a package of that architecture,
# which is unpacked here and not installed.
build/host32/gtest-all.o build/host32/gtest_main.o: build/host32/%.o: /usr/src/googletest/googletest/src/%.cc
	$(say) CXX32 $<
	@mkdir -p $(@D)
	$(Q)$(HOST32_CXX) -std=c++20 -O1 -g $(host32_cxx_flags) -I/usr/src/googletest/googletest -c $< -o $@

$(rapidcheck32):
	$(say) FETCH "librapidcheck-dev for i386"
	$(Q)$(PYTHON) tools/debian_package.py librapidcheck-dev

# make coverage: which lines of the memory manager and the C library the 64-bit host tests reach.
# What a death test runs is not counted, as its process dies.
.PHONY: coverage
coverage:
	$(Q)tools/setup.sh coverage
	$(Q)$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) host64 EXTRA_HOST_FLAGS=--coverage
	$(Q)gcovr -r . --object-directory build/host64 --filter mm/ --filter libc/ --txt
