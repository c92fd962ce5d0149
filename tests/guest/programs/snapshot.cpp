#include "tests/guest/programs/snapshot.h"

#include <algorithm>

#include "libc/string.h"
#include "user/system.h"

namespace quire {
namespace {

std::array<char, 16384> text;

/// The whole file, NUL behind it; empty: it cannot be read.
std::string_view read_file(const char* path) {
    const long file = sys::open(path, abi::kOpenReadOnly);
    if (file < 0) return {};
    std::size_t used = 0;
    long got = 0;
    while ((got = sys::read(static_cast<int>(file), &text[used], text.size() - 1 - used)) > 0)
        used += static_cast<std::size_t>(got);
    sys::close(static_cast<int>(file));
    text[used] = '\0';
    return {text.data(), used};
}

/// The number behind `name`, in KiB; 0: there is no such line.
std::uint32_t kib_of(std::string_view report, std::string_view name) {
    for (std::size_t at = 0; at < report.size();) {
        const std::string_view line = report.substr(at, report.find('\n', at) - at);
        if (line.starts_with(name)) return strtoul(line.data() + name.size(), nullptr, 10);
        at += line.size() + 1;
    }
    return 0;
}

/// Caches whose objects stay as long as files are cached.
bool caches_files(std::string_view slab) {
    constexpr std::string_view kNames[] = {"radix_tree_node", "ext2"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view name) { return slab.starts_with(name); });
}

}  // namespace

void Snapshot::add(std::string_view name, std::uint32_t value) {
    if (count_ == kMostFigures) {
        is_complete_ = false;
        return;
    }
    Figure& figure = figures_[count_++];
    const std::size_t length = std::min(name.size(), figure.name.size() - 1);
    figure.name = {};
    std::copy_n(name.begin(), length, figure.name.begin());
    figure.value = value;
}

void Snapshot::take() {
    count_ = 0;
    is_complete_ = true;
    read_meminfo();
    read_slabinfo();
}

void Snapshot::read_meminfo() {
    const std::string_view report = read_file("/proc/meminfo");
    if (report.empty()) is_complete_ = false;
    const auto kib = [&](std::string_view name) { return kib_of(report, name); };
    // Private pages may go to swap and come back, and may be in both places: counted once.
    const std::uint32_t anonymous = kib("AnonPages:");
    const std::uint32_t swapped = kib("SwapTotal:") - kib("SwapFree:");
    const std::uint32_t caches = kib("Buffers:") + kib("Cached:") + kib("Slab:");
    add("other frames", (kib("MemTotal:") - kib("MemFree:") - caches - anonymous) / 4);
    add("private pages", (anonymous + swapped - kib("SwapCached:")) / 4);
    add("page tables", kib("PageTables:") / 4);
    add("kernel stack pages", kib("KernelStack:") / 4);
    add("pages promised", kib("Committed_AS:") / 4);
}

void Snapshot::read_slabinfo() {
    const std::string_view report = read_file("/proc/slabinfo");
    if (report.empty()) is_complete_ = false;
    for (std::size_t at = 0; at < report.size();) {
        const std::string_view line = report.substr(at, report.find('\n', at) - at);
        at += line.size() + 1;
        const std::string_view name = line.substr(0, line.find(' '));
        if (name.empty() || name == "slabinfo" || name == "#" || caches_files(name)) continue;
        add(name, strtoul(line.data() + name.size(), nullptr, 10));
    }
}

bool Snapshot::has_grown(const Snapshot& later) const {
    bool grown = !is_complete_ || !later.is_complete_ || count_ != later.count_;
    if (grown) say("# /proc does not tell all that is in use\n");
    for (std::size_t i = 0; i < std::min(count_, later.count_); ++i) {
        const Figure& now = figures_[i];
        const Figure& then = later.figures_[i];
        if (now.value == then.value && now.name == then.name) continue;
        say("# %s: %u before, %u after\n", now.name.data(), +now.value, +then.value);
        if (now.name != then.name || then.value > now.value) grown = true;
    }
    return grown;
}

}  // namespace quire
