// mremap, mlock and madvise against a naive model: two spaces after many forks, pages in RAM, in
// swap and shared, allocations and reads that fail. Every page must read what the model says.
#include <map>

#include "tests/host/call_machine.h"
#include "tests/host/seed.h"

namespace quire::mm {
namespace {

constexpr std::uint32_t kFirst = 0x20000;
constexpr std::uint32_t kEnd = 0x21400;  // five page tables

// What a page shows: memory of its own, or a page of the shared object.
struct Cell {
    unsigned value = 0;
    std::optional<std::uint32_t> shared_page = {};
    bool locked = false;
};

class RemapModel : public test::CallMachine {
  protected:
    using Cells = std::map<std::uint32_t, Cell>;

    RemapModel() : random_(test::seed()) { machine.commit.set_mode(Overcommit::Always); }
    ~RemapModel() override { load(*space); }

    Cells& cells() { return cells_[&running() == child.get() ? 1 : 0]; }
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(random_.below(limit));
    }
    // Mostly near each other, so that much happens to the same pages; sometimes at the same index.
    std::uint32_t any_page() { return kFirst + 1024 * below(5) + (below(4) == 0 ? 0 : below(60)); }
    std::uint32_t any_count() { return below(12) == 0 ? 1000 + below(1200) : 1 + below(20); }
    std::optional<std::uint32_t> any_mapped_page() {
        const auto found = cells().lower_bound(any_page());
        if (found == cells().end()) return std::nullopt;
        return found->first;
    }

    // One call; sometimes an allocation fails in it, or a read. Then the model stays as it is.
    template <typename Call>
    auto with_failures(Call call) {
        if (below(3) == 0) machine.machine.injector.fail_nth(1 + below(8));
        if (below(8) == 0) machine.store.fail_nth_read(1);
        auto result = call();
        machine.machine.injector.fail_nth(0);
        machine.store.fail_nth_read(0);
        return result;
    }

    void map_some() {
        MapRequest request;
        const std::uint32_t page = any_page();
        const std::uint32_t count = any_count();
        request.address = start_of(PageNumber(page));
        request.bytes = count * kPageSize;
        request.place = MapRequest::Place::Fixed;
        request.rights = Rights::read() | Rights::write();
        request.shared = below(4) == 0 && count <= 32;
        if (request.shared) {
            request.object = &shared;
            request.object_page = below(32);
            request.object_rights = Rights::all();
        }
        if (!with_failures([&] { return running().map(request); }).ok()) return;
        for (std::uint32_t i = 0; i < count; ++i) {
            cells()[page + i] = {};
            if (request.shared) cells()[page + i].shared_page = request.object_page + i;
        }
    }
    void unmap_some() {
        const std::uint32_t page = any_page();
        const std::uint32_t count = any_count();
        const auto call = [&] {
            return running().unmap(start_of(PageNumber(page)), count * kPageSize);
        };
        if (with_failures(call).ok()) erase(page, count);
    }
    void erase(std::uint32_t page, std::uint32_t count) {
        cells().erase(cells().lower_bound(page), cells().lower_bound(page + count));
    }

    void remap_some() {
        const auto page = any_mapped_page();
        if (!page.has_value()) return;
        const std::uint32_t old_count = below(20) == 0 ? 0 : any_count();
        const std::uint32_t count = below(2) == 0 ? old_count : any_count();
        AddressSpace::RemapRequest request{.address = start_of(PageNumber(*page)),
                                           .old_bytes = old_count * kPageSize,
                                           .new_bytes = count * kPageSize,
                                           .may_move = below(8) != 0};
        request.fixed = request.may_move && below(3) != 0;
        request.keep_old = request.may_move && old_count == count && below(6) == 0;
        if (request.fixed) request.new_address = start_of(PageNumber(any_page()));
        const auto result = with_failures([&] { return running().remap(request); });
        if (!result.ok()) return;
        ++remapped_;
        apply(request, page_of(result.value()).raw());
    }
    void apply(const AddressSpace::RemapRequest& request, std::uint32_t to) {
        const std::uint32_t from = page_of(request.address).raw();
        const std::uint32_t old_count = request.old_bytes / kPageSize;
        const std::uint32_t count = request.new_bytes / kPageSize;
        if (to == from && count <= old_count) return erase(from + count, old_count - count);
        const Cell first = cells()[from];
        const auto begin = cells().lower_bound(from);
        const Cells moved(begin, cells().lower_bound(from + std::min(old_count, count)));
        erase(from, old_count);
        if (request.fixed) erase(to, count);
        for (std::uint32_t i = 0; i < count; ++i) {
            ASSERT_FALSE(cells().contains(to + i)) << "there was something";
            const auto old = moved.find(from + i);
            Cell cell{.locked = first.locked};
            if (first.shared_page.has_value()) cell.shared_page = *first.shared_page + i;
            cells()[to + i] = old != moved.end() ? old->second : cell;
            if (!request.keep_old) continue;
            cells()[from + i] = cell;
            cells()[from + i].locked = false;
        }
        if (old_count == 0) cells()[from] = first;
    }

