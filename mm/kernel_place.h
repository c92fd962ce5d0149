// What lies at a kernel address, as a sentence for a panic: "kernel stack of init overflowed into
// its guard page".
#pragma once

#include "mm/dynamic_area.h"
#include "mm/kernel_map.h"
#include "mm/text_writer.h"

namespace quire::mm {

/// Writes one sentence without a full stop or newline. Allocates nothing. O(parts + ranges).
void describe_place(const KernelMap& map, DynamicArea& area, VirtAddr address, TextWriter out);

}  // namespace quire::mm
