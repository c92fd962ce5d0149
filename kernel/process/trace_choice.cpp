#include "kernel/process/trace_choice.h"

#include "kernel/process/process_files.h"
#include "kernel/process/process_table.h"

namespace quire::kernel {

namespace {

using mm::EventKind;

template <typename... Kinds>
constexpr std::uint32_t bits(Kinds... kinds) {
    return (... | (1U << static_cast<std::uint32_t>(kinds)));
}

constexpr std::array kGroups = {
    TraceGroup{"faults", bits(EventKind::Fault, EventKind::Prefault)},
    TraceGroup{"swap", bits(EventKind::SwapIn, EventKind::SwapOut)},
    TraceGroup{"files", bits(EventKind::FileRead, EventKind::FileWrite)},
    TraceGroup{"evictions", bits(EventKind::Choose, EventKind::SetAside, EventKind::Evict)},
    TraceGroup{"regions", bits(EventKind::Map, EventKind::Unmap, EventKind::Protect,
                               EventKind::Break, EventKind::Remap)},
    TraceGroup{"processes", bits(EventKind::Fork, EventKind::Exec, EventKind::Release)},
    TraceGroup{"pressure", bits(EventKind::OomKill, EventKind::Thrashing)},
};

constexpr std::uint32_t all_kinds() {
    std::uint32_t all = 0;
    for (const TraceGroup& group : kGroups)
        all |= group.kinds;
    return all;
}
static_assert(all_kinds() == (1U << mm::kEventKinds) - 1);

}  // namespace

std::span<const TraceGroup> trace_groups() {
    return kGroups;
}

bool TraceChoice::add(std::string_view word) {
    if (word == "com2") {
        com2 = true;
        return true;
    }
    for (const TraceGroup& group : kGroups) {
        if (word != group.name) continue;
        kinds |= group.kinds;
        return true;
    }
    const auto number = parse_number(word, ProcessTable::kMostId);
    if (!number.has_value() || *number == 0) return false;
    pid = *number;
    return true;
}

std::string_view add_all(TraceChoice& choice, std::string_view list) {
    while (!list.empty()) {
        const std::size_t length = list.find(',');
        const std::string_view word = list.substr(0, length);
        if (!word.empty() && !choice.add(word)) return word;
        if (length == std::string_view::npos) break;
        list.remove_prefix(length + 1);
    }
    return {};
}

}  // namespace quire::kernel
