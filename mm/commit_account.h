// How much memory was promised to programs, and whether more may be (Linux: overcommit_memory).
//
//     committed    pages that private writable and shared anonymous regions could come to need
//     limit        what may be promised in mode Never: a share of RAM, and all swap
//
// A program learns of a refusal at mmap, fork or brk, as ENOMEM, rather than at a fault, by being
// killed. Modes as in Linux: Heuristic refuses only what could never be, Always nothing, Never all
// above the limit. Invariant: committed is the sum of what the address spaces say they charged.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "mm/types.h"

namespace quire::mm {

enum class Overcommit : std::uint8_t { Heuristic = 0, Always = 1, Never = 2 };

class CommitAccount {
  public:
    /// Linux's overcommit_ratio: the share of RAM that mode Never may promise, in hundredths.
    static constexpr std::uint32_t kUsualRatio = 50;

    explicit CommitAccount(PageCount ram) : ram_(ram) {}
    CommitAccount(const CommitAccount&) = delete;
    CommitAccount& operator=(const CommitAccount&) = delete;
    /// Precondition: everything was released.
    ~CommitAccount() { ASSERT(committed_ == PageCount()); }

    [[nodiscard]] Overcommit mode() const { return mode_; }
    void set_mode(Overcommit mode) { mode_ = mode; }
    [[nodiscard]] std::uint32_t ratio() const { return ratio_; }
    void set_ratio(std::uint32_t hundredths) { ratio_ = hundredths; }
    /// Whether so much of swap may go: in mode Never, what was promised must keep its place.
    [[nodiscard]] bool may_lose_swap(PageCount pages) const {
        return mode_ != Overcommit::Never || committed_ + pages <= limit();
    }
    /// Swap came or went.
    void set_swap(PageCount swap) { swap_ = swap; }

    /// Promises `pages` more. Errors: OutOfMemory; nothing has changed then.
    Result<void> charge(PageCount pages) {
        if (!allows(pages)) return Error::OutOfMemory;
        committed_ += pages;
        return {};
    }
    /// The same for what is there already, allowed or not.
    void charge_existing(PageCount pages) { committed_ += pages; }
    /// Whether charge(pages) would succeed once `released` were released. Precondition: they were
    /// charged before.
    [[nodiscard]] bool allows(PageCount pages, PageCount released = {}) const;

    /// Precondition: charged before.
    void release(PageCount pages) {
        ASSERT(pages <= committed_);
        committed_ -= pages;
    }

    [[nodiscard]] PageCount committed() const { return committed_; }
    [[nodiscard]] PageCount limit() const {
        return PageCount(static_cast<std::uint32_t>(std::uint64_t{ram_.raw()} * ratio_ / 100)) +
               swap_;
    }

  private:
    PageCount ram_;
    PageCount swap_;
    PageCount committed_;
    std::uint32_t ratio_ = kUsualRatio;
    Overcommit mode_ = Overcommit::Heuristic;
};

inline bool CommitAccount::allows(PageCount pages, PageCount released) const {
    switch (mode_) {
    case Overcommit::Heuristic:
        return pages <= ram_ + swap_;
    case Overcommit::Always:
        return true;
    case Overcommit::Never:
        break;
    }
    if (pages == PageCount()) return true;  // even over a limit that is lower by now
    return pages <= limit() && committed_ - released <= limit() - pages;
}

}  // namespace quire::mm
