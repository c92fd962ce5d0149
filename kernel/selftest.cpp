#include "kernel/selftest.h"

#include "kernel/monitor.h"

extern "C" const quire::kernel::SelfTestEntry selftests_start[];
extern "C" const quire::kernel::SelfTestEntry selftests_end[];

namespace quire::kernel {
namespace {

std::span<const SelfTestEntry> all_selftests() {
    return {selftests_start, selftests_end};
}

bool selected(const SelfTestEntry& entry, std::string_view pattern) {
    return std::string_view(entry.name).find(pattern) != std::string_view::npos;
}

void run_command_selftest(System& system, Arguments arguments) {
    run_selftests(system, arguments.size() > 1 ? arguments[1] : std::string_view());
}
MONITOR_COMMAND(selftest, "[PATTERN]", "run the kernel's self-tests", run_command_selftest);

}  // namespace

void SelfTest::check(bool passed, const char* condition, const char* file, int line) {
    if (passed) return;
    ++failures_;
    system_.console.print("# %s:%d: failed: %s\n", file, line, condition);
}

bool run_selftests(System& system, std::string_view pattern) {
    Console& console = system.console;
    unsigned planned = 0;
    for (const SelfTestEntry& entry : all_selftests())
        planned += selected(entry, pattern);
    console.print("TAP version 13\n1..%u\n", planned);

    unsigned number = 0;
    unsigned failed = 0;
    for (const SelfTestEntry& entry : all_selftests()) {
        if (!selected(entry, pattern)) continue;
        SelfTest test(system);
        entry.run(test);
        failed += !test.passed();
        console.print("%sok %u - %s\n", test.passed() ? "" : "not ", ++number, entry.name);
    }
    return planned != 0 && failed == 0;
}

}  // namespace quire::kernel
