// Runs a MemoryScript on the kernel that it runs on, and on the model, and stops where they differ.
//
//     MemoryScript --> ReplayMachine --+--> puppets: int 0x80, loads and stores in ring 3
//                                      |            | Answer        (/proc, /dev/mem: RealMemory)
//                                      +--> MemoryModel: may that be?
//
// The host's MemoryMachine does the same with simulated hardware. Here the machine is the one that
// was booted: RAM is made scarce by a part that is locked, what a script's world says of swap and
// policies does not count, and the steps of kNotHere cannot be done at all.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "tests/guest/model/puppets.h"
#include "tests/host/memory_model.h"
#include "tests/host/memory_script.h"

namespace quire::test {

/// What a run was worth. Plain, so that a child can leave it in shared memory.
struct ReplayFigures : StepFigures {
    std::uint32_t excused = 0;        // errors while memory was short
    std::uint32_t ahead = 0;          // done without a pause between them
    std::uint32_t unseen = 0;         // pages that nobody could look at
    std::uint32_t out_of_memory = 0;  // scripts that ended because the kernel ended a process
    std::uint32_t faults = 0, swapped_in = 0, swapped_out = 0, evicted = 0;

    ReplayFigures& operator+=(const ReplayFigures& other);
};

class ReplayMachine final : private RealMemory {
  public:
    struct Difference {
        std::size_t step;  // the number of steps: at the end
        std::string what;
    };
    static constexpr CallSet kNotHere = only(MemoryCall::DiskErrors) | only(MemoryCall::SwapOff);

    /// Locks RAM until `world.frames` frames are left to play with, and makes the files.
    /// `program`: the puppets'.
    ReplayMachine(const MemoryWorld& world, const std::string& program);
    ~ReplayMachine();

    /// Runs the steps, looks at everything after each `check_every`, and ends all processes. The
    /// first difference, if there is one. `progress` says at which step it is.
    std::optional<Difference> run(const MemoryScript& script, std::size_t check_every,
                                  std::size_t& progress);

    [[nodiscard]] const ReplayFigures& figures() const { return figures_; }

  private:
    struct Files;
    class Ballast;

    // RealMemory.
    RunList runs(std::uint32_t process) override;
    mm::PageRange region_after(std::uint32_t process, std::uint32_t page) override;
    bool has_private_page(std::uint32_t process, std::uint32_t page) override;
    bool is_resident(std::uint32_t process, std::uint32_t page) override;
    void peek(std::uint32_t process, std::uint32_t page, PageBytes& bytes) override;

    void do_ahead(std::span<const MemoryStep> steps);
    [[nodiscard]] bool is_skipped(const MemoryStep& step) const;
    std::string step(const MemoryStep& step);
    std::string call(const MemoryStep& step);
    std::string map(const MemoryStep& step);
    std::string map_shared_memory(const MemoryStep& step, mm::MapRequest& request);
    std::string remap(const MemoryStep& step);
    std::string advise(const MemoryStep& step);
    std::string residence(const MemoryStep& step);
    std::string lock_all(const MemoryStep& step);
    std::string fork(const MemoryStep& step);
    std::string spawn(const MemoryStep& step);
    std::string access(const MemoryStep& step);
    std::string make_room(std::uint32_t pages);
    std::string set_limit(const MemoryStep& step);
    std::string check_all();
    std::string check_promises();
    static std::int64_t promised();
    std::string finish();

    Answer ask(const MemoryStep& step);
    [[nodiscard]] std::uint32_t pages_of(const MemoryStep& step) const;
    Answer judged(const MemoryStep& step, std::int32_t result);
    [[nodiscard]] std::uint32_t object_number(std::uint32_t process, const SeenRegion& region);
    [[nodiscard]] bool is_told_otherwise(const MemoryStep& step) const;
    [[nodiscard]] bool is_memory_short(std::uint32_t pages) const;

    std::unique_ptr<Ballast> ballast_;
    std::unique_ptr<Files> files_;
    Puppets puppets_;
    MemoryModel model_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> object_numbers_;
    std::int64_t promised_at_first_ = 0;
    std::string events_at_first_;  // /proc/vmstat
    bool lost_ = false;            // somebody did not answer any more
    std::uint32_t steps_ = 0;
    std::size_t ahead_ = 0;  // steps that were done, and not judged yet
    ReplayFigures figures_;
};

}  // namespace quire::test
