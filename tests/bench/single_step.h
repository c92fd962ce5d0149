// Counts the instructions of a piece of code by single-stepping it: the trap flag makes the CPU
// raise SIGTRAP after each instruction, and the handler counts. A few instructions of start() and
// stop() themselves are counted, too, and taken off.
#pragma once

#include <csignal>
#include <cstddef>

namespace quire::bench {

class SingleStep {
  public:
    static void start() {
        install();
        count_ = 0;
        set_trap_flag(true);
    }
    static std::size_t stop() {
        set_trap_flag(false);
        return count_ > overhead_ ? count_ - overhead_ : 0;
    }

  private:
    static void on_trap(int) { count_ = count_ + 1; }
    static void install() {
        if (installed_) return;
        installed_ = true;
        std::signal(SIGTRAP, on_trap);
        start();
        overhead_ = stop();
    }
    [[gnu::always_inline]] static void set_trap_flag(bool on) {
#if defined(__x86_64__)
        if (on) {
            asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
        } else {
            asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
        }
#else
        if (on) {
            asm volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "memory", "cc");
        } else {
            asm volatile("pushfl; andl $~0x100, (%%esp); popfl" ::: "memory", "cc");
        }
#endif
    }

    static inline volatile std::size_t count_ = 0;
    static inline std::size_t overhead_ = 0;
    static inline bool installed_ = false;
};

}  // namespace quire::bench
