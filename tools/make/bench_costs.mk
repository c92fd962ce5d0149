# make bench-costs: what processes and their memory cost, in guest instructions, on Quire and on
# Debian's Linux; with PEER=small beside the smallest Linux, too (tools/small_linux.py).

PEER ?=
ifneq (,$(filter-out small,$(PEER)))
  $(error PEER is small or nothing, not '$(PEER)')
endif

.PHONY: bench-costs
bench-costs: test-image build/bench/floor.elf
	$(if $(PEER),$(Q)tools/setup.sh peer && $(PYTHON) tools/small_linux.py)
	$(say) BENCH "processes and their memory, beside Linux, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_costs.py $(if $(PEER),build/linux/bzImage)
