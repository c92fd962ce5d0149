# make bench-disk: what reading 8 MiB from the disk costs, in guest instructions and disk commands.

.PHONY: bench-disk
bench-disk: image
	$(say) BENCH "reading from the disk, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_disk.py
