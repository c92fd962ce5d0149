# make test: every kind of test, after installing what they need and building what they test.
#
#   make test ONLY=guest            one suite: layers host64 host32 guest bochs system
#   make test ONLY=guest:pc K=heap  one machine of it, and only the tests whose name has "heap"

.PHONY: test
test: setup-test
	$(Q)$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) test-programs
	$(Q)$(MAKE) test-run

# A make of its own, so that it finds the python for which pytest was installed a moment ago.
.PHONY: test-run
test-run:
	$(say) TEST "$(or $(ONLY),everything)$(if $(K), with $(K))"
	$(Q)$(PYTHON) tools/run_tests.py $(if $(ONLY),--only '$(ONLY)') $(if $(K),-k '$(K)')

# What the chosen suite runs. A make of its own, as its tools may just have been installed.
tests_need = $(if $(ONLY),$(filter $(addsuffix %,$(1)),$(ONLY)),everything)
.PHONY: test-programs
test-programs: $(if $(call tests_need,guest bochs system),image) \
               $(if $(call tests_need,system),test-image busybox-image-or-why) \
               $(if $(call tests_need,host64),build/host64/host_tests) \
               $(if $(call tests_need,host32),build/host32/host_tests)

.PHONY: setup-test
setup-test:
	$(Q)tools/setup.sh test
