// A machine with one address space, for the tests of mmap, munmap, mprotect and brk.
//
// Pages are put there by hand, as a fault would: the calls are tested without the fault handler.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "mm/physical_window.h"
#include "tests/host/user_machine.h"

namespace quire::test {

inline constexpr mm::Rights kReadWrite = mm::Rights::read() | mm::Rights::write();

/// Shared memory, or a file without a store, of the test's own: the test is a user of it.
class ResidentObject final : public mm::MemoryObject {
  public:
    ResidentObject(UserMachine& machine, std::uint32_t pages)
        : MemoryObject(machine.objects, Kind::SharedMemory, nullptr,
                       std::uint64_t{pages} * mm::kPageSize),
          machine_(machine) {
        add_user();
    }
    ~ResidentObject() {
        EXPECT_EQ(users(), 1U);
        drop_user();
    }

    /// Page `index`, made now if it is not in RAM.
    mm::FrameNumber page(std::uint32_t index) {
        if (entry(index).is_frame()) return entry(index).frame();
        const mm::FrameNumber frame = machine_.machine.frames.allocate_zeroed().take().release();
        machine_.machine.table.set_object(frame, {id(), index});
        EXPECT_TRUE(set_entry(index, mm::ObjectEntry::for_frame(frame)).ok());
        machine_.policy.admit(frame, mm::Arrival::Demand, 0);
        return frame;
    }

  protected:
    void last_user_gone() override {
        for_each_resident(0, pages(), [this](std::uint32_t index, mm::FrameNumber frame) {
            set_clean(machine_.machine.table, index);
            EXPECT_TRUE(set_entry(index, {}).ok());
            machine_.policy.forget(frame);
            machine_.machine.frames.drop_reference(frame);
        });
    }

  private:
    UserMachine& machine_;
};

/// Remembers how many frames an operation asked for; there are always enough.
class RememberingRoom final : public mm::RoomMaker {
  public:
    Result<void> make_room(mm::PageCount frames) override {
        asked_ += frames;
        return {};
    }
    /// Since the last time this was asked.
    std::uint32_t asked() { return std::exchange(asked_, mm::PageCount()).raw(); }

  private:
    mm::PageCount asked_;
};

class MapTest : public testing::Test {
  protected:
    void TearDown() override {
        machine.check();
        machine.memory.load(machine.kernel.frame());
        child.reset();
        machine.check();
        space.reset();
        machine.check();
        machine.slabs.reclaim();
    }

    // --- Calls ---

    static mm::MapRequest request_for(std::uint32_t pages, mm::Rights rights = kReadWrite) {
        mm::MapRequest request;
        request.bytes = pages * mm::kPageSize;
        request.rights = rights;
        return request;
    }
    static mm::MapRequest request_at(mm::PageNumber page, std::uint32_t pages,
                                     mm::Rights rights = kReadWrite) {
        mm::MapRequest request = request_for(pages, rights);
        request.address = mm::start_of(page);
        request.place = mm::MapRequest::Place::Fixed;
        return request;
    }
    /// Where it went; a failure fails the test.
    mm::PageNumber map(const mm::MapRequest& request) {
        const Result<mm::VirtAddr> address = space->map(request);
        EXPECT_TRUE(address.ok()) << (address.ok() ? "" : error_name(address.error()));
        return address.ok() ? mm::page_of(address.value()) : mm::PageNumber();
    }
    mm::PageNumber map(mm::PageNumber page, std::uint32_t pages, mm::Rights rights = kReadWrite) {
        return map(request_at(page, pages, rights));
    }
    Result<void> unmap(mm::PageNumber page, std::uint32_t pages) {
        return space->unmap(mm::start_of(page), pages * mm::kPageSize);
    }
    void fork() {
        child = machine.new_space();
        ASSERT_TRUE(child->fork_from(*space).ok());
    }

    // --- Pages ---

    void load(mm::AddressSpace& which) { machine.memory.load(which.pages().directory().frame()); }
    /// The first byte of a page as the program sees it, or -1: a fault.
    int read(mm::PageNumber page) {
        std::uint32_t value = 0;
        if (machine.machine.mmu.load(mm::start_of(page), 1, mm::Ring::User, value)) return -1;
        return static_cast<int>(value);
    }
    bool write(mm::PageNumber page, std::uint32_t value) {
        return !machine.machine.mmu.store(mm::start_of(page), 1, mm::Ring::User, value);
    }
    mm::Pte entry(mm::PageNumber page) { return space->pages().entry(page); }

