# make run ROOTFS=busybox: the same kernel and the same init, and Debian's busybox-static as userland
# (docs/busybox.md). The program is fetched as a package; it is no part of this tree.

BUSYBOX_ROOT_MIB ?= 64
busybox := build/debian/busybox-static/bin/busybox

$(busybox):
	$(say) FETCH "busybox-static (i386)"
	$(Q)$(PYTHON) tools/debian_package.py busybox-static

build/busybox/rootfs.made: $(rootfs_sources) build/rootfs_sources $(user_programs) $(busybox)
	$(say) GATHER build/busybox/rootfs
	$(Q)$(PYTHON) tools/make_rootfs.py build/busybox/rootfs --busybox $(busybox) \
	    --programs build/user/root $(user_programs:build/user/root/%=%)
	@touch $@

build/busybox/root.ext2: build/busybox/rootfs.made tools/make_ext2.py tools/disk_tools.py
	$(say) EXT2 $@
	$(Q)$(PYTHON) tools/make_ext2.py --folder build/busybox/rootfs --mib $(BUSYBOX_ROOT_MIB) --output $@

$(eval $(call disk_image,build/busybox.img,build/busybox/root.ext2))

.PHONY: busybox-image
busybox-image: build/busybox.img

# For make test: no package is no end of it, as the tests that need one fail and tell why. Not at the same
# time as the other images: they share what they are made of.
.PHONY: busybox-image-or-why
busybox-image-or-why: image test-image
	@mkdir -p build/busybox
	$(Q)$(MAKE) busybox-image > build/busybox/make.log 2>&1 || rm -f build/busybox.img
	$(Q)$(MAKE) musl-programs >> build/busybox/make.log 2>&1 || rm -rf build/musl

# The session on Debian's Linux (the peer), with the same program: what Quire must say, too.
.PHONY: busybox-expected
busybox-expected: $(busybox)
	$(Q)$(PYTHON) tools/debian_package.py linux-image-686
	$(Q)$(PYTHON) tools/linux_peer.py --memory 256 --add tests/system/busybox:/session \
	    --add tools/rootfs/etc/passwd:/etc/passwd --add tools/rootfs/etc/group:/etc/group \
	    --add tools/rootfs/README:/root/README \
	    '. /session/on_peer.sh' > build/busybox/session.expected
	$(Q)cp build/busybox/session.expected tests/system/busybox/session.expected
