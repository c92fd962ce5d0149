// Random scripts against a naive model: three directories, a few dozen pages, all RAM byte for
// byte.
//
// A script is a list of steps; a step maps, unmaps, protects, swaps, splits, or loads and stores
// through the simulated MMU. The model is a std::map of pages, walked by no rule but the SDM's
// permission rules. After each access the fault or the bytes must agree, and what comes out of a
// duty must be the entry the model expects, accessed and dirty bits included. Flushing too little
// shows, as the MMU never forgets more than it must.
//
// QUIRE_SEED=n repeats a run; rapidcheck shrinks its failures to a short script.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

#include "mm/machine.h"
#include "mm/page_directory.h"
#include "tests/host/paging_machine.h"

namespace quire::mm {
namespace {

/// One step. The numbers are cut to what the step can use, so every script is a valid one.
struct Step {
    std::uint32_t what, page, frame, choice;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << '{' << step.what << ',' << step.page << ',' << step.frame << ',' << step.choice
               << '}';
}

/// What the model knows of a page: a mirror of the PTE in plain words.
struct ModelPage {
    std::uint32_t place;  // frame or swap slot
    bool present, global;
    Protection protection;
    bool accessed, dirty;
};

struct Space {
    std::map<std::uint32_t, ModelPage> pages;
    std::map<std::uint32_t, ModelPage> large;  // by directory index
    std::set<std::uint32_t> tables;
};

// RAM that scripts map: frames 1024 to 3071, which no allocator has.
constexpr std::uint32_t kFirstData = 1024, kDataFrames = 2048;
// Tables 1 to 3 and the last one of the user half; 4, which only large pages and their pieces use;
// 960 and 961 in the kernel's dynamic area.
constexpr std::uint32_t kTables[] = {1, 2, 3, 767, 4, 960, 961};
constexpr std::uint32_t kLargeOnly = 4;
constexpr std::uint32_t kIndices[] = {0, 1, 2, 0x1FF, 0x200, 0x3FE, 0x3FF};
constexpr std::uint32_t kKernelLarge = 770;

class Script {
  public:
    Script() : ram_(kDataFrames * kPageSize) {
        ok(kernel().map_large(PageNumber(kKernelLarge * kEntriesPerTable), kernel_window()));
        ok(kernel().reserve_tables({PageNumber(960 * 1024), PageNumber(962 * 1024)}));
        for (int i = 0; i < 2; ++i) {
            processes_.push_back(PageDirectory::create(machine_.frames, kernel()).take());
        }
        mm::machine::load_page_directory(processes_[0].frame());
    }
    // Goes by what is in the tables, not by the model: after a failure the two disagree.
    ~Script() {
        mm::machine::load_page_directory(kernel().frame());
        for (PageDirectory& process : processes_)
            wipe(process, 0, kFirstKernelIndex);
        processes_.clear();
        wipe(kernel(), kFirstKernelIndex, kEntriesPerTable);
    }

    /// Throws std::runtime_error when product and model disagree.
    void run(const Step& step) {
        ++steps_;
        switch (step.what % 24) {
        case 0:
        case 1:
            return map(step, present_entry(step));
        case 2:
            return map(step, Pte::for_slot(SwapSlot(1 + step.frame % 5000)));
        case 3:
        case 4:
            return unmap(step);
        case 5:
            return replace(step);
        case 6:
            return protect(step);
        case 7:
            return clear_bits(step);
        case 8:
            return map_large(step);
        case 9:
            return step.choice % 4 == 0 ? unmap_large(step) : split(step);
        case 10:
            return step.choice % 4 == 0 ? empty(step) : retire(step);
        case 11:
            return switch_space(step);
        case 12:
            return prefetch(step);
        default:
            return access(step);
        }
    }

    void check_everything() {
        kernel().check_invariants();
        for (const PageDirectory& process : processes_)
            process.check_invariants();
        machine_.frames.check_invariants();
        expect(machine_.mmu.find_stale().empty(), "a cached translation is stale");
        for (std::uint32_t i = 0; i < 3; ++i) {
            expect(directory(i).tables().raw() == space(i).tables.size() + (i == 2 ? 2 : 0),
                   "number of page tables");
            for (const auto& [page, model] : space(i).pages) {
                expect(same(directory(i).entry(PageNumber(page)), model), "entry at rest");
            }
        }
    }
    void check_ram() {
        expect(std::memcmp(ram_.data(), frame_bytes(FrameNumber(kFirstData)), ram_.size()) == 0,
               "RAM");
    }

