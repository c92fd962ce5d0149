#include "mm/kernel_map.h"

#include <utility>

#include "mm/frame_allocator.h"

namespace quire::mm {

namespace {

constexpr PageCount kLarge{kEntriesPerTable};
constexpr PageCount kDevicePages{4 * kEntriesPerTable};

FrameNumber frame_of_part(const KernelPart& part, PageNumber page) {
    return part.first_frame + (page - part.pages.first);
}

// Whether the 4 MiB from `page` lie in `part` and may be one entry.
bool fits_large(const KernelPart& part, PageNumber page) {
    return table_index(page) == 0 && part.pages.contains(PageRange::of(page, kLarge)) &&
           frame_of_part(part, page).raw() % kEntriesPerTable == 0;
}

void check_parts(std::span<const KernelPart> parts, PageRange dynamic_area) {
    ASSERT(kDynamicArea.contains(dynamic_area));
    ASSERT(table_index(dynamic_area.first) == 0 && table_index(dynamic_area.end) == 0);
    for (const KernelPart& part : parts) {
        ASSERT(!part.pages.empty() && part.name != nullptr);
        ASSERT(part.pages.first >= kFirstKernelPage && part.pages.end <= kDynamicArea.first);
        ASSERT(!is_user(part.protection));
        for (const KernelPart& other : parts) {
            ASSERT(&other == &part || !other.pages.overlaps(part.pages));
        }
    }
}

}  // namespace

Result<KernelMap> KernelMap::create(FrameAllocator& frames, std::span<const KernelPart> parts,
                                    PageRange dynamic_area, PagingMode mode) {
    check_parts(parts, dynamic_area);
    KernelMap map(TRY(PageDirectory::create(frames)), parts, dynamic_area);
    for (const KernelPart& part : parts)
        TRY(map.map_part(part, mode));
    TRY(map.directory_.reserve_tables(dynamic_area));
    return map;
}

KernelMap::~KernelMap() {
    if (directory_.is_moved_from()) return;
    FlushBatch batch(directory_.frame_allocator());
    for (const KernelPart& part : parts_)
        unmap_part(part, batch);
    batch.flush();
}

Result<void> KernelMap::map_part(const KernelPart& part, PagingMode mode) {
    if (part.guard) return {};
    const Scope scope = mode.global_pages ? Scope::Global : Scope::OneSpace;
    for (PageNumber page = part.pages.first; page < part.pages.end;) {
        const FrameNumber frame = frame_of_part(part, page);
        if (mode.large_pages && fits_large(part, page)) {
            const Pde entry = Pde::for_large_page(frame, part.protection).with_scope(scope);
            TRY(directory_.map_large(page, entry));
            page += kLarge;
        } else {
            const Pte entry = Pte::for_frame(frame, part.protection).with_scope(scope);
            TRY(directory_.map(page, entry));
            ++page;
        }
    }
    return {};
}

// Also takes back a part that was mapped only so far, when memory ran out.
void KernelMap::unmap_part(const KernelPart& part, FlushBatch& batch) {
    for (PageNumber page = part.pages.first; page < part.pages.end;) {
        if (directory_.directory_entry(page).is_large()) {
            directory_.unmap_large(page, batch);
            page += kLarge;
        } else {
            directory_.unmap(page).join(batch);
            ++page;
        }
    }
}

const KernelPart* KernelMap::part_at(VirtAddr address) const {
    for (const KernelPart& part : parts_) {
        if (part.pages.contains(page_of(address))) return &part;
    }
    return nullptr;
}

void KernelMap::check_invariants() const {
    directory_.check_invariants();
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
        const PageRange pages = PageRange::of(PageNumber(i * kEntriesPerTable), kLarge);
        if (!dynamic_area_.contains(pages)) check_pages(pages);
    }
}

void KernelMap::check_pages(PageRange pages) const {
    bool anything = !directory_.directory_entry(pages.first).is_empty();
    for (const KernelPart& part : parts_)
        anything = anything || part.pages.overlaps(pages);
    if (!anything) return;
    for (PageNumber page = pages.first; page < pages.end; ++page) {
        const KernelPart* part = part_at(start_of(page));
        const auto found = directory_.translate(start_of(page));
        ASSERT(found.has_value() == (part != nullptr && !part->guard));
        if (!found.has_value()) continue;
        ASSERT(found->frame == frame_of_part(*part, page));
        ASSERT(found->protection == part->protection);
    }
}

PageRange dynamic_area_for(PageCount ram) {
    const std::uint32_t wanted = align_up(ram.raw() / 2 + kDevicePages.raw(), kEntriesPerTable);
    const PageCount most = kDynamicArea.count();
    return PageRange::of(kDynamicArea.first, wanted < most.raw() ? PageCount(wanted) : most);
}

}  // namespace quire::mm
