# make bench-floor: the shortest handlers that could do the rows of bench-costs, on the bare machine.

build/bench/floor.elf: tests/bench/floor.asm
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) $(nasm_flags) $< -o $(@:.elf=.o)
	$(Q)$(KERNEL_LD) -m elf_i386 -static -nostdlib -z noexecstack -Ttext=0x100000 $(@:.elf=.o) -o $@

.PHONY: bench-floor
bench-floor: build/bench/floor.elf
	$(Q)$(PYTHON) tests/bench/floor.py