    void write_some() {
        const auto page = any_mapped_page();
        if (!page.has_value()) return;
        const unsigned value = 1 + below(255);
        if (!write(PageNumber(*page), value)) return;
        ++written_;
        Cell& cell = cells()[*page];
        (cell.shared_page.has_value() ? shared_values_[*cell.shared_page] : cell.value) = value;
    }
    void swap_some() {
        const auto page = any_mapped_page();
        if (!page.has_value() || !entry(PageNumber(*page)).is_resident()) return;
        const FrameNumber frame = entry(PageNumber(*page)).frame();
        if (machine.machine.table.state(frame) != FrameState::Private) return;
        if (!machine.machine.table.has(frame, FrameFlag::Listed)) return;
        swap_out(PageNumber(*page));
    }
    void lock_some() {
        const std::uint32_t page = any_page();
        const std::uint32_t count = below(30);
        const bool on = below(2) == 0;
        const VirtAddr address = start_of(PageNumber(page));
        running().limits().may_lock_any = true;
        const auto call = [&] {
            if (!on) return running().unlock(address, count * kPageSize);
            return running().lock(address, count * kPageSize, AddressSpace::LockMode::OnFault);
        };
        (void)with_failures(call);  // what it did is asked below
        for (std::uint32_t i = page; i < page + count; ++i) {
            const Region* there = region(PageNumber(i));
            if (there != nullptr) cells()[i].locked = there->traits().locked;
        }
    }
    void drop_some() {
        const auto page = any_mapped_page();
        if (!page.has_value()) return;
        const VirtAddr address = start_of(PageNumber(*page));
        const auto call = [&] {
            return running().advise(address, kPageSize, AddressSpace::AdviceCall::DontNeed);
        };
        const bool dropped = with_failures(call).ok();
        EXPECT_FALSE(dropped && cells()[*page].locked);
        if (dropped) cells()[*page].value = 0;
    }
    void fork_or_switch() {
        if (child != nullptr && below(3) != 0) {
            return load(&running() == child.get() ? *space : *child);
        }
        end_child();
        auto next = machine.new_space();
        if (!next->fork_from(*space).ok()) return;
        child = std::move(next);
        cells_[1] = cells_[0];
        for (auto& [page, cell] : cells_[1])
            cell.locked = false;
    }

    // A page whose fault finds no memory tells nothing.
    void compare_page(std::uint32_t page, const Cell& cell) {
        const std::optional<unsigned> value = read(PageNumber(page));
        if (!value.has_value() && outcome() == FaultOutcome::OutOfMemory) return;
        if (cell.shared_page.has_value() && *cell.shared_page >= shared.pages()) {
            ASSERT_EQ(value, std::nullopt) << std::hex << page;
            return;
        }
        const unsigned expected =
            cell.shared_page.has_value() ? shared_values_[*cell.shared_page] : cell.value;
        ASSERT_EQ(value, expected) << std::hex << page;
    }
    void compare() {
        std::size_t mapped = 0;
        for (Region* there = running().regions().first(); there != nullptr;
             there = running().regions().next(*there)) {
            mapped += there->range().count().raw();
        }
        ASSERT_EQ(mapped, cells().size());
        for (const auto& [page, cell] : cells()) {
            const Region* there = region(PageNumber(page));
            ASSERT_NE(there, nullptr) << std::hex << page;
            ASSERT_EQ(there->traits().locked, cell.locked) << std::hex << page;
            const bool was_touched = cell.value != 0 || cell.shared_page.has_value();
            if (was_touched || below(40) == 0) compare_page(page, cell);
        }
    }

    void step() {
        const std::uint32_t what = below(20);
        if (what < 2) return map_some();
        if (what < 3) return unmap_some();
        if (what < 7) return remap_some();
        if (what < 12) return write_some();
        if (what < 15) return swap_some();
        if (what < 16) return lock_some();
        if (what < 17) return drop_some();
        fork_or_switch();
    }

    Cells cells_[2];  // of the space, of its child
    std::map<std::uint32_t, unsigned> shared_values_;
    std::uint32_t remapped_ = 0;
    std::uint32_t written_ = 0;

  private:
    test::Random random_;
};

TEST_F(RemapModel, EveryPageReadsWhatTheModelSays) {
    for (std::uint32_t i = 0; i < 1500 && !HasFatalFailure(); ++i) {
        step();
        machine.check();
        if (i % 16 == 0) compare();
    }
    EXPECT_GT(remapped_, 50U);
    EXPECT_GT(written_, 100U);
}

}  // namespace
}  // namespace quire::mm
