// Runs code that is expected to trap, catches the trap, and comes back.
#pragma once

#include <cstdint>
#include <optional>

#include "cpu/trap_frame.h"

namespace quire::test {

/// Calls `code`. If it raises exception `vector`, the frame of that trap is returned and the stack
/// is as before the call; if it returns by itself, nothing is. Other exceptions panic as usual.
std::optional<cpu::TrapFrame> catch_trap(std::uint8_t vector, void (*code)());

/// The same for INT 80h.
std::optional<cpu::TrapFrame> catch_system_call(void (*code)());

}  // namespace quire::test
