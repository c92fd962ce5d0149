#include "mm/boot_memory.h"

namespace quire::mm {

namespace {

constexpr std::uint64_t kNoEdge = ~std::uint64_t{0};
constexpr std::uint32_t kUsableType = 1;
constexpr std::uint32_t kReservedType = 2;
constexpr std::uint32_t kAttributeValid = 1;

// What every PC has, whatever its BIOS tells.
constexpr MemoryMapEntry kAlwaysReserved[] = {
    {0x00000, 0x01000, kReservedType, kAttributeValid},  // interrupt vectors, BIOS data
    {0xA0000, 0x60000, kReservedType, kAttributeValid},  // video memory, option ROMs, BIOS
};

MemoryKind kind_of(std::uint32_t type) {
    switch (type) {
    case kUsableType:
        return MemoryKind::Usable;
    case kReservedType:
        return MemoryKind::Reserved;
    case 3:
        return MemoryKind::AcpiReclaimable;
    case 4:
        return MemoryKind::AcpiNvs;
    case 5:
        return MemoryKind::Bad;
    default:
        return MemoryKind::Unknown;
    }
}

bool wraps(const MemoryMapEntry& entry) {
    return entry.base + entry.length < entry.base;
}

// The byte after the entry, 2^64 - 1 if it runs past the end of the address space.
std::uint64_t end_of(const MemoryMapEntry& entry) {
    return wraps(entry) ? kNoEdge : entry.base + entry.length;
}

// The map seen as a function: which type is at an address, and where does that next change?
class EntryView {
  public:
    explicit EntryView(std::span<const MemoryMapEntry> entries) : entries_(entries) {
        for (const MemoryMapEntry& entry : entries) {
            if ((entry.attributes & kAttributeValid) != 0) attributes_known_ = true;
        }
    }

    // Believed: not disclaimed by the BIOS itself, and not RAM that wraps round.
    [[nodiscard]] bool counts(const MemoryMapEntry& entry) const {
        if (attributes_known_ && (entry.attributes & kAttributeValid) == 0) return false;
        return !(wraps(entry) && kind_of(entry.type) == MemoryKind::Usable);
    }

    // The worst type that covers `address`; false if nothing does.
    [[nodiscard]] bool type_at(std::uint64_t address, std::uint32_t& type) const {
        bool covered = false;
        for_each([&](const MemoryMapEntry& entry) {
            if (address < entry.base || address >= end_of(entry)) return;
            if (!covered || worse(entry.type, type)) type = entry.type;
            covered = true;
        });
        return covered;
    }

    // The lowest start or end of an entry above `address`, kNoEdge if there is none.
    [[nodiscard]] std::uint64_t next_edge(std::uint64_t address) const {
        std::uint64_t edge = kNoEdge;
        for_each([&](const MemoryMapEntry& entry) {
            if (entry.base > address && entry.base < edge) edge = entry.base;
            if (end_of(entry) > address && end_of(entry) < edge) edge = end_of(entry);
        });
        return edge;
    }

  private:
    static bool worse(std::uint32_t type, std::uint32_t than) {
        return kind_of(type) != kind_of(than) ? kind_of(type) > kind_of(than) : type > than;
    }

    template <typename Function>
    void for_each(Function function) const {
        for (const MemoryMapEntry& entry : kAlwaysReserved)
            function(entry);
        for (const MemoryMapEntry& entry : entries_) {
            if (counts(entry)) function(entry);
        }
    }

