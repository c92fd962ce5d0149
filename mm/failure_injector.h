// Makes the n-th allocation fail on purpose, so that every error path can be walked by a test.
//
// Each allocator asks should_fail() once an attempt. Switched off, as it is unless a test or a boot
// option asks, that is one load and one branch. Several allocators may share one injector: then
// their attempts are counted together.
#pragma once

#include <cstdint>

namespace quire::mm {

class FailureInjector {
  public:
    /// The `n`-th attempt from now fails, once; with n == 0 nothing fails any more.
    void fail_nth(std::uint32_t n) {
        count_down_from(n);
        period_ = 0;
    }

    /// Every `n`-th attempt from now on fails; with n == 0 nothing fails any more.
    void fail_every(std::uint32_t n) {
        count_down_from(n);
        period_ = n;
    }

    /// Counts one attempt; true if it has to fail.
    [[nodiscard]] bool should_fail() {
        if (__builtin_expect(countdown_ == 0, 1)) return false;
        if (--countdown_ != 0) return false;
        count_down_from(period_);
        ++injected_;
        return true;
    }

    /// How many attempts have been made to fail so far.
    [[nodiscard]] std::uint32_t injected() const { return injected_; }

    /// Whether a failure is still to come.
    [[nodiscard]] bool armed() const { return countdown_ != 0; }

    /// All ones as long as no failure is to come, else 0: for a fast path that can AND it into a
    /// test it makes anyway. The reference may be kept; what it shows is always the present.
    [[nodiscard]] const std::uint32_t& unarmed_mask() const { return unarmed_mask_; }

  private:
    void count_down_from(std::uint32_t n) {
        countdown_ = n;
        unarmed_mask_ = n == 0 ? ~0U : 0;
    }

    std::uint32_t unarmed_mask_ = ~0U;
    std::uint32_t countdown_ = 0;
    std::uint32_t period_ = 0;
    std::uint32_t injected_ = 0;
};

}  // namespace quire::mm
