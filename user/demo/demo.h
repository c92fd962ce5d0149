// How a demonstration talks: what it does, and claims, each with what is expected and what was
// measured.
//
//     copy-on-write: after fork, parent and child share every frame until one of them writes
//     * The parent writes 42 into a page, and forks.
//       the child's page: expected frame 3f2c, measured frame 3f2c -- as expected
//     copy-on-write: 7 claims, all as expected
//
// A claim is never printed without having been measured. The program's exit code is 0 only if every
// claim held. With --stop as its argument it waits for Enter at each stop(), so that somebody can
// look at it from outside: with the monitor, or a debugger.
#pragma once

#include <cstdint>

namespace quire::demo {

class Demo {
  public:
    /// Prints the first line. `name` and `idea` must live as long as the Demo.
    Demo(int argc, char** argv, const char* name, const char* idea);
    Demo(const Demo&) = delete;
    Demo& operator=(const Demo&) = delete;

    /// What is done next, as a sentence.
    [[gnu::format(printf, 2, 3)]] void step(const char* format, ...);
    /// What was seen and nothing was claimed of, or why a claim is left out on this machine.
    [[gnu::format(printf, 2, 3)]] void note(const char* format, ...);

    void claim(const char* what, std::uint64_t expected, std::uint64_t measured);
    void claim_at_least(const char* what, std::uint64_t bound, std::uint64_t measured);
    void claim_at_most(const char* what, std::uint64_t bound, std::uint64_t measured);
    void claim(const char* what, const char* expected, const char* measured);
    /// The same of an address, or of another number that one writes in hexadecimal digits.
    void claim_address(const char* what, std::uintptr_t expected, std::uintptr_t measured);
    /// That it is this frame; that it is a frame, and another one. 0 is no frame.
    void claim_frame(const char* what, std::uint64_t expected, std::uint64_t measured);
    void claim_other_frame(const char* what, std::uint64_t not_this, std::uint64_t measured);

    /// Says who waits here and what it has to show, and waits for Enter, if --stop was given.
    [[gnu::format(printf, 2, 3)]] void stop(const char* format, ...);

    /// The same, of a page and the frame it is in; 0: none. tests/system/test_demos.py looks there.
    void stop_at(const volatile void* page, std::uint64_t frame);

    /// Prints the last line. Returns the program's exit code.
    [[nodiscard]] int result();

  private:
    void judge(const char* what, const char* expected, const char* measured, bool holds);
    const char* name_;
    bool stops_ = false;
    unsigned claims_ = 0;
    unsigned failed_ = 0;
};

/// Ends the program: what it needs for its demonstration cannot be had.
[[noreturn]] void give_up(const char* what, long error);
/// `result` of a system call, unless it is an error: then the program gives up.
long must(const char* what, long result);

}  // namespace quire::demo
