// Runs a piece of a test in a process of its own, so that an assertion or a sanitizer that ends it
// does not end the test: it can be repeated, shortened, and explained.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace quire::test {

/// How a run ended.
struct ChildReport {
    bool ok = false;
    std::size_t step = 0;   // that showed the difference, or in which the process ended
    std::string what;       // the difference, or the last words
    std::string signature;  // `what` without its numbers: failures with the same one are alike
};

/// What is run: says in `step` how far it got, leaves `figures` (plain bytes, zeros at first) for
/// the parent, and returns "", or what is wrong.
using ChildWork = std::function<std::string(std::size_t& step, void* figures)>;

/// Runs it in a child; `figures` gets the first `figure_bytes` bytes of what it left, if it ended
/// well. An expectation of the test framework that fails in it counts as a failure.
ChildReport run_in_child(const ChildWork& work, void* figures, std::size_t figure_bytes);

}  // namespace quire::test
