// Which events a trace keeps: of which kinds, of which process, and whether COM2 gets them.
//
//     trace on faults evictions 5 com2        the monitor's words
//     trace=faults,evictions,com2             the boot command line's
//
// Words of kinds add up; without any, all kinds are kept.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/process/trace_ring.h"

namespace quire::kernel {

/// A set of event kinds that people ask for by one word.
struct TraceGroup {
    std::string_view name;
    std::uint32_t kinds;  // bit EventKind
};

/// faults, swap, files, evictions, regions, processes, pressure. Each kind is in one of them.
std::span<const TraceGroup> trace_groups();

struct TraceChoice {
    std::uint32_t kinds = 0;  // bit EventKind; none: all
    ProcessId pid = 0;        // only what this one does, or what happens to its memory; 0: all
    bool com2 = false;

    /// Takes one word more: a group's name, `com2`, or the number of a process, of which the last
    /// counts. False, and nothing changed, for any other word.
    [[nodiscard]] bool add(std::string_view word);

    [[nodiscard]] bool accepts(const TraceRecord& record) const {
        const std::uint32_t bit = 1U << static_cast<std::uint32_t>(record.event.kind);
        return (kinds == 0 || (kinds & bit) != 0) &&
               (pid == 0 || record.pid == pid || record.by == pid);
    }
    bool operator==(const TraceChoice&) const = default;
};

/// Takes the words of `list`, separated by commas; empty ones do not count. Returns the first word
/// that is none, what comes after which is not looked at; empty: all were taken.
std::string_view add_all(TraceChoice& choice, std::string_view list);

}  // namespace quire::kernel
