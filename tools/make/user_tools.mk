# The tools: user/bin/X.cpp is /bin/X of the image. Written with the C library of libc/ (user_libc.mk) and
# with user/tools/, what they do alike; each takes from both archives only what it uses. They run on
# Linux, too: tests/system/test_tools.py compares them there with the host's own.

user_tools_archive := build/user/tools.a
user_tools_library := $(call user_objects,$(wildcard user/tools/*.cpp) user/test_expression.cpp)
user_tools_objects := $(user_tools:build/user/root/bin/%=build/user/user/bin/%.o)

build/user/user/bin/%.o build/user/user/tools/%.o: user_flags += -isystem libc/include

$(user_tools_archive): $(user_tools_library) build/user/programs
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(CROSS)ar crs $@ $(filter %.o,$^)

$(user_tools): build/user/root/bin/%: build/user/user/bin/%.o $(libc_start) $(user_tools_archive) $(libc_archive) \
                                      build/user/programs user/program.ld
	$(say) LINK $@
	@mkdir -p $(@D) build/user/debug/bin
	$(Q)$(KERNEL_LD) $(program_ld_flags) $(libc_start) $< $(user_tools_archive) $(libc_archive) $(libgcc) \
	    -o build/user/debug/bin/$(@F)
	$(Q)$(OBJCOPY) --strip-all build/user/debug/bin/$(@F) $@

$(user_libc_demos:build/user/root/%=build/user/user/%.o): user_flags += -isystem libc/include
$(user_libc_demos): build/user/root/%: build/user/user/%.o $(call user_objects,$(user_demo_library) user/output.cpp) \
                                       $(libc_start) $(libc_archive) build/user/programs \
                                       user/program.ld
	$(say) LINK $@
	@mkdir -p $(@D) build/user/debug/demo
	$(Q)$(KERNEL_LD) $(program_ld_flags) $(libc_start) $(filter build/user/%.o,$^) $(libc_archive) $(libgcc) \
	    -o build/user/debug/demo/$(@F)
	$(Q)$(OBJCOPY) --strip-all build/user/debug/demo/$(@F) $@

-include $(patsubst %.o,%.d,$(user_tools_library) $(user_tools_objects))
