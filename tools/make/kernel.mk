# The kernel: every room's C++ and NASM sources, linked twice, so that the second link can hold the
# symbol table made from the first. The table stands last (linker.ld), so nothing moves; checked.

kernel_cpp := $(wildcard kernel/*.cpp kernel/process/*.cpp cpu/*.cpp drivers/*.cpp mm/*.cpp fs/*.cpp \
                         libc/string.cpp libc/format.cpp libc/heap/*.cpp tests/guest/*.cpp)
kernel_asm := $(wildcard cpu/*.asm) boot/entry.asm
kernel_objects := $(kernel_asm:%.asm=build/kernel/%.asm.o) $(kernel_cpp:%.cpp=build/kernel/%.o)
# Arguments go in registers: no push, no load, no clearing up. -mpreferred-stack-boundary: nothing in
# the kernel wants a stack aligned to 16 bytes, and keeping it so costs two instructions a call.
# (libgcc knows neither: kernel/cxx_runtime.cpp has what would come from there.)
kernel_calls := -mregparm=3 -mpreferred-stack-boundary=2
libgcc := $(shell $(KERNEL_CXX) -march=i686 -print-libgcc-file-name 2>/dev/null)
ld_flags := -m elf_i386 -nostdlib -z noexecstack -z max-page-size=4096 -T linker.ld

kernel_settings = $(KERNEL_CXX) $(kernel_flags) $(kernel_calls) $(libc_flags) $(KERNEL_LD) $(ld_flags) \
                  $(NASM) $(nasm_flags)
$(eval $(call note,build/kernel/settings,kernel_settings))
$(eval $(call note,build/kernel/objects,kernel_objects))

build/kernel/%.o: %.cpp build/kernel/settings
	$(say) CXX $<
	@mkdir -p $(@D)
	$(Q)$(KERNEL_CXX) $(kernel_flags) $(kernel_calls) $(if $(filter libc/%,$<),$(libc_flags)) -MMD -MP -c $< -o $@

# NASM's -MD leaves out what is %included; its -M does not.
build/kernel/%.asm.o: %.asm build/kernel/settings
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(nasm_flags) -M -MP -MT $@ $< > $(@:.o=.d)
	$(Q)$(NASM) $(nasm_flags) $< -o $@

build/kernel/without_symbols.elf: $(kernel_objects) build/kernel/objects linker.ld
	$(say) LINK $@
	$(Q)$(KERNEL_LD) $(ld_flags) $(kernel_objects) -o $@

build/kernel/symbols.bin: build/kernel/without_symbols.elf tools/make_symbols.py
	$(say) SYMBOLS $@
	$(Q)$(NM) -nC $< | $(PYTHON) tools/make_symbols.py -o $@

build/kernel/symbols.o: build/kernel/symbols.bin
	$(Q)$(OBJCOPY) -I binary -O elf32-i386 -B i386 \
	    --rename-section .data=.symbols,alloc,load,readonly,data,contents $< $@

build/kernel.elf: build/kernel/symbols.o $(kernel_objects) linker.ld
	$(say) LINK $@
	$(Q)$(KERNEL_LD) $(ld_flags) $(kernel_objects) build/kernel/symbols.o -o $@
	$(Q)$(NM) -n build/kernel/without_symbols.elf | grep -i ' t ' > build/kernel/before.txt
	$(Q)$(NM) -n $@ | grep -i ' t ' | cmp -s - build/kernel/before.txt || \
	    { echo "linker.ld: the symbol table moved the code it describes" >&2; rm -f $@; exit 1; }

# What goes onto the disk: the same file without its debugging information.
build/kernel/kernel.stripped: build/kernel.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

.PHONY: kernel
kernel: build/kernel.elf

-include $(kernel_objects:.o=.d)
