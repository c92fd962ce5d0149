// A machine for tests of reclaim: a program with private memory, which can be made to fork, a file
// and a piece of shared memory, and the steps of reclaim one by one.
#pragma once

#include "mm/evict.h"
#include "mm/write_back.h"
#include "tests/host/fault_machine.h"

namespace quire::test {

class ReclaimMachine : public FaultMachine {
  protected:
    static constexpr mm::PageNumber kPage{0x08048};        // of the private region
    static constexpr mm::PageNumber kObjectPage{0x20000};  // of regions that show an object
    static constexpr std::uint32_t kPages = 64;            // of each

    ReclaimMachine() { add(kPage, kPages, read_write()); }

    /// A region that shows all of `object`. Faults bring in one page each.
    mm::Region& show(mm::AddressSpace& where, PagedObject& object, mm::RegionTraits traits) {
        traits.advice = mm::Advice::Random;
        return add(where, kObjectPage, kPages, traits, &object);
    }
    /// A private map: stores into it make copies.
    static mm::RegionTraits copy_on_write() {
        return traits(mm::Rights::read() | mm::Rights::write());
    }
    static mm::RegionTraits locked(mm::RegionTraits traits) {
        traits.locked = true;
        return traits;
    }

    static mm::PageNumber page(std::uint32_t index) { return kPage + mm::PageCount(index); }
    static mm::PageNumber object_page(std::uint32_t index) {
        return kObjectPage + mm::PageCount(index);
    }

    /// Writes `value` to a page, by faults, and answers its frame.
    mm::FrameNumber put(mm::PageNumber page, unsigned value) {
        EXPECT_TRUE(write(page, value));
        return frame(page);
    }
    /// Writes 1 + i to the i-th page of the private region.
    void put_pages(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            put(page(i), 1 + i);
    }
    bool holds_pages(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            if (read(page(i)) != 1 + i) return false;
        return true;
    }
    mm::FrameNumber read_in(mm::PageNumber page) {
        EXPECT_TRUE(read(page).has_value());
        return frame(page);
    }
    /// Each gets its own page tables for `page`, which maps what it mapped.
    void unshare(mm::PageNumber page) {
        mm::SpaceFlush flush(child->pages());
        EXPECT_TRUE(child->pages().own_table(page, *flush).ok());
    }

    /// Whether the CPU gets at the page without a fault.
    bool reaches(mm::PageNumber page) {
        std::uint32_t value = 0;
        return !machine.machine.mmu.load(mm::start_of(page), 1, mm::Ring::User, value);
    }
    bool may_write(mm::PageNumber page) {
        std::uint32_t physical = 0;
        return !machine.machine.mmu.translate(mm::start_of(page), mm::Access::Write, mm::Ring::User,
                                              physical);
    }
    bool has_table(mm::AddressSpace& where, mm::PageNumber page) {
        return where.pages().table_use(page) != mm::TableUse::None;
    }

    /// Writes what must be written to swap, by itself.
    mm::WriteCount clean(mm::FrameNumber frame) {
        mm::SwapCluster cluster(machine.memory);
        cluster.add(frame);
        return cluster.clean();
    }
    /// What choose() does.
    void take_from_policy(mm::FrameNumber frame) { machine.pages.policy().forget(frame); }
    /// Cleans if need be, and evicts.
    void evict(mm::FrameNumber frame, mm::Shadow shadow = 0) {
        take_from_policy(frame);
        if (mm::must_be_written(machine.memory, frame)) clean(frame);
        mm::evict(machine.memory, frame, shadow);
    }
    mm::SwapSlot slot(mm::PageNumber page) { return entry(page).slot(); }
    mm::PageCount free_frames() { return machine.machine.frames.free_frames(); }
    /// The first byte of what swap holds.
    unsigned stored(mm::SwapSlot slot) {
        return std::to_integer<unsigned>(machine.store.page(slot.raw())[0]);
    }
};

}  // namespace quire::test
