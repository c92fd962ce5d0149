# make profile ROW=getpid: the instructions of one row of `make bench`, by kernel function.
# FUNCTION=name lists the functions of that name, instruction by instruction; ROW=missed writes the
# rows that miss their goal to build/bench/itemised.tsv, for the book. The rows are those of
# tests/bench/guest/process_costs.cpp; docs/measurements.md tells more.

ROW ?= getpid
FUNCTION ?=
.PHONY: profile
profile: test-image
	$(say) PROFILE "$(ROW), in guest instructions"
	$(Q)$(PYTHON) tests/bench/profile.py $(ROW) $(FUNCTION)