  private:
    static Pde kernel_window() {
        return Pde::for_large_page(FrameNumber(kFirstData + 1024), Protection::KernelReadWrite)
            .with_scope(Scope::Global);
    }
    static void ok(Result<void> result) {
        if (!result.ok()) throw std::runtime_error(error_name(result.error()));
    }
    void expect(bool condition, const char* what) const {
        if (condition) return;
        throw std::runtime_error("step " + std::to_string(steps_) + ": " + what);
    }

    void wipe(PageDirectory& directory, std::uint32_t first, std::uint32_t end) {
        FlushBatch batch(machine_.frames);
        for (std::uint32_t index = first; index < end; ++index) {
            const PageNumber page(index * kEntriesPerTable);
            const Pde pde = directory.directory_entry(page);
            if (pde.is_large()) directory.unmap_large(page, batch);
            for (std::uint32_t i = 0; pde.is_table() && i < kEntriesPerTable; ++i) {
                directory.unmap(page + PageCount(i)).join(batch);
            }
        }
        batch.flush();
    }

    // --- choosing ---

    PageDirectory& kernel() { return kernel_.value(); }
    PageDirectory& directory(std::uint32_t i) { return i == 2 ? kernel() : processes_[i]; }
    Space& space(std::uint32_t i) { return spaces_[i]; }

    static std::uint32_t page_of_step(const Step& step) {
        return kTables[step.page % 7] * kEntriesPerTable + kIndices[step.page / 7 % 7];
    }
    /// The directory index of a step on 4 MiB pages.
    static std::uint32_t large_index(const Step& step) {
        const std::uint32_t index = 1 + step.page % 6;
        return index > kLargeOnly ? kLargeOnly : index;
    }
    /// Whose page it is: a process's, or the kernel's for all.
    static std::uint32_t owner(std::uint32_t page, const Step& step) {
        return page >= kFirstKernelPage.raw() ? 2 : step.choice % 2;
    }
    static Protection protection(const Step& step, bool user) {
        const bool writable = step.choice / 2 % 2 != 0;
        // Now and then a page of the user half that only ring 0 may touch.
        if (!user || step.choice / 4 % 8 == 0) {
            return writable ? Protection::KernelReadWrite : Protection::KernelReadOnly;
        }
        return writable ? Protection::UserReadWrite : Protection::UserReadOnly;
    }
    static Pte present_entry(const Step& step) {
        const bool user = page_of_step(step) < kFirstKernelPage.raw();
        const bool global = !user && step.choice / 32 % 2 != 0;
        return Pte::for_frame(FrameNumber(kFirstData + step.frame % kDataFrames),
                              protection(step, user))
            .with_scope(global ? Scope::Global : Scope::OneSpace);
    }
    static ModelPage mirror(Pte entry) {
        if (entry.is_swapped()) return {entry.slot().raw(), false, false, {}, false, false};
        return {entry.frame().raw(), true,
                entry.is_global(),   entry.protection(),
                entry.is_accessed(), entry.is_dirty()};
    }
    static bool same(Pte entry, const ModelPage& model) {
        if (entry.is_empty()) return false;
        const ModelPage found = mirror(entry);
        return found.place == model.place && found.present == model.present &&
               found.global == model.global && found.protection == model.protection &&
               found.accessed == model.accessed && found.dirty == model.dirty;
    }

    /// Ends `duty` in one of the ways that are right for it, and returns the old entry.
    Pte end(StalePage duty, std::uint32_t owner, const Step& step) {
        const bool loaded = owner == 2 || owner == current_;
        if (!loaded && step.choice / 64 % 2 != 0) return duty.not_loaded();
        if (!loaded || step.choice / 128 % 2 != 0) return duty.flush();
        FlushBatch batch(machine_.frames);
        const Pte before = duty.join(batch);
        batch.flush();
        return before;
    }
    void expect_entry(Pte found, const ModelPage& model) const {
        expect(same(found, model), "the entry that came out");
    }