    /// What a demand-zero fault would do, with `value` in the first byte.
    void give_page(mm::AddressSpace& to, mm::PageNumber page, unsigned char value) {
        mm::OwnedFrame frame = machine.machine.frames.allocate_zeroed().take();
        mm::frame_bytes(frame.number())[0] = std::byte{value};
        const mm::Pte pte = put(to, page, frame.number(), true);
        machine.pages.add_private(frame.release(), to.pages().location(page), pte);
    }
    void give_page(mm::PageNumber page, unsigned char value) { give_page(*space, page, value); }
    void give_pages(mm::PageNumber first, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            give_page(first + mm::PageCount(i), static_cast<unsigned char>(i + 1));
    }
    /// What a read fault of untouched anonymous memory would do.
    void give_zero(mm::PageNumber page) { put(*space, page, machine.pages.zero_frame(), false); }
    /// What a fault on a page of an object would do.
    void give_object_page(mm::PageNumber page) {
        mm::Region* region = space->regions().find(page);
        auto& object = static_cast<ResidentObject&>(*region->object());
        const mm::FrameNumber frame = object.page(region->object_page_of(page));
        const mm::Pte pte = put(*space, page, frame, region->traits().shared);
        ASSERT_TRUE(machine.pages.add_mapping(space->pages().location(page), pte).ok());
    }
    /// A page that went to swap: nobody caches the slot.
    mm::SwapSlot give_slot(mm::PageNumber page) {
        const mm::SwapSlot slot = machine.swap.allocate(mm::FrameNumber(1)).take();
        machine.swap.add_name(slot);
        machine.swap.clear_cached(slot);
        mm::SpaceFlush flush(space->pages());
        EXPECT_TRUE(space->pages().own_table(page, *flush).ok());
        space->pages().put(page, mm::Pte::for_slot(slot), *flush);
        return slot;
    }

    // --- What there is ---

    /// "10+4 rw, 20+1 r": the regions in order, pages in hexadecimal.
    std::string regions() {
        std::string text;
        for (mm::Region* region = space->regions().first(); region != nullptr;
             region = space->regions().next(*region)) {
            char line[64];
            const mm::Rights rights = region->traits().rights;
            std::snprintf(line, sizeof line, "%s%x+%x %s%s%s", text.empty() ? "" : ", ",
                          region->range().first.raw(), region->range().count().raw(),
                          rights.has(mm::Rights::read()) ? "r" : "",
                          rights.has(mm::Rights::write()) ? "w" : "",
                          rights.has(mm::Rights::execute()) ? "x" : "");
            text += line;
        }
        return text;
    }
    mm::PageCount free_frames() {
        machine.slabs.reclaim();
        return machine.machine.frames.free_frames();
    }

    /// Runs `call` with the first, the second, ... allocation failing until it succeeds, and after
    /// each failure `unchanged`. Answers how many failed.
    template <typename Call, typename Check>
    std::uint32_t fail_each(Call call, Check unchanged) {
        for (std::uint32_t n = 1;; ++n) {
            machine.machine.injector.fail_nth(n);
            const auto result = call();
            machine.machine.injector.fail_nth(0);
            if (result.ok()) return n - 1;
            EXPECT_EQ(result.error(), Error::OutOfMemory);
            unchanged();
            machine.check();
        }
    }

    UserMachine machine;
    std::unique_ptr<mm::AddressSpace> space = machine.new_space();
    std::unique_ptr<mm::AddressSpace> child;

  private:
    mm::Pte put(mm::AddressSpace& to, mm::PageNumber page, mm::FrameNumber frame, bool writable) {
        const mm::RegionTraits& traits = to.regions().find(page)->traits();
        const bool may_write = writable && traits.rights.has(mm::Rights::write());
        mm::Pte pte = mm::Pte::for_frame(
            frame, may_write ? mm::Protection::UserReadWrite : mm::Protection::UserReadOnly);
        if (frame != machine.pages.zero_frame()) pte = pte.with_lock(traits.locked);
        if (traits.rights.empty()) pte = pte.hidden();
        mm::SpaceFlush flush(to.pages());
        EXPECT_TRUE(to.pages().own_table(page, *flush).ok());
        to.pages().put(page, pte, *flush);
        return pte;
    }
};

}  // namespace quire::test
