#include "user/demo/look.h"

#include <algorithm>
#include <array>
#include <bit>

#include "kernel/abi/resource.h"
#include "libc/format.h"
#include "libc/string.h"
#include "user/demo/demo.h"
#include "user/output.h"
#include "user/signal_names.h"

// Where a handler with SA_SIGINFO returns to: the kernel puts the registers back.
asm(R"(
    .pushsection .text.signal_return, "ax", @progbits
demo_signal_return:
    mov $173, %eax
    int $0x80
    .popsection
)");
extern "C" void demo_signal_return();

namespace quire::demo {

namespace {

// A text of /proc, line by line. A longer line than there is room for is cut.
class Lines {
  public:
    explicit Lines(const char* path)
        : file_(static_cast<int>(must(path, sys::open(path, abi::kOpenReadOnly)))) {}
    ~Lines() { sys::close(file_); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    /// The next line without its end, or null.
    const char* next() {
        std::size_t length = 0;
        int byte = 0;
        while ((byte = next_byte()) >= 0 && byte != '\n')
            if (length < line_.size() - 1) line_[length++] = static_cast<char>(byte);
        line_[length] = '\0';
        return byte < 0 && length == 0 ? nullptr : line_.data();
    }

  private:
    int next_byte() {
        if (at_ == filled_) {
            const long got = sys::read(file_, room_.data(), room_.size());
            if (got <= 0) return -1;
            at_ = 0;
            filled_ = static_cast<std::size_t>(got);
        }
        return static_cast<unsigned char>(room_[at_++]);
    }
    int file_;
    std::size_t at_ = 0, filled_ = 0;
    std::array<char, 1024> room_;
    std::array<char, 128> line_;
};

// The number behind "NAME:", if the line begins so.
bool figure(const char* line, const char* name, unsigned long& value) {
    const std::size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || line[length] != ':') return false;
    value = strtoul(line + length + 1, nullptr, 10);
    return true;
}

// "08048000-08049000 r--p ...", or a line that is none of a region.
bool read_head(const char* line, Region& region) {
    char* end = nullptr;
    const unsigned long start = strtoul(line, &end, 16);
    if (end == line || *end != '-') return false;
    region = {};
    region.start = start;
    region.end = strtoul(end + 1, &end, 16);
    strlcpy(region.rights, end + 1, sizeof region.rights);
    return true;
}

void read_figure(const char* line, Region& region) {
    figure(line, "Size", region.size) || figure(line, "Rss", region.resident) ||
        figure(line, "Pss", region.proportional) ||
        figure(line, "Private_Dirty", region.private_dirty) ||
        figure(line, "Anonymous", region.anonymous) || figure(line, "Swap", region.swap) ||
        figure(line, "Locked", region.locked);
}

std::uint64_t pagemap_word(int file, std::uintptr_t page) {
    std::uint64_t word = 0;
    const auto offset = static_cast<std::uint64_t>(page) * sizeof word;
    must("pagemap", system_call(SYS_pread64, file, &word, sizeof word, offset, offset >> 32));
    return word;
}

PageState state_of(std::uint64_t word) {
    constexpr std::uint64_t kFrameBits = (std::uint64_t{1} << 55) - 1;
    const bool present = (word >> 63 & 1) != 0;
    return {present, (word >> 62 & 1) != 0, (word >> 61 & 1) != 0, (word >> 56 & 1) != 0,
            present ? word & kFrameBits : 0};
}

int open_pagemap() {
    return static_cast<int>(
        must("/proc/self/pagemap", sys::open("/proc/self/pagemap", abi::kOpenReadOnly)));
}

}  // namespace

const char* PageState::text() const {
    return present ? "present" : swapped ? "swapped" : "absent";
}

PageState page_state(const volatile void* address) {
    const int file = open_pagemap();
    const PageState state =
        state_of(pagemap_word(file, reinterpret_cast<std::uintptr_t>(address) / kPage));
    sys::close(file);
    return state;
}

PageCounts count_pages(const volatile void* start, std::size_t bytes) {
    const int file = open_pagemap();
    const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(start) / kPage;
    PageCounts counts{};
    for (std::size_t i = 0; i < bytes / kPage; ++i) {
        const PageState state = state_of(pagemap_word(file, first + i));
        if (state.present) ++counts.present;
        if (state.swapped) ++counts.swapped;
    }
    sys::close(file);
    return counts;
}

Region region_of(const volatile void* address) {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    Lines lines("/proc/self/smaps");
    Region region{};
    const char* line = nullptr;
    bool found = false;
    while ((line = lines.next()) != nullptr) {
        Region next{};
        if (read_head(line, next)) {
            if (found) return region;
            region = next;
            found = at >= region.start && at < region.end;
        } else if (found) {
            read_figure(line, region);
        }
    }
    return found ? region : Region{};
}

Faults faults() {
    abi::ResourceUsage usage;
    must("getrusage", system_call(SYS_getrusage, abi::kUsageSelf, &usage));
    return {usage.minor_faults, usage.major_faults};
}

std::uint64_t memory_info(const char* name) {
    Lines lines("/proc/meminfo");
    unsigned long value = 0;
    const char* line = nullptr;
    while ((line = lines.next()) != nullptr)
        if (figure(line, name, value)) return value;
    return 0;
}

std::size_t pages_that_fit(std::size_t most) {
    const auto frames = static_cast<std::size_t>(memory_info("MemTotal")) / (kPage / 1024);
    return std::bit_floor(std::min(most, frames * 3 / 5));
}

std::byte* map(std::size_t bytes, std::uint32_t flags, int file, std::byte* at) {
    if (file < 0) flags |= abi::kMapAnonymous;
    const long start = must(
        "mmap", system_call6(SYS_mmap2, reinterpret_cast<long>(at), static_cast<long>(bytes),
                             abi::kProtRead | abi::kProtWrite, static_cast<long>(flags), file, 0));
    if (file < 0) system_call(SYS_madvise, start, bytes, abi::kMadvNoHugePage);
    return reinterpret_cast<std::byte*>(start);
}

void unmap(std::byte* start, std::size_t bytes) {
    must("munmap", system_call(SYS_munmap, start, bytes));
}

void handle(std::uint32_t signal, FaultHandler handler) {
    const abi::SigAction action{reinterpret_cast<std::uintptr_t>(handler),
                                abi::kSaSigInfo | abi::kSaRestorer,
                                reinterpret_cast<std::uintptr_t>(demo_signal_return),
                                {}};
    must("sigaction", system_call(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask));
}

const char* status_text(int status) {
    static std::array<char, 16> text;
    const int signal = status & 0x7F;
    if (signal == 0) {
        snprintf(text.data(), text.size(), "exit %d", status >> 8 & 0xFF);
    } else {
        snprintf(text.data(), text.size(), "SIG%s", signal_name(signal));
    }
    return text.data();
}

const char* end_of(long child) {
    int status = 0;
    must("fork", child);
    must("wait4", sys::wait_for(child, &status, 0));
    return status_text(status);
}

}  // namespace quire::demo
