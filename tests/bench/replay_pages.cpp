// Replays page traces through the kernel's replacement policies and counts faults.
//
//     replay_pages faults TRACE...
//     replay_pages instructions TRACE POLICY
//
// TRACE: a decompressed .pgt file, or the name of a pattern (page_trace.h). The first prints for
// each trace, for memories of an eighth, a quarter and half of its pages, a line for OPT, for exact
// LRU and for every policy:
//     trace  share  policy  faults  most-looks  looks
// where looks are those at accessed bits: the most for one fault, and their sum. The second replays
// one trace at a quarter and prints how many faults chose a victim; under callgrind with
// --toggle-collect on measured_fault() and harvest() it counts the policy's own instructions.
//
// The machine is as a policy sees it: a use of a present page sets its accessed bit and nothing
// else; a fault on a full memory asks the policy for a victim; the access that faulted is repeated
// afterwards and sets the bit of the page just brought in.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "mm/policy_set.h"
#include "tests/bench/page_trace.h"

namespace quire {

void assertion_failed(const char* condition, const char* file, int line, const char*) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
}

namespace bench {
namespace {

using mm::FrameNumber;
using mm::Shadow;

constexpr std::uint32_t kAbsent = 0;  // frame 0 is nobody's

class Machine final : public mm::AccessedBits {
  public:
    /// A machine of that many frames, on which the trace has run.
    Machine(const PageTrace& trace, std::uint32_t frames, mm::PolicyKind kind)
        : records_(frames + 1),
          table_(records_),
          marks_(frames + 1),
          policies_(table_, marks_, kind),
          frame_of_(trace.pages, kAbsent),
          shadow_of_(trace.pages, 0),
          page_in_(frames + 1),
          accessed_(frames + 1, 0) {
        for (const std::uint32_t page : trace.uses)
            use(page);
    }

    [[gnu::noinline]] bool harvest(FrameNumber frame) override {
        ++looks_now_;
        const bool used = accessed_[frame.raw()] != 0;
        accessed_[frame.raw()] = 0;
        return used;
    }

    [[nodiscard]] std::uint64_t faults() const { return faults_; }
    [[nodiscard]] std::uint64_t choices() const { return choices_; }
    [[nodiscard]] std::uint64_t looks() const { return looks_; }
    [[nodiscard]] std::uint32_t most_looks() const { return most_looks_; }

  private:
    void use(std::uint32_t page) {
        if (frame_of_[page] == kAbsent) {
            ++faults_;
            frame_of_[page] = free_frames_left() ? ++frames_used_ : make_room();
            bring_in(page, FrameNumber(frame_of_[page]));
        }
        accessed_[frame_of_[page]] = 1;
    }

    [[nodiscard]] bool free_frames_left() const { return frames_used_ + 1 < records_.size(); }

    std::uint32_t make_room() {
        looks_now_ = 0;
        Shadow shadow = 0;
        const FrameNumber victim = measured_fault(shadow);
        ++choices_;
        looks_ += looks_now_;
        if (looks_now_ > most_looks_) most_looks_ = looks_now_;
        const std::uint32_t page = page_in_[victim.raw()];
        shadow_of_[page] = shadow;
        frame_of_[page] = kAbsent;
        return victim.raw();
    }

    [[gnu::noinline]] FrameNumber measured_fault(Shadow& shadow) {
        mm::ReplacementPolicy& policy = policies_.current();
        const FrameNumber victim = *policy.choose(*this);
        shadow = policy.evicted(victim);
        return victim;
    }

    [[gnu::noinline]] void measured_fault_arrival(FrameNumber frame, Shadow shadow) {
        policies_.current().admit(frame, mm::Arrival::Demand, shadow);
    }

    void bring_in(std::uint32_t page, FrameNumber frame) {
        page_in_[frame.raw()] = page;
        accessed_[frame.raw()] = 0;
        measured_fault_arrival(frame, shadow_of_[page]);
    }

    std::vector<mm::FrameInfo> records_;
    mm::FrameTable table_;
    std::vector<std::uint8_t> marks_;
    mm::PolicySet policies_;
    std::vector<std::uint32_t> frame_of_;
    std::vector<Shadow> shadow_of_;
    std::vector<std::uint32_t> page_in_;
    std::vector<std::uint8_t> accessed_;
    std::uint32_t frames_used_ = 0;
    std::uint64_t faults_ = 0;
    std::uint64_t choices_ = 0;
    std::uint64_t looks_ = 0;
    std::uint32_t looks_now_ = 0;
    std::uint32_t most_looks_ = 0;
};

const char* name_of(mm::PolicyKind kind) {
    mm::FrameTable no_frames{std::span<mm::FrameInfo>()};
    const mm::PolicySet policies(no_frames, {});
    return policies.policy(kind).name();
}

PageTrace find_trace(const char* name) {
    PageTrace pattern = generate_page_pattern(name);
    return pattern.pages != 0 ? pattern : read_page_trace(name);
}

void print_faults(const char* path) {
    const PageTrace trace = find_trace(path);
    for (const std::uint32_t share : {8U, 4U, 2U}) {
        const std::uint32_t frames = trace.pages / share;
        const auto print = [&](const char* policy, std::uint64_t faults, std::uint32_t most,
                               std::uint64_t looks) {
            std::printf("%s\t%u\t%s\t%llu\t%u\t%llu\n", path, share, policy,
                        static_cast<unsigned long long>(faults), most,
                        static_cast<unsigned long long>(looks));
        };
        print("opt", optimal_faults(trace, frames), 0, 0);
        print("lru", lru_faults(trace, frames), 0, 0);
        for (const mm::PolicyKind kind : mm::kPolicyKinds) {
            const Machine machine(trace, frames, kind);
            print(name_of(kind), machine.faults(), machine.most_looks(), machine.looks());
        }
    }
}

int print_choices(const char* path, const char* name) {
    const PageTrace trace = find_trace(path);
    for (const mm::PolicyKind kind : mm::kPolicyKinds) {
        if (std::strcmp(name, name_of(kind)) != 0) continue;
        const Machine machine(trace, trace.pages / 4, kind);
        std::printf("%llu\n", static_cast<unsigned long long>(machine.choices()));
        return 0;
    }
    std::fprintf(stderr, "%s: no such policy\n", name);
    return 1;
}

}  // namespace
}  // namespace bench
}  // namespace quire

int main(int count, char** arguments) {
    if (count == 4 && std::strcmp(arguments[1], "instructions") == 0)
        return quire::bench::print_choices(arguments[2], arguments[3]);
    if (count < 3 || std::strcmp(arguments[1], "faults") != 0) {
        std::fprintf(stderr, "replay_pages faults TRACE... | instructions TRACE POLICY\n");
        return 1;
    }
    for (int i = 2; i < count; ++i)
        quire::bench::print_faults(arguments[i]);
    return 0;
}