    // --- steps ---

    void map(const Step& step, Pte entry) {
        const std::uint32_t page = page_of_step(step);
        const std::uint32_t who = owner(page, step);
        const std::uint32_t index = page / kEntriesPerTable;
        if (index == kLargeOnly && !space(who).tables.contains(index)) return map_large(step);
        const bool taken = space(who).pages.contains(page) || space(who).large.contains(index);
        const bool needs_table = who != 2 && !space(who).tables.contains(index);
        const bool fail = step.choice / 256 % 8 == 0;
        machine_.injector.fail_nth(fail ? 1 : 0);
        const Result<void> result = directory(who).map(PageNumber(page), entry);
        machine_.injector.fail_nth(0);
        if (taken) return expect(!result.ok() && result.error() == Error::AlreadyExists, "taken");
        if (fail && needs_table) {
            return expect(!result.ok() && result.error() == Error::OutOfMemory, "out of memory");
        }
        expect(result.ok(), "map");
        if (needs_table) space(who).tables.insert(index);
        space(who).pages[page] = mirror(entry);
    }

    void unmap(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        const std::uint32_t who = owner(page, step);
        if (space(who).large.contains(page / kEntriesPerTable)) return;
        const Pte before = end(directory(who).unmap(PageNumber(page)), who, step);
        const auto model = space(who).pages.find(page);
        if (model == space(who).pages.end()) return expect(before.is_empty(), "unmap nothing");
        expect_entry(before, model->second);
        space(who).pages.erase(model);
    }

    void replace(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        const std::uint32_t who = owner(page, step);
        const auto model = space(who).pages.find(page);
        if (model == space(who).pages.end()) return;
        const Pte entry = step.choice / 512 % 2 != 0 ? present_entry(step)
                                                     : Pte::for_slot(SwapSlot(1 + step.frame % 99));
        expect_entry(end(directory(who).replace(PageNumber(page), entry), who, step),
                     model->second);
        model->second = mirror(entry);
    }

    void protect(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        const std::uint32_t who = owner(page, step);
        const auto model = space(who).pages.find(page);
        if (model == space(who).pages.end() || !model->second.present) return;
        const Protection rights = protection(step, who != 2);
        expect_entry(end(directory(who).protect(PageNumber(page), rights), who, step),
                     model->second);
        model->second.protection = rights;
    }

    void clear_bits(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        const std::uint32_t who = owner(page, step);
        const auto model = space(who).pages.find(page);
        if (model == space(who).pages.end() || !model->second.present) return;
        if (step.frame % 2 != 0) {
            expect_entry(end(directory(who).clear_accessed(PageNumber(page)), who, step),
                         model->second);
            model->second.accessed = false;
        } else {
            expect_entry(end(directory(who).clear_dirty(PageNumber(page)), who, step),
                         model->second);
            model->second.dirty = false;
        }
    }

    void map_large(const Step& step) {
        const std::uint32_t who = step.choice % 2;
        const std::uint32_t index = large_index(step);
        const FrameNumber first(kFirstData + step.frame % 2 * kEntriesPerTable);
        const Protection rights = protection(step, true);
        const Result<void> result = directory(who).map_large(PageNumber(index * kEntriesPerTable),
                                                             Pde::for_large_page(first, rights));
        if (space(who).tables.contains(index) || space(who).large.contains(index)) {
            return expect(!result.ok() && result.error() == Error::AlreadyExists, "large: taken");
        }
        expect(result.ok(), "map_large");
        space(who).large[index] = {first.raw(), true, false, rights, false, false};
    }

    void unmap_large(const Step& step) {
        const std::uint32_t who = step.choice / 4 % 2;
        const auto large = space(who).large.find(large_index(step));
        if (large == space(who).large.end()) return;
        FlushBatch batch(machine_.frames);
        const Pde before =
            directory(who).unmap_large(PageNumber(large->first * kEntriesPerTable), batch);
        who == current_ ? batch.flush() : batch.not_loaded();
        expect_entry(before.piece(0), large->second);
        space(who).large.erase(large);
    }

