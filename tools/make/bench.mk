# make bench: every measurement, printed and written to build/bench/results.tsv, a row a figure:
# name, value, unit, goal, peer, peer's value.

.PHONY: bench bench-start bench-boot bench-guest
bench: bench-start
	$(Q)$(MAKE) bench-boot bench-guest bench-disk

bench-start: setup-test
	@mkdir -p build/bench
	@printf 'name\tvalue\tunit\tgoal\tpeer\tpeer value\n' > build/bench/results.tsv

bench-boot: image
	$(say) BENCH "the boot, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_boot.py

bench-guest: image
	$(say) BENCH "memory operations, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_guest.py
