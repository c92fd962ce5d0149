// Remembers that a write failed until everybody who must know does: Linux's errseq_t.
//
//      31                        9   8   7        0
//     +---------------------------+------+----------+
//     |      number of the error  | told |  Error   |      0: nothing ever failed
//     +---------------------------+------+----------+
//
// Dirty pages are written when nobody waits: by the write-back daemon, by reclaim. Whoever calls
// fsync(2) later must be told of it, each holder once. So a holder remembers what this word was the
// last time it looked (fs/write_errors.h), and an error that comes after somebody was told of the
// last one gets a new number. Errors that nobody was told of yet may be one for all.
//
// Invariant: two states that a holder may tell apart differ in `number`. Locking is the caller's.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"

namespace quire::mm {

class WriteErrors {
  public:
    /// What a holder remembers.
    using Mark = std::uint32_t;

    /// A write failed.
    void record(Error error) {
        const Mark number = (word_ & kTold) != 0 ? (word_ & kNumber) + kOne : word_ & kNumber;
        const Mark first = number == 0 ? kOne : number;  // also when the numbers have gone round
        word_ = first | static_cast<Mark>(error);
    }

    /// What a new holder begins with: it is told of an error that nobody was told of.
    [[nodiscard]] Mark begin() const { return (word_ & kTold) != 0 ? word_ : 0; }

    /// The last error, if one came since `mark`, which then remembers it.
    Result<void> check(Mark& mark) {
        if (word_ == mark || word_ == 0) return {};
        word_ |= kTold;
        mark = word_;
        return static_cast<Error>(word_ & kError);
    }

  private:
    static constexpr Mark kError = 0xFF;
    static constexpr Mark kTold = 1U << 8;
    static constexpr Mark kOne = 1U << 9;
    static constexpr Mark kNumber = ~(kError | kTold);
    static_assert(sizeof(Error) == 1);

    Mark word_ = 0;
};

}  // namespace quire::mm
