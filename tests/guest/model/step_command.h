// A step of a script as what a puppet is told: numbers and flags of Linux's calls.
#pragma once

#include <cstdint>

#include "tests/guest/model/puppet.h"
#include "tests/host/memory_script.h"

namespace quire::test {

/// What a puppet does for the step. Precondition: it is a puppet's to do.
PuppetCommand command_of(const MemoryStep& step);

bool is_access(const MemoryStep& step);
/// Of an access: 1, 2 or 4 bytes, which do not run beyond the last address.
std::uint32_t access_size(const MemoryStep& step);
std::uint32_t access_at(const MemoryStep& step);

/// Whether accesses may be made right before and after this step, and all be judged when they are
/// done: what the model must see of it is still there then.
bool may_be_among_others(const MemoryStep& step);

/// Whether the step would change the puppet's zone; what only looks or locks may include it.
bool hurts_the_puppet(const MemoryStep& step);

}  // namespace quire::test
