#include "tests/bench/page_trace.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <list>
#include <queue>
#include <random>
#include <utility>

namespace quire::bench {
namespace {

[[noreturn]] void give_up(const std::string& path, const char* why) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), why);
    std::exit(1);
}

class Reader {
  public:
    explicit Reader(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
        if (file_ == nullptr) give_up(path, "cannot be opened");
        char magic[4];
        if (std::fread(magic, 1, 4, file_) != 4 || std::memcmp(magic, "PGT1", 4) != 0)
            give_up(path, "is no PGT1 file");
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { std::fclose(file_); }

    std::uint32_t number() {
        std::uint32_t value = 0;
        for (unsigned shift = 0; shift < 32; shift += 7) {
            const int byte = std::fgetc(file_);
            if (byte == EOF) give_up(path_, "ends too early");
            value |= (static_cast<std::uint32_t>(byte) & 0x7FU) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        give_up(path_, "has a number of more than 32 bits");
    }

  private:
    std::string path_;
    std::FILE* file_;
};

constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

// For each use, the index of the next use of the same page.
std::vector<std::uint32_t> next_uses(const PageTrace& trace) {
    std::vector<std::uint32_t> next(trace.uses.size());
    std::vector<std::uint32_t> seen(trace.pages, kNever);
    for (std::size_t i = trace.uses.size(); i-- != 0;) {
        next[i] = seen[trace.uses[i]];
        seen[trace.uses[i]] = static_cast<std::uint32_t>(i);
    }
    return next;
}

}  // namespace

PageTrace read_page_trace(const std::string& path) {
    Reader reader(path);
    PageTrace trace;
    trace.pages = reader.number();
    trace.uses.resize(reader.number());
    std::uint32_t page = 0;
    for (std::uint32_t& use : trace.uses) {
        const std::uint32_t zigzag = reader.number() >> 1;
        page += (zigzag >> 1) ^ (0U - (zigzag & 1));
        if (page >= trace.pages) give_up(path, "names a page it does not have");
        use = page;
    }
    return trace;
}

PageTrace generate_page_pattern(const std::string& name) {
    constexpr std::uint32_t kPages = 1000;
    constexpr std::uint32_t kUses = 200'000;
    PageTrace trace;
    if (name != "loop" && name != "skewed" && name != "scan") return trace;
    trace.pages = kPages;
    std::mt19937 random(1);
    const auto skewed = [&] { return random() % (random() % 2 == 0 ? kPages / 10 : kPages); };
    while (trace.uses.size() < kUses) {
        if (name == "skewed") {
            trace.uses.push_back(static_cast<std::uint32_t>(skewed()));
            continue;
        }
        for (std::uint32_t page = 0; page < kPages; ++page)
            trace.uses.push_back(page);
        for (std::uint32_t use = 0; name == "scan" && use < 10 * kPages; ++use)
            trace.uses.push_back(static_cast<std::uint32_t>(skewed()));
    }
    return trace;
}

std::uint64_t optimal_faults(const PageTrace& trace, std::uint32_t frames) {
    const std::vector<std::uint32_t> next = next_uses(trace);
    std::vector<std::uint32_t> next_of(trace.pages, kNever);
    std::vector<bool> present(trace.pages, false);
    // Page and next use; entries whose page is gone or was used again are passed over.
    std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> furthest;
    std::uint64_t faults = 0;
    std::uint32_t used = 0;
    for (std::size_t i = 0; i < trace.uses.size(); ++i) {
        const std::uint32_t page = trace.uses[i];
        if (!present[page]) {
            ++faults;
            if (used < frames) {
                ++used;
            } else {
                while (!present[furthest.top().second] ||
                       next_of[furthest.top().second] != furthest.top().first)
                    furthest.pop();
                present[furthest.top().second] = false;
                furthest.pop();
            }
        }
        present[page] = true;
        next_of[page] = next[i];
        furthest.emplace(next[i], page);
    }
    return faults;
}

std::uint64_t lru_faults(const PageTrace& trace, std::uint32_t frames) {
    std::list<std::uint32_t> order;  // the most recently used in front
    std::vector<std::list<std::uint32_t>::iterator> place(trace.pages, order.end());
    std::uint64_t faults = 0;
    for (const std::uint32_t page : trace.uses) {
        if (place[page] != order.end()) {
            order.splice(order.begin(), order, place[page]);
            continue;
        }
        ++faults;
        if (order.size() == frames) {
            place[order.back()] = order.end();
            order.pop_back();
        }
        order.push_front(page);
        place[page] = order.begin();
    }
    return faults;
}

}  // namespace quire::bench
