// Runs a MemoryScript on the real memory manager and on the model, and stops where they differ.
//
//     MemoryScript --> MemoryMachine --+--> AddressSpace, Reclaim, SwapSpace ... under SimulatedMmu
//                                      |            | Answer
//                                      +--> MemoryModel: may that be?
//
// After every step: the answer, the regions of who acted, what was promised, and that the TLB was
// told of everything. After every step, or after some hundreds: mmck, and every byte of every
// process, looked up through page tables, swap and objects without touching anything. At the end:
// files are written back and compared, every process exits, and nothing may be left.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mm/policy_set.h"
#include "mm/reclaim.h"
#include "mm/slab_registry.h"
#include "mm/user_memory_check.h"
#include "tests/host/memory_model.h"
#include "tests/host/memory_script.h"
#include "tests/host/memory_store.h"
#include "tests/host/paging_machine.h"

namespace quire::test {

/// What a run was worth.
struct RunFigures : StepFigures {
    mm::UserMemoryStatistics memory;
    std::uint32_t evicted = 0;
    std::uint32_t pages_to_swap = 0, pages_to_files = 0;

    RunFigures& operator+=(const RunFigures& other);
};

class MemoryMachine final : private RealMemory {
  public:
    struct Difference {
        std::size_t step;  // the number of steps: at the end
        std::string what;
    };
    /// How many steps there are between two complete checks.
    static constexpr std::uint32_t kSlow = 1;
    static constexpr std::uint32_t kFast = 256;

    explicit MemoryMachine(const MemoryWorld& world);
    ~MemoryMachine();

    /// Runs the steps, then finish(). The first difference, if there is one; the machine is of no
    /// use then. `progress`, if given, says at which step it is.
    std::optional<Difference> run(const MemoryScript& script, std::uint32_t check_every,
                                  std::size_t* progress = nullptr);

    /// One step; "" or what is wrong.
    std::string step(const MemoryStep& step);
    /// mmck, and every byte of every process.
    std::string check_all();
    /// Ends everything, and looks at what is left.
    std::string finish();

    [[nodiscard]] const RunFigures& figures();

    /// What came of the last step, and what happened meanwhile.
    [[nodiscard]] const Answer& last_answer() const { return last_answer_; }

    // For tests that make something fail (fail_nth_test.cpp).
    [[nodiscard]] mm::AddressSpace* space(std::uint32_t process) { return spaces_[process].get(); }
    [[nodiscard]] mm::FailureInjector& injector() { return machine_.injector; }
    [[nodiscard]] MemoryStore& disk(DiskChoice choice);
    /// Frames that are free once empty slabs are given back.
    [[nodiscard]] std::uint32_t free_frames();
    [[nodiscard]] MemoryModel& model() { return model_; }
    [[nodiscard]] mm::Reclaim& reclaim() { return room_; }
    [[nodiscard]] mm::UserMemory& memory() { return memory_; }

  private:
    class File;
    class SharedMemory;
    struct Disk;

    // RealMemory.
    RunList runs(std::uint32_t process) override;
    mm::PageRange region_after(std::uint32_t process, std::uint32_t page) override;
    bool has_private_page(std::uint32_t process, std::uint32_t page) override;
    bool is_resident(std::uint32_t process, std::uint32_t page) override;
    void peek(std::uint32_t process, std::uint32_t page, PageBytes& bytes) override;

    std::string call(const MemoryStep& step);
    std::string map(const MemoryStep& step);
    std::string remap(const MemoryStep& step);
    std::string set_break(const MemoryStep& step);
    std::string residence(const MemoryStep& step);
    std::string sync(const MemoryStep& step);
    std::string fork(const MemoryStep& step);
    std::string spawn(const MemoryStep& step);
    void exit(std::uint32_t process);
    std::string access(const MemoryStep& step);
    std::string make_room(const MemoryStep& step);
    std::string swap_off(const MemoryStep& step);
    void set_disk_errors(const MemoryStep& step);
    void set_limit(const MemoryStep& step);

    Answer judged(Answer answer, const MemoryStep& step);
    std::string compare_process(std::uint32_t process);
    std::string find_leaks();
    [[nodiscard]] std::uint32_t count_frames(mm::FrameState state) const;
    std::string compare_file(std::uint32_t file, std::uint32_t first, std::uint32_t end);
    [[nodiscard]] bool is_memory_short(std::uint32_t pages, std::uint32_t slots);
    void read_slot(mm::SwapSlot slot, PageBytes& bytes);
    void load_space(std::uint32_t process);
    Result<std::unique_ptr<mm::AddressSpace>> new_space();
    mm::AreaId add_area(std::uint32_t index);

    MemoryWorld world_;
    PagingMachine machine_;
    std::array<MemoryStore, 2> swap_stores_;
    std::array<std::vector<mm::SlotRecord>, 2> slot_records_;
    std::array<std::optional<mm::AreaId>, 2> areas_;
    mm::SwapSpace swap_;
    mm::SlabRegistry slabs_;
    mm::ObjectCache<mm::Region> region_cache_;
    mm::ObjectCache<mm::PageTreeNode> tree_cache_;
    mm::ObjectRegistry objects_;
    std::vector<std::uint8_t> policy_marks_;
    mm::PolicySet policies_;
    mm::PageDirectory kernel_;
    mm::MappedPages pages_;
    mm::CommitAccount commit_;
    mm::Reclaim room_;
    mm::UserMemory memory_;
    std::vector<std::unique_ptr<File>> files_;
    std::map<std::uint32_t, std::uint32_t> object_numbers_;  // the model's, by id
    std::uint32_t shared_memories_ = 0;
    std::uint32_t free_at_first_ = 0;
    std::uint32_t used_at_first_ = 0;  // frames of no kind
    std::uint32_t injected_ = 0;       // allocations that were made to fail, up to this step
    Answer last_answer_;
    MemoryModel model_;
    std::array<std::unique_ptr<mm::AddressSpace>, kProcesses> spaces_;
    std::uint32_t loaded_ = kProcesses;
    RunFigures figures_;
};

}  // namespace quire::test
