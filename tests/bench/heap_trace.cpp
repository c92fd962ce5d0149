#include "tests/bench/heap_trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace quire::bench {
namespace {

using Kind = HeapOperation::Kind;

// Builds a trace and keeps the sums; ids are handed out in order and reused after their free.
class Recorder {
  public:
    explicit Recorder(std::string name) { trace_.name = std::move(name); }

    std::uint32_t allocate(std::size_t bytes) {
        std::uint32_t id = static_cast<std::uint32_t>(sizes_.size());
        if (!unused_.empty()) {
            id = unused_.back();
            unused_.pop_back();
        } else {
            sizes_.push_back(0);
        }
        add({Kind::Allocate, id, bytes});
        return id;
    }
    void reallocate(std::uint32_t id, std::size_t bytes) { add({Kind::Reallocate, id, bytes}); }
    void free(std::uint32_t id) {
        add({Kind::Free, id, 0});
        unused_.push_back(id);
    }
    void add(HeapOperation operation) {
        if (operation.id >= sizes_.size()) sizes_.resize(operation.id + 1, 0);
        payload_ += operation.bytes - sizes_[operation.id];
        sizes_[operation.id] = operation.bytes;
        trace_.peak_payload = std::max(trace_.peak_payload, payload_);
        trace_.operations.push_back(operation);
    }
    HeapTrace finish(const std::vector<std::uint32_t>& live = {}) {
        for (const std::uint32_t id : live)
            free(id);
        trace_.ids = sizes_.size();
        return std::move(trace_);
    }

  private:
    HeapTrace trace_;
    std::vector<std::size_t> sizes_;
    std::vector<std::uint32_t> unused_;
    std::size_t payload_ = 0;
};

class Random {
  public:
    explicit Random(std::uint32_t seed) : state_(seed) {}
    std::uint32_t below(std::uint32_t limit) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % limit;
    }

  private:
    std::uint32_t state_;
};

using Ids = std::vector<std::uint32_t>;

// Small and large blocks in turn; the large ones go; larger ones are asked for.
HeapTrace alternating(const std::string& name, std::size_t small, std::size_t large) {
    Recorder recorder(name);
    Ids small_ids;
    Ids large_ids;
    for (int i = 0; i < 2000; ++i) {
        small_ids.push_back(recorder.allocate(small));
        large_ids.push_back(recorder.allocate(large));
    }
    for (const std::uint32_t id : large_ids)
        recorder.free(id);
    for (std::size_t i = 0; i < large_ids.size() * large / (large + small); ++i) {
        small_ids.push_back(recorder.allocate(large + small));
    }
    return recorder.finish(small_ids);
}

// Two neighbours are freed, then one of their joint size is asked for.
HeapTrace neighbours(const std::string& name) {
    Recorder recorder(name);
    Ids ids;
    for (int i = 0; i < 4000; ++i)
        ids.push_back(recorder.allocate(200));
    for (std::size_t i = 0; i + 4 <= ids.size(); i += 4) {
        recorder.free(ids[i]);
        recorder.free(ids[i + 1]);
        ids[i] = recorder.allocate(400);
        ids[i + 1] = ids[i];
    }
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return recorder.finish(ids);
}

// One block grows in small steps among small ones that come and go.
HeapTrace growing(const std::string& name) {
    Recorder recorder(name);
    Random random(7);
    Ids small;
    const std::uint32_t big = recorder.allocate(100);
    for (std::size_t size = 148; size < 200000; size += 48) {
        recorder.reallocate(big, size);
        for (int i = 0; i < 3; ++i)
            small.push_back(recorder.allocate(8 + random.below(120)));
        while (small.size() > 300) {
            const std::size_t victim = random.below(static_cast<std::uint32_t>(small.size()));
            recorder.free(small[victim]);
            small[victim] = small.back();
            small.pop_back();
        }
    }
    small.push_back(big);
    return recorder.finish(small);
}

// Sizes up to `limit`, frees at random; the live set swings round 200 blocks.
HeapTrace random_sizes(const std::string& name, std::uint32_t limit) {
    Recorder recorder(name);
    Random random(11);
    Ids ids;
    for (int i = 0; i < 40000; ++i) {
        if (random.below(400) >= ids.size()) {
            ids.push_back(recorder.allocate(1 + random.below(limit)));
        } else {
            const std::size_t victim = random.below(static_cast<std::uint32_t>(ids.size()));
            recorder.free(ids[victim]);
            ids[victim] = ids.back();
            ids.pop_back();
        }
    }
    return recorder.finish(ids);
}

// malloc and free in turn, all sizes up to 64, while `live` other blocks of each size exist.
HeapTrace small_pairs(const std::string& name, int live) {
    Recorder recorder(name);
    Ids ids;
    for (int i = 0; i < live; ++i) {
        for (std::size_t size = 4; size <= 64; size += 4)
            ids.push_back(recorder.allocate(size));
    }
    for (int i = 0; i < 1000; ++i) {
        for (std::size_t size = 1; size <= 64; ++size)
            recorder.free(recorder.allocate(size));
    }
    return recorder.finish(ids);
}

}  // namespace

const std::vector<std::string>& heap_pattern_names() {
    static const std::vector<std::string> names = {
        "alternating-64-448", "alternating-16-112", "neighbours",  "growing",
        "random-32k",         "random-1k",          "pairs-alone", "pairs-live"};
    return names;
}

HeapTrace generate_heap_pattern(const std::string& name) {
    if (name == "alternating-64-448") return alternating(name, 64, 448);
    if (name == "alternating-16-112") return alternating(name, 16, 112);
    if (name == "neighbours") return neighbours(name);
    if (name == "growing") return growing(name);
    if (name == "random-32k") return random_sizes(name, 32768);
    if (name == "random-1k") return random_sizes(name, 1024);
    if (name == "pairs-alone") return small_pairs(name, 0);
    if (name == "pairs-live") return small_pairs(name, 20);
    return {};
}

HeapTrace read_heap_trace(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "r");
    if (file == nullptr) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(2);
    }
    const std::size_t slash = path.find_last_of('/') + 1;
    Recorder recorder(path.substr(slash, path.rfind('.') - slash));
    char line[128];
    for (int number = 0; std::fgets(line, sizeof line, file) != nullptr; ++number) {
        char kind = 0;
        unsigned id = 0;
        unsigned long bytes = 0;
        if (number < 4 || std::sscanf(line, "%c %u %lu", &kind, &id, &bytes) < 2) continue;
        const Kind what = kind == 'a'   ? Kind::Allocate
                          : kind == 'r' ? Kind::Reallocate
                                        : Kind::Free;
        recorder.add({what, id, what == Kind::Free ? 0 : bytes});
    }
    std::fclose(file);
    return recorder.finish();
}

}  // namespace quire::bench
