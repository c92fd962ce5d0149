// What programs do to their memory, as data: scripts that can be made at random, printed, read back
// in, decoded from any bytes, and shortened while they still show a failure.
//
//     random / decode / parse --> MemoryScript --> MemoryMachine (tests/host/memory_machine.h)
//                                      |   ^
//                                print v   | shrink (tests/host/shrink.h)
//
// A step names a process by number and memory by plain addresses, and depends on no step before it:
// one that makes no sense (a process that does not exist) is skipped. So any subset of a script is
// a script, and shortening cannot break it. One table (memory_script.cpp) says which fields a call
// has; printing, parsing and making at random follow it.
//
// The text, one step a line, numbers in hexadecimal:
//
//     world frames=60 swap=100 swap2=0 overcommit=0 policy=0
//     0 mmap at=bf3fe000 size=5000 rights=3 flags=fixed|populate object=1 page=2
//     0 fork value=1
//     1 store at=bf3fe004 size=4 value=12345678
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/host/seed.h"

namespace quire::test {

/// Where the decisions of whoever makes a script come from.
class Choices {
  public:
    virtual ~Choices() = default;
    /// A number from 0 to limit - 1. Precondition: limit is not 0.
    virtual std::uint32_t below(std::uint32_t limit) = 0;
    bool one_in(std::uint32_t n) { return below(n) == 0; }
};

class RandomChoices final : public Choices {
  public:
    explicit RandomChoices(std::uint64_t seed) : random_(seed) {}
    std::uint32_t below(std::uint32_t limit) override {
        return static_cast<std::uint32_t>(random_.below(limit));
    }

  private:
    Random random_;
};

/// The bytes of a fuzzer; 0 when they are used up.
class ByteChoices final : public Choices {
  public:
    explicit ByteChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    std::uint32_t below(std::uint32_t limit) override;
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

  private:
    std::span<const std::uint8_t> bytes_;
};

enum class MemoryCall : std::uint8_t {
    Map,
    Unmap,
    Protect,
    Break,
    Remap,
    Advise,
    Residence,
    Sync,
    Lock,
    Unlock,
    LockAll,
    UnlockAll,
    Fork,
    Exit,
    Spawn,
    Load,
    Store,
    Prefetch,
    Reclaim,
    Background,
    DropClean,
    DiskErrors,
    Limit,
    SwapOff,
    Check,
};
inline constexpr std::uint32_t kMemoryCalls = static_cast<std::uint32_t>(MemoryCall::Check) + 1;
const char* call_name(MemoryCall call);

/// Calls that a run may use.
using CallSet = std::uint32_t;
constexpr CallSet only(MemoryCall call) {
    return 1U << static_cast<std::uint32_t>(call);
}
inline constexpr CallSet kAllCalls = (1U << kMemoryCalls) - 1;

/// A call and what it is given; what a call does not use is 0.
struct MemoryStep {
    MemoryCall call = MemoryCall::Check;
    std::uint32_t process = 0;
    std::uint32_t at = 0;      // linear address
    std::uint32_t size = 0;    // bytes
    std::uint32_t to = 0;      // Remap: new address
    std::uint32_t length = 0;  // Remap: new size
    std::uint32_t rights = 0;  // PROT_ bits
    std::uint32_t flags = 0;   // the step's own, below
    std::uint32_t object = 0;  // Map: an ObjectChoice; DiskErrors: a DiskChoice
    std::uint32_t page = 0;    // Map: page of the object
    std::uint32_t value =
        0;  // Store: what; Advise: AdviceCall; Fork: the child; Limit: how much...

