// Self-tests: checks that run inside the booted kernel, for what the host cannot show: real
// exceptions, real devices, real TLBs.
//
//     SELFTEST(divide_error_is_caught) {
//         CHECK(frame.vector == 0);
//     }
//
// `selftest` on the kernel's command line (or in the monitor) runs them and prints TAP: a plan, and
// "ok N - name" or "not ok N - name" with the failed conditions.
#pragma once

#include <string_view>

#include "kernel/system.h"

namespace quire::kernel {

class SelfTest {
  public:
    explicit SelfTest(System& system) : system_(system) {}

    System& system() { return system_; }
    void check(bool passed, const char* condition, const char* file, int line);

    [[nodiscard]] bool passed() const { return failures_ == 0; }

  private:
    System& system_;
    int failures_ = 0;
};

struct SelfTestEntry {
    const char* name;
    void (*run)(SelfTest& test);
};
static_assert(sizeof(SelfTestEntry) == 8, "the linker lays these out as an array");

#define SELFTEST(name)                                                                     \
    static void selftest_##name(::quire::kernel::SelfTest& test);                          \
    [[gnu::section(".selftests"),                                                          \
      gnu::used]] constinit const ::quire::kernel::SelfTestEntry selftest_entry_##name = { \
        #name, selftest_##name};                                                           \
    static void selftest_##name([[maybe_unused]] ::quire::kernel::SelfTest& test)

#define CHECK(condition) test.check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

/// Runs the tests whose name contains `pattern` (empty: all). True if there were some and none
/// failed.
bool run_selftests(System& system, std::string_view pattern);

}  // namespace quire::kernel
