// Large blocks that have a mapping of their own, so that each goes back to the source when freed.
//
// The payload starts at the page: what is known about a mapping stands in a small block of the
// arena, not in the mapping, which costs no part of a page and lets a wrong pointer be recognised
// without touching it. The records form one list; programs have few blocks this large, and a call
// into the page source costs more than the search.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libc/heap/arena.h"
#include "libc/heap/page_source.h"

namespace quire::heap {

struct Mapping {
    Mapping* next;
    std::byte* start;
    std::size_t size;
};

class Mappings {
  public:
    /// Requests of this size and more get a mapping where the source has them, unless set_limits()
    /// says otherwise.
    static constexpr std::size_t kFrom = 256 * 1024;

    Mappings(PageSource& source, Arena& arena) : source_(source), arena_(arena) {}
    Mappings(const Mappings&) = delete;
    Mappings& operator=(const Mappings&) = delete;

    /// From which size on requests get a mapping, and how many there may be at once.
    void set_limits(std::size_t from, std::size_t most) {
        from_ = from < kLargestRequest ? from : kLargestRequest;
        most_ = most;
    }
    [[nodiscard]] std::size_t from() const { return from_; }
    [[nodiscard]] std::size_t most() const { return most_; }
    [[nodiscard]] std::size_t count() const { return count_; }
    /// What the start of every mapping is a multiple of.
    [[nodiscard]] std::size_t alignment() const { return source_.page_size(); }

    /// A mapping of at least `size` bytes; nullptr, and nothing changed, without memory.
    [[nodiscard]] void* allocate(std::size_t size);

    /// The record of the mapping that starts at `address`, or nullptr.
    [[nodiscard]] Mapping* find(const void* address) const;
    /// The record of the mapping that holds `address`, or nullptr.
    [[nodiscard]] Mapping* around(const void* address) const;

    /// Whether `payload`, a block of the arena, is one of our records.
    [[nodiscard]] bool is_record(const void* payload) const;

    void deallocate(Mapping* mapping);

    /// Changes the size, perhaps the place. Returns where it is now; nullptr: nothing changed.
    [[nodiscard]] void* resize(Mapping* mapping, std::size_t size);

    [[nodiscard]] Mapping* first() const { return first_; }
    /// Whether the newest mapping starts at `address`.
    [[nodiscard]] bool first_is(const void* address) const {
        return first_ != nullptr && first_->start == address;
    }

    void check_invariants() const;

  private:
    [[nodiscard]] std::size_t whole_pages(std::size_t size) const;

    PageSource& source_;
    Arena& arena_;
    Mapping* first_ = nullptr;
    std::size_t from_ = kFrom;
    std::size_t most_ = SIZE_MAX;
    std::size_t count_ = 0;
};

}  // namespace quire::heap
