# The disk image: boot stages, kernel, root file system, swap space (docs/disks.md). CMDLINE= is the
# kernel's command line, ROOT_MIB= and SWAP_MIB= are the sizes of the partitions. make fsck checks
# the image from outside; it changes nothing.

ROOT_MIB ?= 32
SWAP_MIB ?= 32

build/boot/stage2.bin: boot/stage2.asm $(wildcard boot/*.inc)
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) -f bin -w+all -w+error -I . $< -o $@

# Stage 1 is told how many sectors stage 2 really has.
build/boot/stage1.bin: boot/stage1.asm build/boot/stage2.bin $(wildcard boot/*.inc)
	$(say) NASM $<
	$(Q)$(NASM) -f bin -w+all -w+error -I . \
	    -DSTAGE2_SECTORS=$$(($$(wc -c < build/boot/stage2.bin) / 512)) $< -o $@

# The command line and the sizes are part of the image: a change of them makes a new one.
$(eval $(call note,build/boot/command_line,CMDLINE))
$(eval $(call note,build/root_mib,ROOT_MIB))
$(eval $(call note,build/swap_mib,SWAP_MIB))

# What the root file system holds: a folder, and a list of the files it was made from. The programs
# come from user.mk.
rootfs_sources := tools/make_rootfs.py $(shell find tools/rootfs docs -type f)
rootfs_made_from = $(rootfs_sources) $(user_programs)
$(eval $(call note,build/rootfs_sources,rootfs_made_from))

build/rootfs.made: $(rootfs_sources) build/rootfs_sources
	$(say) GATHER build/rootfs
	$(Q)$(PYTHON) tools/make_rootfs.py build/rootfs \
	    --programs build/user/root $(user_programs:build/user/root/%=%)
	@touch $@

build/root.ext2: build/rootfs.made build/root_mib tools/make_ext2.py tools/disk_tools.py
	$(say) EXT2 $@
	$(Q)$(PYTHON) tools/make_ext2.py --folder build/rootfs --mib $(ROOT_MIB) --output $@

# $(call disk_image,IMAGE,ROOT): boots the kernel with this root file system.
define disk_image
$(1): build/boot/stage1.bin build/boot/stage2.bin build/kernel/kernel.stripped \
    build/boot/command_line $(2) build/swap_mib tools/make_image.py tools/disk_tools.py
	$$(say) IMAGE $$@
	$$(Q)$$(PYTHON) tools/make_image.py --stage1 build/boot/stage1.bin \
	    --stage2 build/boot/stage2.bin --kernel build/kernel/kernel.stripped \
	    --command-line-file build/boot/command_line --root $(2) --swap-mib $$(SWAP_MIB) --output $$@
endef
$(eval $(call disk_image,build/quire.img,build/root.ext2))

.PHONY: image fsck
image: build/quire.img

# The image is used as it is: what Quire wrote to it is checked, and is not made anew.
fsck:
	$(Q)test -e build/quire.img || $(MAKE) image
	$(Q)$(PYTHON) tools/fsck_image.py build/quire.img --built-from build/rootfs
