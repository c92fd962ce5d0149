# make soak: the judges of ext2, the model of user memory inside Quire, and a mix of programs that need
# more memory than there is (docs/pressure.md), for a long time, on scripts that nobody has seen. Each
# prints the seed with which it began. SOAK_STEPS=, SOAK_SESSIONS=, REPLAY_STEPS= say how long, and
# SOAK_BILLIONS=, in guest instructions.

SOAK_STEPS    ?= 1000000
SOAK_SESSIONS ?= 30
REPLAY_STEPS  ?= 100000
SOAK_BILLIONS ?= 200

.PHONY: soak soak-replay soak-pressure
soak: build/host64/host_tests soak-replay soak-pressure
	$(say) SOAK "ext2 against its model, $(SOAK_STEPS) steps"
	$(Q)QUIRE_SEED=random QUIRE_STEPS=$(SOAK_STEPS) ASAN_OPTIONS=detect_leaks=0 \
	    build/host64/host_tests --gtest_brief=1 --gtest_filter='Ext2Model.*'
	$(say) SOAK "a power cut after every write, $(SOAK_SESSIONS) sessions of each shape"
	$(Q)QUIRE_SEED=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') QUIRE_SESSIONS=$(SOAK_SESSIONS) \
	    ASAN_OPTIONS=detect_leaks=0 \
	    build/host64/host_tests --gtest_brief=1 --gtest_filter='Ext2PowerCut.*'

# On machines of 16 and of 64 MiB, REPLAY_STEPS each.
soak-replay: build/tests.img
	$(Q)seed=$${QUIRE_SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}; \
	    $(if $(V),,printf '  %-7s %s\n' SOAK "memory scripts inside Quire, $(REPLAY_STEPS) steps, QUIRE_SEED=$$seed";) \
	    QUIRE_SEED=$$seed QUIRE_STEPS=$(REPLAY_STEPS) \
	    $(PYTHON) -m pytest -q tests/system/test_model_replay.py -k agree

# On machines of 16 and of 32 MiB, SOAK_BILLIONS of guest instructions each.
soak-pressure: build/quire.img build/tests.img
	$(Q)seed=$${QUIRE_SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}; \
	    $(if $(V),,printf '  %-7s %s\n' SOAK "memory pressure, $(SOAK_BILLIONS) billion instructions, QUIRE_SEED=$$seed";) \
	    QUIRE_SEED=$$seed QUIRE_BILLIONS=$(SOAK_BILLIONS) \
	    $(PYTHON) -m pytest -q tests/system/test_pressure.py -k mix
