// What the supervisor and its workers share: a page that tells how far each worker has come.
#pragma once

#include <cstdint>

namespace quire::fuzz {

inline constexpr std::uint32_t kWorkers = 4;
inline constexpr std::uint32_t kMostNumber = 512;
inline constexpr long kFirstUser = 2001;  // worker i is user kFirstUser + i

struct Worker {
    volatile std::uint32_t calls;
    volatile std::uint32_t number;  // of the call under way, or the last
    volatile std::uint32_t arguments[6];
};

struct Shared {
    Worker workers[kWorkers];
    volatile std::uint32_t tried[kMostNumber];
    volatile std::uint32_t succeeded[kMostNumber];
};

/// Calls the kernel until something ends it. The memory of the worker is the fuzzer's prey; `mine`
/// and `all` lie in pages that are shared with the supervisor.
[[noreturn]] void work(Shared& all, Worker& mine, std::uint64_t seed);

}  // namespace quire::fuzz
