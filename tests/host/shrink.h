// Shortens a script that shows a failure: delta debugging (Zeller, Hildebrandt 2002).
//
// Whole processes go first, then runs of steps: halves, quarters, at last single ones; then each
// step that is left is made simpler, field by field. Again and again, until nothing helps any more.
// What stays is a script that still fails, and of which no single step can be left out.
#pragma once

#include <functional>

#include "tests/host/memory_script.h"

namespace quire::test {

using Fails = std::function<bool(const MemoryScript&)>;

/// The shortest script found for which `fails` is true. Precondition: it is for `script`.
MemoryScript shrink(const MemoryScript& script, const Fails& fails);

}  // namespace quire::test
