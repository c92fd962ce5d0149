// Which inode a name in a directory leads to, of the names looked up last: a path walk finds there
// without a look at the disk's directories what was found before.
//
//     (directory 12, "notes") --hash--> slot 71   | 12 | 17 | 5 | n o t e s . . . |
//
// A name has one slot where it may be, and takes it from whoever was there: no list, no age, a
// fixed size. Names too long for a slot are not kept. What is not here may be on the disk all the
// same; what is here is there, too: whoever changes what a name leads to forgets it before.
//
// ".." is never kept: it would outlive its directory, as nobody takes it away.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fs/ext2_layout.h"

namespace quire::fs::ext2 {

class NameCache {
  public:
    static constexpr std::uint32_t kSlots = 128;
    static constexpr std::uint32_t kLongestKept = 23;

    /// What `name` in `directory` leads to, if that is known.
    [[nodiscard]] std::optional<InodeNumber> find(InodeNumber directory,
                                                  std::string_view name) const {
        const Slot& slot = slot_of(directory, name);
        if (!slot.holds(directory, name)) return std::nullopt;
        return InodeNumber(slot.inode);
    }

    /// `name` in `directory` leads to `inode`: a name that was just found. Keeps it if it may.
    void add(InodeNumber directory, std::string_view name, InodeNumber inode);

    /// `name` in `directory` may lead elsewhere from now on, or nowhere.
    void forget(InodeNumber directory, std::string_view name) {
        Slot& slot = slot_of(directory, name);
        if (slot.holds(directory, name)) slot = {};
    }

    /// Calls visit(directory, name, inode) for each name it knows.
    template <typename Visitor>
    void walk(Visitor visit) const {
        for (const Slot& slot : slots_)
            if (slot.directory != 0)
                visit(InodeNumber(slot.directory), slot.text(), InodeNumber(slot.inode));
    }

    /// O(slots).
    void check_invariants() const;

  private:
    struct Slot {
        std::uint32_t directory = 0;  // 0: nothing is kept here
        std::uint32_t inode = 0;
        std::uint8_t bytes = 0;
        char name[kLongestKept] = {};

        [[nodiscard]] std::string_view text() const { return {name, bytes}; }
        [[nodiscard]] bool holds(InodeNumber its_directory, std::string_view its_name) const {
            return directory == its_directory.raw() && text() == its_name;
        }
    };
    static_assert(sizeof(Slot) == 32 && (kSlots & (kSlots - 1)) == 0);

    static constexpr std::uint32_t index_of(InodeNumber directory, std::string_view name) {
        std::uint32_t hash = directory.raw();
        for (const char byte : name)
            hash = hash * 31 + static_cast<unsigned char>(byte);
        return hash % kSlots;
    }
    Slot& slot_of(InodeNumber directory, std::string_view name) {
        return slots_[index_of(directory, name)];
    }
    [[nodiscard]] const Slot& slot_of(InodeNumber directory, std::string_view name) const {
        return slots_[index_of(directory, name)];
    }

    std::array<Slot, kSlots> slots_ = {};
};

}  // namespace quire::fs::ext2
