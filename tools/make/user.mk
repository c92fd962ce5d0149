# User programs: freestanding C++20 and NASM like the kernel, linked statically, without a C library
# but the files of libc/ named here; the tools in user/bin have one (user_tools.mk). Where they go on
# the image's root: user/bin/X.cpp is /bin/X, user/demo/X.cpp is /demo/X, user/sh/ is /bin/sh,
# user/init.cpp is /sbin/init. The same files with symbols, for a debugger, are in build/user/debug/.

user_flags := $(filter-out -mgeneral-regs-only -fno-optimize-sibling-calls -Wframe-larger-than%,$(kernel_flags)) \
              -ffunction-sections -fdata-sections
user_ld_flags := -m elf_i386 -static -nostdlib --gc-sections -z noexecstack
program_ld_flags := $(user_ld_flags) -T user/program.ld

user_library_sources := user/start.asm user/arena.cpp user/cxx_runtime.cpp user/directory.cpp user/output.cpp user/signal_names.cpp \
                        libc/string.cpp libc/numbers.cpp libc/format.cpp
user_tools := $(patsubst user/%.cpp,build/user/root/%,$(wildcard user/bin/*.cpp))
user_demo_library := user/demo/demo.cpp user/demo/look.cpp
user_demo_sources := $(filter-out $(user_demo_library),$(wildcard user/demo/*.cpp))
user_demos := $(patsubst user/%.cpp,build/user/root/%,$(user_demo_sources))
# The demonstrations of malloc have the C library (user_libc.mk).
user_libc_demos := build/user/root/demo/calloc build/user/root/demo/realloc
user_bare_programs := $(filter-out $(user_libc_demos),$(user_demos)) build/user/root/sbin/init build/user/root/bin/sh
user_programs := $(user_tools) $(user_libc_demos) $(user_bare_programs)

user_objects = $(patsubst %.cpp,build/user/%.o,$(patsubst %.asm,build/user/%.asm.o,$(1)))
user_library := $(call user_objects,$(user_library_sources))
user_all_objects := $(user_library) $(call user_objects,user/init.cpp user/inittab.cpp user/test_expression.cpp $(wildcard user/demo/*.cpp user/sh/*.cpp))

user_settings = $(KERNEL_CXX) $(user_flags) $(libc_flags) $(KERNEL_LD) $(program_ld_flags) $(libgcc) $(NASM) $(nasm_flags)
$(eval $(call note,build/user/settings,user_settings))
$(eval $(call note,build/user/programs,user_programs))

build/user/%.o: %.cpp build/user/settings
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(KERNEL_CXX) $(user_flags) $(if $(filter libc/%,$<),$(libc_flags)) -MD -MP -c $< -o $@

build/user/%.asm.o: %.asm build/user/settings
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(nasm_flags) $< -o $@

$(user_demos): build/user/root/%: build/user/user/%.o
$(user_demos): $(call user_objects,$(user_demo_library))
build/user/root/sbin/init: build/user/user/init.o build/user/user/inittab.o
build/user/root/bin/sh: $(call user_objects,$(wildcard user/sh/*.cpp) user/test_expression.cpp)

$(user_bare_programs): $(user_library) build/user/programs user/program.ld
	$(say) LINK $@
	@mkdir -p $(@D) $(patsubst build/user/root/%,build/user/debug/%,$(@D))
	$(Q)$(KERNEL_LD) $(program_ld_flags) $(filter %.o,$^) $(libgcc) -o $(@:build/user/root/%=build/user/debug/%)
	$(Q)$(OBJCOPY) --strip-all $(@:build/user/root/%=build/user/debug/%) $@

build/rootfs.made: $(user_programs)

.PHONY: user
user: $(user_programs)

-include $(patsubst %.o,%.d,$(filter-out %.asm.o,$(user_all_objects)))
