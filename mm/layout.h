// The map of linear space (docs/design.md).
//
//     00000000-0000FFFF  never mapped: null pointers fault
//     00010000-BFFFFFFF  user
//     C0000000-EFFFFFFF  window: the first 768 MiB of RAM
//     F0000000-FFBFFFFF  dynamic kernel mappings: heap arena, kernel stacks, device memory
//     FFC00000-FFFFFFFF  fixed slots
#pragma once

#include "mm/types.h"

namespace quire::mm {

inline constexpr PageNumber kFirstUserPage{0x00010};
inline constexpr PageNumber kFirstKernelPage{0xC0000};
inline constexpr PageRange kWindow{kFirstKernelPage, PageNumber(0xF0000)};
inline constexpr PageRange kDynamicArea{PageNumber(0xF0000), PageNumber(0xFFC00)};

}  // namespace quire::mm