    bool operator==(const MemoryStep&) const = default;
};

struct MapFlag {
    static constexpr std::uint32_t kFixed = 1, kNoReplace = 2, kShared = 4, kGrowsDown = 8,
                                   kNoReserve = 16, kPopulate = 32, kLocked = 64, kReadOnly = 128,
                                   kWriteOnly = 256;
};
struct ProtectFlag {
    static constexpr std::uint32_t kGrowsDown = 1;
};
struct RemapFlag {
    static constexpr std::uint32_t kMayMove = 1, kFixed = 2, kKeepOld = 4;
};
struct SyncFlag {
    static constexpr std::uint32_t kWait = 1, kInvalidate = 2;
};
struct LockFlag {
    static constexpr std::uint32_t kOnFault = 1, kCurrent = 2, kFuture = 4;
};
struct DiskFlag {
    static constexpr std::uint32_t kReads = 1, kWrites = 2;  // with `value` n: only the n-th fails
};
struct LimitFlag {
    static constexpr std::uint32_t kSpace = 1, kData = 2, kStack = 4, kLocked = 8, kMayLock = 16;
};

/// What Map maps: nothing (anonymous), one of the files, or new shared memory.
enum class ObjectChoice : std::uint32_t { None, File1, File2, File3, SharedMemory };
inline constexpr std::uint32_t kFiles = 3;
/// Which disk DiskErrors is about.
enum class DiskChoice : std::uint32_t { Swap1, Swap2, File1, File2, File3 };

inline constexpr std::uint32_t kProcesses = 5;

/// The machine a script runs on.
struct MemoryWorld {
    std::uint32_t frames = 128;  // of RAM
    std::uint32_t swap = 256;    // slots of the first area, header included; 0: none
    std::uint32_t swap2 = 0;     // the same, of the second
    std::uint32_t overcommit = 0;
    std::uint32_t policy = 0;  // which replacement policy, of those there are

    bool operator==(const MemoryWorld&) const = default;
};

struct MemoryScript {
    MemoryWorld world;
    std::vector<MemoryStep> steps;

    bool operator==(const MemoryScript&) const = default;

    [[nodiscard]] std::string print() const;
    /// Empty lines and what follows # is passed over. Nothing, if a line cannot be understood.
    [[nodiscard]] static std::optional<MemoryScript> parse(std::string_view text);
    /// Any bytes are a script.
    [[nodiscard]] static MemoryScript decode(std::span<const std::uint8_t> bytes);
};

std::string print(const MemoryStep& step);
/// The step with every field 0 that its call does not use.
MemoryStep without_idle_fields(const MemoryStep& step);

/// Worlds of 64 to 512 frames, with much swap or little or none.
MemoryWorld some_world(Choices& choices);

/// All calls, or as often about half of them: what is left out cannot undo what the others do
/// ("swarm testing", Groce et al. 2012). Map and Store are always there.
CallSet some_calls(Choices& choices);

/// Makes steps, with a liking for what is difficult: the same few places around the borders of page
/// tables, fork and then writes, rights taken and given back, moves between tables.
class StepMaker {
  public:
    StepMaker(Choices& choices, CallSet enabled) : choices_(choices), enabled_(enabled) {}

    /// Adds a step, or a few that belong together.
    void add_to(std::vector<MemoryStep>& steps);

  private:
    struct Place {
        std::uint32_t page, pages;
        [[nodiscard]] std::uint32_t end() const { return page + pages; }
    };
    using Steps = std::vector<MemoryStep>;

    std::uint32_t below(std::uint32_t limit) { return choices_.below(limit); }
    bool one_in(std::uint32_t n) { return choices_.one_in(n); }

    std::uint32_t somebody(bool alive);
    MemoryStep step(MemoryCall call) const;
    MemoryStep step_at(MemoryCall call, Place place) const;
    MemoryStep some_map();
    MemoryStep some_remap();
    MemoryStep some_step(MemoryCall call);
    Place some_place();
    std::uint32_t some_page();
    std::uint32_t some_pages();
    std::uint32_t some_rights();
    void spoil(MemoryStep& step);
    void add(Steps& steps, const MemoryStep& step);
    void note(const MemoryStep& step);
    static void add_place(std::vector<Place>& places, Place place);
    static bool take_place(std::vector<Place>& places, Place place);
    void add_accesses(Steps& steps, Place place, std::uint32_t count);
    void add_fork(Steps& steps);
    void add_flips(Steps& steps);
    void add_locks(Steps& steps);
    void add_stack(Steps& steps);
    void add_whole_table(Steps& steps);
    void add_limit(Steps& steps);
    void add_disk_errors(Steps& steps);

    Choices& choices_;
    CallSet enabled_;
    std::uint32_t process_ = 0;  // who acts: steps come in runs of one process
    std::uint32_t alive_ = 1;    // a bit for each process that probably exists
    std::array<std::vector<Place>, kProcesses> mapped_;  // where there probably is something
};

MemoryScript random_script(std::uint64_t seed, const MemoryWorld& world, std::size_t steps,
                           CallSet enabled);

}  // namespace quire::test
