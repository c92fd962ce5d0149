// What one process's memory looks like from outside: /proc/PID/smaps, pagemap, and RAM itself.
//
// Looking at a page that is in RAM touches nothing: pagemap tells the frame, /dev/mem shows it.
// Where there is /proc/PID/mem (Linux, which shows frames to nobody), that is read instead.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/host/memory_model.h"

namespace quire::test {

/// A region as smaps tells it.
struct SeenRegion {
    std::uint32_t first = 0, end = 0;  // pages
    mm::RegionTraits traits;
    std::uint32_t object_page = 0;
    std::pair<std::uint32_t, std::uint32_t> object;  // device and inode; inode 0: none
};

class ProcessLook {
  public:
    /// Precondition: the caller may look at the process, which exists.
    explicit ProcessLook(pid_t pid);
    ProcessLook(const ProcessLook&) = delete;
    ProcessLook& operator=(const ProcessLook&) = delete;
    ~ProcessLook();

    /// The process may have done something: what is remembered of its pages does not count.
    void forget() { words_.clear(); }

    /// With all traits.
    std::vector<SeenRegion> regions();
    /// Without those that only smaps tells; quick.
    std::vector<SeenRegion> places();

    [[nodiscard]] bool is_resident(std::uint32_t page) { return (word(page) & kPresent) != 0; }
    /// In RAM or in swap, and no page of an object. Frames of zeroes count as private.
    [[nodiscard]] bool has_own_page(std::uint32_t page) {
        const std::uint64_t it = word(page);
        return (it & (kPresent | kSwapped)) != 0 && (it & kOfObject) == 0;
    }
    /// The page's bytes, if they can be seen without the process.
    bool read(std::uint32_t page, PageBytes& bytes);

  private:
    static constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
    static constexpr std::uint64_t kOfObject = std::uint64_t{1} << 61;
    static constexpr std::uint64_t kFrame = (std::uint64_t{1} << 55) - 1;
    static constexpr std::uint32_t kWords = 512;  // a page of pagemap

    std::uint64_t word(std::uint32_t page);
    std::uint64_t word_now(std::uint32_t page) const;

    int maps_, smaps_, pagemap_, memory_;
    std::map<std::uint32_t, std::array<std::uint64_t, kWords>> words_;  // by first page
};

inline constexpr int kExitWithoutMemory = 3;

/// All of a file of /proc, from its beginning.
std::string whole_text(int file);
std::string whole_text(const char* path);
/// The same of a file that is always there; without memory to open it, again a little later. If
/// that lasts (a script may lock all RAM), ends the process with kExitWithoutMemory.
std::string text_of_machine(const char* path);
/// The number behind `name` at the beginning of a line of a text like /proc/meminfo; 0 if there is
/// no such line.
std::uint32_t figure_in(const std::string& text, const std::string& name);

}  // namespace quire::test
