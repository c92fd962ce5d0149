// The C++ side of cpu/shared_constants.inc: a constant for each of its lines.
#pragma once

#include <cstdint>

namespace quire::cpu {

#define SHARED_CONSTANT(name, value) inline constexpr std::uint32_t name = value;
#include "cpu/shared_constants.inc"
#undef SHARED_CONSTANT

}  // namespace quire::cpu
