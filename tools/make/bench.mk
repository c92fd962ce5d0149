# make bench: every measurement, printed and written to build/bench/results.tsv, a row a figure
# (tests/bench/results.py tells the columns). Each part has a target of its own and replaces only its
# own rows; bench-heap and bench-pages take recorded traces with TRACES=folder.

bench_parts := bench-costs bench-growth bench-boot bench-guest bench-disk bench-frames bench-slab bench-heap \
               bench-regions bench-swap bench-pages bench-cache bench-faults

.PHONY: bench setup-bench $(bench_parts)
bench: setup-bench
	$(Q)rm -f build/bench/results.tsv
	$(Q)for part in $(bench_parts); do $(MAKE) $$part || exit 1; done
	@echo "written: build/bench/results.tsv"

setup-bench:
	$(Q)tools/setup.sh bench

bench-boot: image test-image
	$(say) BENCH "the boot, and sizes"
	$(Q)$(PYTHON) tests/bench/bench_boot.py

bench-guest: image
	$(say) BENCH "memory operations, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_guest.py

# Puts the figures into docs/measurements.md.
.PHONY: bench-docs
bench-docs:
	$(Q)$(PYTHON) tests/bench/write_measurements.py
