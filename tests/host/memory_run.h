// Runs a script in a process of its own, and shortens one that fails.
//
// A failure may be a difference, or the end of the process (an assertion, a sanitizer), so every
// run is a child that says in shared memory how far it got, and its last words are kept.
#pragma once

#include <optional>
#include <string>

#include "tests/host/memory_machine.h"

namespace quire::test {

/// How a run ended.
struct RunReport {
    bool ok = false;
    std::size_t step = 0;   // that showed the difference, or in which the process ended
    std::string what;       // the difference, or the last words
    std::string signature;  // `what` without its numbers: failures with the same one are alike
    RunFigures figures;     // of a run that ended well
};

/// Runs the script in a child process. `check_every`: MemoryMachine::kSlow, kFast.
RunReport run_apart(const MemoryScript& script, std::uint32_t check_every);

/// Runs the script apart; if it fails, shortens it. Nothing, or a text that tells all: what failed,
/// and the short script as lines for MemoryScript::parse. Otherwise adds to `figures`.
std::optional<std::string> failure_of(const MemoryScript& script, std::uint32_t check_every,
                                      RunFigures& figures);

}  // namespace quire::test
