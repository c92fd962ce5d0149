// Physical memory as an array: the first of the two seams between mm and the machine.
//
// `phys_window` is a linker symbol. In the kernel it stands at 0xC0000000, where the first 768 MiB
// of RAM are mapped one to one; on the host it is a real array. So the same text, with no #if and
// no virtual call, reaches a frame in both builds, and in the kernel the base folds into the
// addressing mode. (docs/design.md)
#pragma once

#include <cstddef>
#include <cstdint>

#include "mm/types.h"

extern "C" std::byte phys_window[];

namespace quire::mm {

/// The largest window there can be: RAM above it is not managed.
inline constexpr PageCount kMaxWindowFrames{768U << (20 - kPageShift)};

/// The bytes of `frame`. Precondition: the frame lies in the window.
inline std::byte* frame_bytes(FrameNumber frame) {
    return phys_window + static_cast<std::size_t>(frame.raw()) * kPageSize;
}

/// `frame` seen as 1,024 32-bit words: a page table, a page directory, or poison.
inline std::uint32_t* frame_words(FrameNumber frame) {
    return reinterpret_cast<std::uint32_t*>(frame_bytes(frame));
}

}  // namespace quire::mm
