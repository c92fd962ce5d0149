# make lint: reads the code without running it (clang-format, check_layers, clang, clang-tidy,
# cppcheck). make lint TOOL=tidy runs one of them. make format rewrites the layout.

.PHONY: lint
lint:
	$(Q)tools/setup.sh lint
	$(Q)python3 tools/lint.py $(TOOL)

.PHONY: format
format:
	$(Q)tools/setup.sh lint
	$(Q)find boot cpu drivers fs kernel libc mm tests user -name '*.cpp' -o -name '*.h' 2>/dev/null \
	    | xargs clang-format -i
