// Memory accesses that are allowed to fail (the exception table).
//
// An instruction that may fault has an entry {its address, where to go on instead} in the section
// .fault_fixups. When it raises #PF or #GP in ring 0, trap_dispatch() finds the entry and resumes
// there, with EAX holding the vector + 1. No entry: a real kernel fault.
#pragma once

#include <cstdint>
#include <optional>

#include "cpu/trap_frame.h"

namespace quire::cpu {

/// Whether the instruction that raised `frame` in ring 0 has a fixup.
[[nodiscard]] bool has_fault_fixup(const TrapFrame& frame);

/// Redirects `frame` if its instruction has a fixup. Called by trap_dispatch().
bool apply_fault_fixup(TrapFrame& frame);

/// Reads `bytes` (1, 2 or 4) at linear `address`, or answers nothing if that faults.
std::optional<std::uint32_t> try_read(std::uint32_t address, std::uint32_t bytes);

/// Writes the low `bytes` (1, 2 or 4) of `value` at linear `address`; false if that faults.
[[nodiscard]] bool try_write(std::uint32_t address, std::uint32_t value, std::uint32_t bytes);

/// In one step: if the word at linear `address` is `expected`, it becomes `wanted`. Answers what it
/// was, or nothing if that faults; it must be writable even where it stays.
std::optional<std::uint32_t> try_compare_exchange(std::uint32_t address, std::uint32_t expected,
                                                  std::uint32_t wanted);

/// Copies `bytes` bytes upwards, and says how many are left when it cannot go on; 0: all done. The
/// faulting byte and those behind it are untouched.
[[nodiscard]] std::uint32_t try_copy(void* to, const void* from, std::uint32_t bytes);

/// Sets `bytes` bytes to 0, and says how many are left when it cannot go on.
[[nodiscard]] std::uint32_t try_clear(void* to, std::uint32_t bytes);

}  // namespace quire::cpu
