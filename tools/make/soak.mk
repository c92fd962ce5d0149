# make soak: the judges of ext2 for a long time, on scripts that nobody has seen. Each prints the seed
# with which it began. SOAK_STEPS=, SOAK_SESSIONS= say how long.

SOAK_STEPS    ?= 1000000
SOAK_SESSIONS ?= 30

.PHONY: soak
soak: build/host64/host_tests
	$(say) SOAK "ext2 against its model, $(SOAK_STEPS) steps"
	$(Q)QUIRE_SEED=random QUIRE_STEPS=$(SOAK_STEPS) ASAN_OPTIONS=detect_leaks=0 \
	    build/host64/host_tests --gtest_brief=1 --gtest_filter='Ext2Model.*'
	$(say) SOAK "a power cut after every write, $(SOAK_SESSIONS) sessions of each shape"
	$(Q)QUIRE_SEED=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') QUIRE_SESSIONS=$(SOAK_SESSIONS) \
	    ASAN_OPTIONS=detect_leaks=0 \
	    build/host64/host_tests --gtest_brief=1 --gtest_filter='Ext2PowerCut.*'
