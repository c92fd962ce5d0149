// The x87, MMX and SSE registers of programs: FXSAVE where there is, else FSAVE (SDM 1 8.1, 10.5).
//
// The kernel itself uses none of them. An image is 512 bytes, 16-byte aligned; with FSAVE only the
// first 108 are used. Precondition of all: start_fpu(), and CR0.TS is clear.
#pragma once

#include <cstddef>

#include "cpu/features.h"

namespace quire::cpu {

inline constexpr std::size_t kFpuImageBytes = 512;

/// Chooses the way, and keeps what the registers are at the start of a program. Call once, after
/// enable_features().
void start_fpu(const Features& features);

/// What the registers are when a program begins (System V i386 ABI).
void initial_fpu_image(std::byte* image);

void save_fpu(std::byte* image);

/// Precondition: save_fpu() or initial_fpu_image() made it, or clean_fpu_image() has.
void load_fpu(const std::byte* image);

/// Makes an image that a program may have changed one that the CPU will take: MXCSR without
/// reserved bits.
void clean_fpu_image(std::byte* image);

/// Whether images are FXSAVE's.
[[nodiscard]] bool has_fxsave();

}  // namespace quire::cpu
