# Quire: `make run` boots it, `make test` tests it, `make help` lists the rest.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/sh

include tools/make/toolchain.mk
include $(filter-out tools/make/toolchain.mk,$(wildcard tools/make/*.mk))

.PHONY: help
help:
	@echo "help"
