#include "tests/guest/model/process_look.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/host/formatted.h"

namespace quire::test {

namespace {

int open_of(pid_t pid, const char* name) {
    return open(formatted("/proc/%d/%s", pid, name).c_str(), O_RDONLY | O_CLOEXEC);
}

int ram() {
    static const int file = open("/dev/mem", O_RDONLY | O_CLOEXEC);
    return file;
}

// "08048000-08049000 r--p 00000000 00:01 395   /sbin/init"
bool parse_header(const char* line, SeenRegion& region) {
    unsigned long first = 0, end = 0, inode = 0;
    unsigned long long offset = 0;
    unsigned int major = 0, minor = 0;
    char rights[5] = {};
    if (std::sscanf(line, "%lx-%lx %4s %llx %x:%x %lu", &first, &end, rights, &offset, &major,
                    &minor, &inode) != 7)
        return false;
    region = SeenRegion();
    region.first = static_cast<std::uint32_t>(first / mm::kPageSize);
    region.end = static_cast<std::uint32_t>(end / mm::kPageSize);
    region.object_page = static_cast<std::uint32_t>(offset / mm::kPageSize);
    region.object = {major << 20 | minor, static_cast<std::uint32_t>(inode)};
    mm::RegionTraits& traits = region.traits;
    if (rights[0] == 'r') traits.rights = traits.rights | mm::Rights::read();
    if (rights[1] == 'w') traits.rights = traits.rights | mm::Rights::write();
    if (rights[2] == 'x') traits.rights = traits.rights | mm::Rights::execute();
    traits.shared = rights[3] == 's';
    return true;
}

// "VmFlags: rd wr mr mw me ac" (Linux: show_smap_vma_flags).
void parse_flags(const char* line, mm::RegionTraits& traits) {
    const auto has = [line](const char* flag) {
        return std::strstr(line, formatted(" %s", flag).c_str()) != nullptr;
    };
    if (has("mr")) traits.most = traits.most | mm::Rights::read();
    if (has("mw")) traits.most = traits.most | mm::Rights::write();
    if (has("me")) traits.most = traits.most | mm::Rights::execute();
    traits.grows_down = has("gd");
    traits.locked = has("lo");
    traits.lock_on_fault = has("lf");
    traits.dont_fork = has("dc");
    traits.charged = has("ac");
    traits.no_reserve = has("nr");
    if (has("sr")) traits.advice = mm::Advice::Sequential;
    if (has("rr")) traits.advice = mm::Advice::Random;
}

std::vector<SeenRegion> parse_regions(const std::string& text) {
    std::vector<SeenRegion> found;
    for (const char* line = text.c_str(); *line != '\0';) {
        SeenRegion region;
        if (std::strncmp(line, "VmFlags:", 8) == 0) {
            const char* end = std::strchr(line, '\n');
            parse_flags(std::string(line, end != nullptr ? end : line).c_str(),
                        found.back().traits);
        } else if ((*line < 'A' || *line > 'Z') && parse_header(line, region)) {
            found.push_back(region);
        }
        const char* next = std::strchr(line, '\n');
        if (next == nullptr) break;
        line = next + 1;
    }
    return found;
}

}  // namespace

std::string whole_text(int file) {
    static char room[1 << 16];
    std::string text;
    for (;;) {
        const ssize_t got = pread(file, room, sizeof room, static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(room, static_cast<std::size_t>(got));
    }
}

std::string whole_text(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const std::string text = whole_text(file);
    if (file >= 0) close(file);
    return text;
}

std::string text_of_machine(const char* path) {
    constexpr int kMostTries = 1000;
    for (int i = 0; i < kMostTries; ++i) {
        std::string text = whole_text(path);
        if (!text.empty()) return text;
        const timespec moment{0, 1'000'000};
        nanosleep(&moment, nullptr);
    }
    const bool is_short = open(path, O_RDONLY | O_CLOEXEC) < 0 && errno == ENOMEM;
    std::perror(path);
    _exit(is_short ? kExitWithoutMemory : 2);
}

std::uint32_t figure_in(const std::string& text, const std::string& name) {
    std::size_t at = text.find("\n" + name);
    if (at == std::string::npos && text.compare(0, name.size(), name) != 0) return 0;
    at = at == std::string::npos ? 0 : at + 1;
    return static_cast<std::uint32_t>(std::strtoul(text.c_str() + at + name.size(), nullptr, 10));
}

ProcessLook::ProcessLook(pid_t pid)
    : maps_(open_of(pid, "maps")),
      smaps_(open_of(pid, "smaps")),
      pagemap_(open_of(pid, "pagemap")),
      memory_(open_of(pid, "mem")) {}

ProcessLook::~ProcessLook() {
    close(maps_);
    close(smaps_);
    close(pagemap_);
    if (memory_ >= 0) close(memory_);
}

std::vector<SeenRegion> ProcessLook::regions() {
    return parse_regions(whole_text(smaps_));
}

std::vector<SeenRegion> ProcessLook::places() {
    return parse_regions(whole_text(maps_));
}

std::uint64_t ProcessLook::word_now(std::uint32_t page) const {
    std::uint64_t word = 0;
    if (pread64(pagemap_, &word, sizeof word, static_cast<off64_t>(page) * 8) != sizeof word)
        return 0;
    return word;
}

std::uint64_t ProcessLook::word(std::uint32_t page) {
    const std::uint32_t first = page - page % kWords;
    const auto [found, is_new] = words_.try_emplace(first);
    if (is_new) {
        found->second = {};
        (void)!pread64(pagemap_, found->second.data(), sizeof found->second,
                       static_cast<off64_t>(first) * 8);
    }
    return found->second[page - first];
}

bool ProcessLook::read(std::uint32_t page, PageBytes& bytes) {
    if (memory_ >= 0)
        return pread64(memory_, bytes.data(), bytes.size(),
                       static_cast<off64_t>(page) * mm::kPageSize) ==
               static_cast<ssize_t>(bytes.size());
    for (;;) {
        const std::uint64_t before = word_now(page);
        if ((before & kPresent) == 0) return false;
        const auto at = static_cast<off64_t>((before & kFrame) * mm::kPageSize);
        if (pread64(ram(), bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size()))
            return false;
        // Else it was moved meanwhile, and these may be another's bytes.
        if (((before ^ word_now(page)) & (kPresent | kFrame)) == 0) return true;
    }
}

}  // namespace quire::test
