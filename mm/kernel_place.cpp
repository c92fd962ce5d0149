#include "mm/kernel_place.h"

namespace quire::mm {

namespace {

void describe_dynamic(DynamicPlace place, TextWriter out) {
    using What = DynamicPlace::What;
    switch (place.what) {
    case What::Free:
        return out.print("unused part of the dynamic area");
    case What::Heap:
        return out.print("kernel heap");
    case What::HeapEnd:
        return out.print("just past the end of the kernel heap");
    case What::Range:
        return out.print("%s", place.range->name());
    case What::GuardAbove:
        return out.print("guard page above %s", place.range->name());
    case What::GuardBelow:
        if (place.range->kind() == DynamicRange::Kind::Stack) {
            return out.print("%s overflowed into its guard page", place.range->name());
        }
        return out.print("guard page below %s", place.range->name());
    }
}

}  // namespace

void describe_place(const KernelMap& map, DynamicArea& area, VirtAddr address, TextWriter out) {
    const PageNumber page = page_of(address);
    if (page < kFirstUserPage) return out.print("null page, never mapped");
    if (page < kFirstKernelPage) return out.print("user half");
    if (const KernelPart* part = map.part_at(address)) {
        return out.print(part->guard ? "%s overflowed into its guard page" : "%s", part->name);
    }
    if (kDynamicArea.contains(page)) return describe_dynamic(area.place_of(address), out);
    out.print("part of the kernel's half that is never mapped");
}

}  // namespace quire::mm
