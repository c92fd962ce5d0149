// The kernel's half of linear space as it stands after boot: who builds it, and what is where.
//
// main describes the parts ("kernel text, these pages, these frames, read-only"); create() turns
// the list into a page directory. A part that covers a whole aligned 4 MiB becomes one large entry
// where the CPU has them. Parts never share an entry, so text stays read-only and data stays apart:
// W^X as far as two-level paging can say it. Everything is global where the CPU has that.
//
// Invariant: the directory maps exactly the parts, and the dynamic area has all its page tables.
// Whoever makes another directory from this one shares them all (mm/page_directory.h).
#pragma once

#include <span>

#include "mm/layout.h"
#include "mm/page_directory.h"

namespace quire::mm {

/// One part of the kernel's map. The name must stay; it ends up in reports.
struct KernelPart {
    const char* name;
    PageRange pages;
    FrameNumber first_frame;
    Protection protection = Protection::KernelReadOnly;
    bool guard = false;

    /// A part that is left unmapped on purpose, so that running into it is told by its name.
    static constexpr KernelPart guard_of(const char* name, PageRange pages) {
        return {name, pages, FrameNumber(0), Protection::KernelReadOnly, true};
    }
};

class KernelMap {
  public:
    /// Builds the map. `parts` are disjoint, lie in the kernel's half below the dynamic area, allow
    /// ring 3 nothing, and must stay. `dynamic_area` gets its page tables now; it begins and ends
    /// at 4 MiB. Errors: OutOfMemory; every frame is back then.
    static Result<KernelMap> create(FrameAllocator& frames, std::span<const KernelPart> parts,
                                    PageRange dynamic_area, PagingMode mode);

    KernelMap(KernelMap&& other) noexcept = default;
    KernelMap& operator=(KernelMap&&) = delete;
    /// Unmaps the parts. Preconditions: not loaded; the dynamic area is empty again.
    ~KernelMap();

    [[nodiscard]] PageDirectory& directory() { return directory_; }
    [[nodiscard]] const PageDirectory& directory() const { return directory_; }
    [[nodiscard]] std::span<const KernelPart> parts() const { return parts_; }

    /// The part `address` lies in, mapped or guard; nullptr if in none.
    [[nodiscard]] const KernelPart* part_at(VirtAddr address) const;

    /// Walks the map: every part has its frames and rights, what is in no part is not mapped, and
    /// nothing but the dynamic area may differ from the list.
    void check_invariants() const;

  private:
    KernelMap(PageDirectory directory, std::span<const KernelPart> parts, PageRange dynamic_area)
        : directory_(std::move(directory)), parts_(parts), dynamic_area_(dynamic_area) {}

    Result<void> map_part(const KernelPart& part, PagingMode mode);
    void unmap_part(const KernelPart& part, FlushBatch& batch);
    void check_pages(PageRange pages) const;

    PageDirectory directory_;
    std::span<const KernelPart> parts_;
    PageRange dynamic_area_;
};

/// How much of the dynamic area a machine with `ram` frames needs: heap and stacks may take half of
/// RAM, as what they are for needs the other half, and device memory gets a fixed 16 MiB. Its page
/// tables are made at boot, one frame for 4 MiB, so a small machine gets a small area: on 4 MiB of
/// RAM five frames instead of 63.
PageRange dynamic_area_for(PageCount ram);

}  // namespace quire::mm