    void split(const Step& step) {
        const std::uint32_t who = step.choice / 4 % 2;
        const std::uint32_t index = large_index(step);
        const auto large = space(who).large.find(index);
        const bool fail = step.choice / 256 % 4 == 0;
        machine_.injector.fail_nth(fail ? 1 : 0);
        const Result<void> result =
            directory(who).split(PageNumber(index * kEntriesPerTable + step.frame % 1024));
        machine_.injector.fail_nth(0);
        if (large == space(who).large.end()) return expect(result.ok(), "nothing to split");
        if (fail)
            return expect(!result.ok() && result.error() == Error::OutOfMemory, "split fails");
        expect(result.ok(), "split");
        for (std::uint32_t i = 0; i < kEntriesPerTable; ++i) {
            ModelPage piece = large->second;
            piece.place += i;
            space(who).pages[index * kEntriesPerTable + i] = piece;
        }
        space(who).large.erase(large);
        space(who).tables.insert(index);
    }

    void retire(const Step& step) {
        const std::uint32_t who = step.choice / 4 % 2;
        std::set<std::uint32_t> empty = space(who).tables;
        for (const auto& [page, model] : space(who).pages)
            empty.erase(page / kEntriesPerTable);
        FlushBatch batch(machine_.frames);
        const PageCount count =
            directory(who).retire_empty_tables({PageNumber(0), kFirstKernelPage}, batch);
        who == current_ ? batch.flush() : batch.not_loaded();
        expect(count.raw() == empty.size(), "number of retired tables");
        for (std::uint32_t index : empty)
            space(who).tables.erase(index);
    }

    // munmap of a whole table: every page joins one batch, and the table goes with it.
    void empty(const Step& step) {
        const std::uint32_t who = step.choice / 4 % 2;
        const std::uint32_t index = large_index(step);
        const std::uint32_t first = index * kEntriesPerTable;
        FlushBatch batch(machine_.frames);
        if (space(who).large.erase(index) != 0)
            directory(who).unmap_large(PageNumber(first), batch);
        // All duties end before anything is expected: a failure must not leave one open.
        std::vector<std::pair<Pte, ModelPage>> gone;
        for (auto at = space(who).pages.lower_bound(first);
             at != space(who).pages.end() && at->first < first + kEntriesPerTable;) {
            gone.emplace_back(directory(who).unmap(PageNumber(at->first)).join(batch), at->second);
            at = space(who).pages.erase(at);
        }
        directory(who).retire_empty_tables(
            PageRange::of(PageNumber(first), PageCount(kEntriesPerTable)), batch);
        batch.flush();
        space(who).tables.erase(index);
        for (const auto& [entry, model] : gone)
            expect_entry(entry, model);
    }

    void switch_space(const Step& step) {
        if (step.choice % 16 == 0) {
            mode_.write_protect = !mode_.write_protect;
            machine_.mmu.set_mode(mode_);
        }
        current_ = step.choice / 16 % 2;
        mm::machine::load_page_directory(directory(current_).frame());
    }

    // --- accesses ---

    /// The model's view of the page in the space that is loaded, and its frame.
    ModelPage* find(std::uint32_t page, std::uint32_t& frame) {
        Space& in = space(page >= kFirstKernelPage.raw() ? 2 : current_);
        if (const auto large = in.large.find(page / kEntriesPerTable); large != in.large.end()) {
            frame = large->second.place + page % kEntriesPerTable;
            return &large->second;
        }
        const auto small = in.pages.find(page);
        if (small == in.pages.end() || !small->second.present) return nullptr;
        frame = small->second.place;
        return &small->second;
    }
    bool allowed(const ModelPage& page, Access access, Ring ring) const {
        if (ring == Ring::User && !is_user(page.protection)) return false;
        if (access != Access::Write || is_writable(page.protection)) return true;
        return ring == Ring::Kernel && !mode_.write_protect;
    }

    void prefetch(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        machine_.mmu.prefetch(start_of(PageNumber(page)));
        std::uint32_t frame = 0;
        if (ModelPage* model = find(page, frame)) model->accessed = true;
    }

