# make bench-growth: how what memory costs grows with its size, with regions, with sharers; beside
# Linux, drawn as build/bench/growth-*.svg.

.PHONY: bench-growth
bench-growth: test-image
	$(say) BENCH "how costs grow, in guest instructions"
	$(Q)$(PYTHON) tests/bench/bench_growth.py
