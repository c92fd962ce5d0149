// Waiting for any of several files: poll(2), select(2).
//
//     PollSet: entry, entry, entry ...           each waits in the queue of its file
//                 '-- wake() --> changes() --> the one thread that sleeps there
//
// Entries stay while it waits, and so do their files, whoever closes them meanwhile. All are added
// first, then looked at, then waited for: so no change is missed. Pure; locking is the caller's.
#pragma once

#include <array>

#include "fs/open_file.h"
#include "fs/wait.h"
#include "kernel/abi/poll.h"

namespace quire::kernel {

class PollSet {
  public:
    class Entry final : public fs::Waiter {
      public:
        void wake() override { set_->changes_.wake_all(); }

        std::int32_t descriptor = 0;
        std::uint16_t wanted = 0;
        std::uint16_t found = 0;  // as of the last look()
        fs::FileRef file;         // none: not open, or not asked for

      private:
        friend class PollSet;
        PollSet* set_ = nullptr;
    };

    explicit PollSet(mm::UserMemory& memory) : memory_(memory) {}
    ~PollSet();
    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// One more entry. `file` may be none: if the descriptor is not negative, POLLNVAL is what is
    /// found. Errors: OutOfMemory.
    Result<void> add(std::int32_t descriptor, std::uint16_t wanted, fs::FileRef file);

    /// Looks at all files and says of how many there is something to tell.
    std::uint32_t look();

    /// Woken when look() may find more.
    [[nodiscard]] fs::WaitQueue& changes() { return changes_; }

    /// Calls visit(entry) for each in the order in which they were added, until one fails.
    template <typename Visitor>
    Result<void> for_each(Visitor visit);

  private:
    // A frame full of entries.
    struct Block;
    static std::uint16_t look_at(const Entry& entry);

    mm::UserMemory& memory_;
    fs::WaitQueue changes_;
    Block* first_ = nullptr;
    Block* last_ = nullptr;
};

struct PollSet::Block {
    static constexpr std::uint32_t kEntries =
        (mm::kPageSize - 2 * sizeof(std::uint64_t)) / sizeof(Entry);

    Block* next = nullptr;
    std::uint32_t count = 0;
    std::array<Entry, kEntries> entries;
};

template <typename Visitor>
Result<void> PollSet::for_each(Visitor visit) {
    static_assert(sizeof(Block) <= mm::kPageSize);
    for (Block* block = first_; block != nullptr; block = block->next)
        for (std::uint32_t i = 0; i < block->count; ++i)
            TRY(visit(block->entries[i]));
    return {};
}

}  // namespace quire::kernel