    void access(const Step& step) {
        const std::uint32_t page = page_of_step(step);
        const unsigned bytes = 1U << step.choice % 3;
        // Half of the accesses sit near the end of the page, so that many cross it.
        const std::uint32_t offset = step.choice / 4 % 2 != 0 ? kPageSize - 1 - step.frame % 4
                                                              : step.frame % (kPageSize - 4);
        const Ring ring = step.choice / 8 % 4 == 0 ? Ring::Kernel : Ring::User;
        const Access access = static_cast<Access>(step.choice / 32 % 3);
        const VirtAddr address = start_of(PageNumber(page)) + offset;

        // The model's answer, page by page: the first page that refuses faults.
        unsigned char* at[4] = {};
        std::optional<Fault> expected;
        for (unsigned i = 0; i < (access == Access::Fetch ? 1 : bytes) && !expected; ++i) {
            at[i] = byte_at(address + i, access, ring, expected);
        }
        std::uint32_t value = step.frame * 0x9E3779B9U + step.choice;
        std::optional<Fault> fault;
        if (access == Access::Fetch) fault = machine_.mmu.fetch(address, ring);
        if (access == Access::Write) fault = machine_.mmu.store(address, bytes, ring, value);
        if (access == Access::Read) fault = machine_.mmu.load(address, bytes, ring, value);
        expect(fault == expected, "fault");
        expect(machine_.mmu.missing_flushes().empty(), "missing flush");
        if (fault || access == Access::Fetch) return;
        for (unsigned i = 0; i < bytes; ++i) {
            const auto byte = static_cast<unsigned char>(value >> 8 * i);
            if (access == Access::Write) *at[i] = byte;
            expect(*at[i] == byte, "loaded bytes");
        }
    }
    unsigned char* byte_at(VirtAddr address, Access access, Ring ring,
                           std::optional<Fault>& fault) {
        std::uint32_t frame = 0;
        ModelPage* model = find(page_of(address).raw(), frame);
        if (model == nullptr || !allowed(*model, access, ring)) {
            fault = Fault{address, access == Access::Fetch ? Access::Read : access, ring,
                          model == nullptr ? FaultCause::NotPresent : FaultCause::Protection};
            return nullptr;
        }
        model->accessed = true;
        if (access == Access::Write) model->dirty = true;
        return &ram_[(frame - kFirstData) * kPageSize + offset_in_page(address)];
    }

    test::PagingMachine machine_;
    std::vector<unsigned char> ram_;
    Result<PageDirectory> kernel_ = PageDirectory::create(machine_.frames);
    std::vector<PageDirectory> processes_;
    Space spaces_[3];
    PagingMode mode_;
    std::uint32_t current_ = 0;
    std::uint64_t steps_ = 0;
};

Step random_step(std::mt19937_64& random) {
    const std::uint64_t a = random();
    const std::uint64_t b = random();
    return {static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(a >> 32),
            static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)};
}

void run_random_script(std::uint64_t steps, std::uint64_t check_every) {
    const std::uint64_t seed = test::random_seed();
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    Script script;
    for (std::uint64_t i = 1; i <= steps; ++i) {
        ASSERT_NO_THROW(script.run(random_step(random)));
        if (i % check_every != 0) continue;
        ASSERT_NO_THROW(script.check_everything());
    }
    ASSERT_NO_THROW(script.check_ram());
}

TEST(PageTableModel, AgreesOverAMillionSteps) {
    run_random_script(1'000'000, 20'000);
}

// Slow mode: everything is checked after each step.
TEST(PageTableModel, AgreesAfterEachStep) {
    run_random_script(3'000, 1);
}

RC_GTEST_PROP(PageTableModel, AgreesForAnyScript, ()) {
    const auto number = rc::gen::arbitrary<std::uint32_t>();
    const auto steps = *rc::gen::container<std::vector<Step>>(
        rc::gen::construct<Step>(number, number, number, number));
    Script script;
    for (const Step& step : steps)
        script.run(step);
    script.check_everything();
    script.check_ram();
}

}  // namespace
}  // namespace quire::mm
