# make debug: the PC waits before its first instruction, and gdb opens on the kernel's symbols with
# the commands of tools/gdbinit. make compile_commands: build/compile_commands.json for editors
# (.clangd tells clangd where it is).

.PHONY: debug
debug:
	$(Q)tools/setup.sh debug
	$(Q)$(MAKE) image
	$(Q)QEMU='$(QEMU)' tools/debug.sh build/quire.img build/kernel.elf $(GDB_ARGS)

.PHONY: compile_commands
compile_commands:
	@mkdir -p build
	$(Q)$(MAKE) -nB V=1 image build/host64/host_tests \
	    | python3 tools/make_compile_commands.py build/compile_commands.json