    std::span<const MemoryMapEntry> entries_;
    bool attributes_known_ = false;
};

std::uint64_t size_of(const MemoryMapLine& line) {
    return line.end - line.first;
}
std::uint64_t size_of(const FrameRange& range) {
    return range.count().raw();
}

}  // namespace

const char* memory_kind_name(MemoryKind kind) {
    switch (kind) {
    case MemoryKind::Usable:
        return "usable";
    case MemoryKind::AcpiReclaimable:
        return "ACPI reclaimable";
    case MemoryKind::AcpiNvs:
        return "ACPI NVS";
    case MemoryKind::Unknown:
        return "unknown";
    case MemoryKind::Reserved:
        return "reserved";
    case MemoryKind::Bad:
        return "bad";
    }
    return "?";
}

template <typename T, std::size_t kCapacity>
void BootMemory::OrderedList<T, kCapacity>::insert(std::size_t position, T item) {
    if (count_ == kCapacity) {
        std::size_t smallest = 0;
        for (std::size_t i = 1; i < count_; ++i) {
            if (size_of(items_[i]) < size_of(items_[smallest])) smallest = i;
        }
        ++drops_;
        if (size_of(item) <= size_of(items_[smallest])) {
            dropped_ += size_of(item);
            return;
        }
        dropped_ += size_of(items_[smallest]);
        erase(smallest);
        if (smallest < position) --position;
    }
    for (std::size_t i = count_; i > position; --i)
        items_[i] = items_[i - 1];
    items_[position] = item;
    ++count_;
}

template <typename T, std::size_t kCapacity>
void BootMemory::OrderedList<T, kCapacity>::erase(std::size_t position) {
    --count_;
    for (std::size_t i = position; i < count_; ++i)
        items_[i] = items_[i + 1];
}

BootMemory::BootMemory(std::span<const MemoryMapEntry> entries, FrameNumber limit) : limit_(limit) {
    sweep(entries);
}

// Walks the edges upwards. Neighbouring stretches of one type make one line.
void BootMemory::sweep(std::span<const MemoryMapEntry> entries) {
    const EntryView view(entries);
    for (const MemoryMapEntry& entry : entries) {
        if (!view.counts(entry)) ++ignored_;
    }
    MemoryMapLine line{};
    for (std::uint64_t address = 0; address != kNoEdge;) {
        const std::uint64_t edge = view.next_edge(address);
        std::uint32_t type = 0;
        if (view.type_at(address, type)) {
            if (line.end != address || line.type != type || line.end == 0) {
                add_line(line);
                line = {address, address, type, kind_of(type)};
            }
            line.end = edge;
        }
        address = edge;
    }
    add_line(line);
}

void BootMemory::add_line(const MemoryMapLine& line) {
    if (line.first == line.end) return;
    lines_.insert(lines_.count(), line);
    if (line.kind == MemoryKind::Usable) add_usable(line.first, line.end);
}

void BootMemory::add_usable(std::uint64_t first_byte, std::uint64_t end_byte) {
    const std::uint64_t first = divide_up(first_byte, std::uint64_t{kPageSize});
    const std::uint64_t end = end_byte >> kPageShift;
    const std::uint64_t limit = limit_.raw();
    if (end > limit && end > first) beyond_limit_ += end - (first > limit ? first : limit);
    const std::uint64_t clipped = end < limit ? end : limit;
    if (first >= clipped) return;
    usable_.insert(usable_.count(), {FrameNumber(static_cast<std::uint32_t>(first)),
                                     FrameNumber(static_cast<std::uint32_t>(clipped))});
}

PageCount BootMemory::usable_frames() const {
    PageCount frames;
    for (const FrameRange& range : usable())
        frames += range.count();
    return frames;
}

void BootMemory::reserve(FrameRange range, const char* name) {
    if (range.empty()) return;
    carve(range);
    if (reservation_count_ == kMaxReservations) return;
    reservations_[reservation_count_++] = {range, name};
}

void BootMemory::carve(FrameRange range) {
    for (std::size_t i = 0; i < usable_.count();) {
        const FrameRange whole = usable_[i];
        if (!whole.overlaps(range)) {
            ++i;
            continue;
        }
        const FrameRange below{whole.first, range.first};
        const FrameRange above{range.end, whole.end};
        usable_.erase(i);
        // Erasing made room for one; only a split may overflow, and then drops the smallest.
        if (!below.empty()) usable_.insert(i++, below);
        if (!above.empty()) {
            const std::uint32_t drops = usable_.drops();
            usable_.insert(i, above);
            if (usable_.drops() == drops) ++i;
        }
    }
}

Result<FrameRange> BootMemory::take(PageCount count, FrameRange within, const char* name) {
    ASSERT(count > PageCount(0));
    for (const FrameRange& range : usable()) {
        const FrameRange room = range.intersection(within);
        if (room.count() < count) continue;
        const FrameRange taken = FrameRange::of(room.first, count);
        reserve(taken, name);
        return taken;
    }
    return Error::OutOfMemory;
}

void BootMemory::check_invariants() const {
    FrameNumber end(1);  // frame 0 is never usable
    for (const FrameRange& range : usable()) {
        ASSERT(!range.empty() && range.end <= limit_);
        ASSERT(range.first >= end);
        ASSERT(!range.overlaps({FrameNumber(0xA0), FrameNumber(0x100)}));
        end = range.end;
        for (const Reservation& reservation : reservations()) {
            ASSERT(!range.overlaps(reservation.range));
        }
    }
    std::uint64_t line_end = 0;
    for (const MemoryMapLine& line : map()) {
        ASSERT(line.first < line.end && line.first >= line_end);
        line_end = line.end;
    }
}

}  // namespace quire::mm
