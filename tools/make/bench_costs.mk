# make bench-costs: what processes and their memory cost, in guest instructions, on Quire and on Linux.

.PHONY: bench-costs
bench-costs: test-image build/bench/floor.elf
	$(say) BENCH "processes and their memory, beside Linux, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_costs.py
