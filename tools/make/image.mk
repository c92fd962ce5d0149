# The disk image: boot stages, kernel, partition table. CMDLINE= is the kernel's command line.

build/boot/stage2.bin: boot/stage2.asm $(wildcard boot/*.inc)
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) -f bin -w+all -w+error -I . $< -o $@

# Stage 1 is told how many sectors stage 2 really has.
build/boot/stage1.bin: boot/stage1.asm build/boot/stage2.bin $(wildcard boot/*.inc)
	$(say) NASM $<
	$(Q)$(NASM) -f bin -w+all -w+error -I . \
	    -DSTAGE2_SECTORS=$$(($$(wc -c < build/boot/stage2.bin) / 512)) $< -o $@

# The command line is part of the image: a change of it makes a new one.
$(eval $(call note,build/boot/command_line,CMDLINE))

build/quire.img: build/boot/stage1.bin build/boot/stage2.bin build/kernel/kernel.stripped \
                 build/boot/command_line tools/make_image.py
	$(say) IMAGE $@
	$(Q)$(PYTHON) tools/make_image.py --stage1 build/boot/stage1.bin \
	    --stage2 build/boot/stage2.bin --kernel build/kernel/kernel.stripped \
	    --command-line-file build/boot/command_line --output $@

.PHONY: image
image: build/quire.img
