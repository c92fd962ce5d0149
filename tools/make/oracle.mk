# make oracle: the same cases of system calls on Debian's Linux and on Quire, compared line by line
# (docs/oracle.md). ORACLE='pipes signals' runs some subjects only; oracle-write keeps what Linux says.

.PHONY: oracle oracle-write
oracle: test-image
	$(Q)$(PYTHON) tools/oracle.py $(ORACLE)

oracle-write: test-image
	$(Q)$(PYTHON) tools/oracle.py --write $(ORACLE)
