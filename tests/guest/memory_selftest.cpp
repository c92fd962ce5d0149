// Memory on the real CPU: the kernel's map as it is, protection that bites, and translations that
// are forgotten only when told. What the simulated MMU promises is checked here.
#include "cpu/exceptions.h"
#include "cpu/fault_fixup.h"
#include "cpu/registers.h"
#include "kernel/memory.h"
#include "kernel/memory_report.h"
#include "kernel/selftest.h"
#include "mm/physical_window.h"
#include "tests/guest/crash_catcher.h"

extern "C" const std::byte text_start[], text_end[], rodata_start[], rodata_end[];
extern "C" const std::byte data_start[], data_end[];

namespace quire::test {
namespace {

constexpr mm::PageNumber kPage{0x00500};  // in the user half, where nothing else is

std::uint32_t address_of(const std::byte* symbol) {
    return reinterpret_cast<std::uint32_t>(symbol);
}

/// Two frames, of which the test maps one or the other at kPage.
class TwoFrames {
  public:
    explicit TwoFrames(kernel::SelfTest& test) : memory_(*test.system().memory) {
        for (auto& frame : frames_) {
            auto allocated = memory_.frames().allocate_zeroed();
            if (!allocated.ok()) return;
            frame.emplace(allocated.take());
        }
        *mm::frame_words(number(0)) = 1111;
        *mm::frame_words(number(1)) = 2222;
        ready_ = directory().map(kPage, entry(0, mm::Protection::KernelReadWrite)).ok();
    }
    TwoFrames(const TwoFrames&) = delete;
    TwoFrames& operator=(const TwoFrames&) = delete;
    ~TwoFrames() {
        mm::FlushBatch batch(memory_.frames());
        directory().unmap(kPage).join(batch);
        directory().retire_empty_tables(
            mm::PageRange::of(mm::PageNumber(0x400), mm::PageCount(mm::kEntriesPerTable)), batch);
        batch.flush();
    }

    [[nodiscard]] bool ready() const { return ready_; }
    [[nodiscard]] mm::PageDirectory& directory() { return memory_.map().directory(); }
    [[nodiscard]] mm::FrameNumber number(int which) { return frames_[which]->number(); }
    [[nodiscard]] mm::Pte entry(int which, mm::Protection protection) {
        return mm::Pte::for_frame(number(which), protection);
    }

  private:
    kernel::Memory& memory_;
    std::optional<mm::OwnedFrame> frames_[2];
    bool ready_ = false;
};

std::optional<std::uint32_t> read_page() {
    return cpu::try_read(start_of(kPage).raw(), 4);
}

// The TLB may go on with the old frame until INVLPG; after it, it must not. All that is certain
// before is that it is one of the two.
SELFTEST(a_translation_is_forgotten_when_flushed) {
    TwoFrames frames(test);
    CHECK(frames.ready());
    CHECK(read_page() == 1111U);
    mm::StalePage stale =
        frames.directory().replace(kPage, frames.entry(1, mm::Protection::KernelReadWrite));
    const auto in_between = read_page();
    CHECK(in_between == 1111U || in_between == 2222U);
    test.system().console.print("# before the flush the CPU read the %s frame\n",
                                in_between == 1111U ? "old" : "new");
    std::move(stale).flush();
    CHECK(read_page() == 2222U);
}

SELFTEST(read_only_pages_refuse_ring_0_too) {
    TwoFrames frames(test);
    CHECK(cpu::try_write(start_of(kPage).raw(), 3333, 4));
    frames.directory().protect(kPage, mm::Protection::KernelReadOnly).flush();
    CHECK(!cpu::try_write(start_of(kPage).raw(), 4444, 4));
    CHECK(read_page() == 3333U);
    frames.directory().protect(kPage, mm::Protection::KernelReadWrite).flush();
    CHECK(cpu::try_write(start_of(kPage).raw(), 4444, 4));
    CHECK(*mm::frame_words(frames.number(0)) == 4444);
}

SELFTEST(accessed_and_dirty_are_set_by_use) {
    TwoFrames frames(test);
    CHECK(!frames.directory().entry(kPage).is_accessed());
    CHECK(read_page() == 1111U);
    CHECK(frames.directory().entry(kPage).is_accessed());
    CHECK(!frames.directory().entry(kPage).is_dirty());
    CHECK(cpu::try_write(start_of(kPage).raw(), 5, 4));
    CHECK(frames.directory().entry(kPage).is_dirty());
}

SELFTEST(a_fault_tells_protection_from_absence) {
    const auto absent =
        catch_trap(cpu::exception::kPageFault, [] { asm volatile("movl %eax, 0x500000"); });
    CHECK(absent.has_value() && absent->error_code == 2);
    TwoFrames frames(test);
    frames.directory().protect(kPage, mm::Protection::KernelReadOnly).flush();
    const auto refused =
        catch_trap(cpu::exception::kPageFault, [] { asm volatile("movl %eax, 0x500000"); });
    CHECK(refused.has_value() && refused->error_code == 3);
    CHECK(cpu::read_cr2() == 0x500000);
}

// W^X as far as two levels can say it: no page of the kernel's text may be written through any
// linear address, and none of its data is in the text.
SELFTEST(kernel_text_and_rodata_cannot_be_written) {
    CHECK(!cpu::try_write(address_of(text_start), 0, 1));
    CHECK(!cpu::try_write(address_of(text_end) - 4, 0, 4));
    CHECK(!cpu::try_write(address_of(rodata_start), 0, 1));
    CHECK(!cpu::try_write(address_of(rodata_end) - 4, 0, 4));
    const mm::PageDirectory& directory = test.system().memory->map().directory();
    const mm::FrameNumber first_text =
        mm::frame_of(mm::PhysAddr(address_of(text_start) - 0xC0000000));
    const mm::FrameNumber end_rodata =
        mm::frame_of(mm::PhysAddr(address_of(rodata_end) - 0xC0000000));
    for (mm::PageNumber page(0); page.raw() < 1U << 20; ++page) {
        const auto found = directory.translate(mm::start_of(page));
        if (!found.has_value() || !is_writable(found->protection)) continue;
        CHECK(found->frame < first_text || found->frame >= end_rodata);
    }
}

SELFTEST(all_ram_is_accounted_for) {
    kernel::Memory& memory = *test.system().memory;
    memory.check_invariants();
    const mm::FrameStatistics statistics = memory.frames().statistics();
    mm::PageCount reserved;
    for (const mm::Reservation& taken : memory.boot_memory().reservations()) {
        reserved += taken.range.count();
    }
    // Boot information, the boot's page tables and .boot were given back.
    const mm::PageCount still_taken = reserved - memory.boot_data_given_back();
    CHECK(statistics.managed + still_taken == memory.usable_at_boot());
    CHECK(statistics.free <= statistics.managed);
}

// The free frames can all be taken, used and given back, and are as many as before.
SELFTEST(every_free_frame_can_be_used) {
    mm::FrameAllocator& frames = test.system().memory->frames();
    const mm::PageCount before = frames.free_frames();
    std::uint32_t chain = 0;  // each frame's first word names the frame taken before it
    std::uint32_t taken = 0;
    for (;;) {
        auto frame = frames.take_frame();
        if (!frame.ok()) break;
        const mm::FrameNumber number = frame.take();
        std::uint32_t* words = mm::frame_words(number);
        words[0] = chain;
        words[mm::kEntriesPerTable - 1] = number.raw();
        chain = number.raw();
        ++taken;
    }
    CHECK(taken == before.raw());
    CHECK(frames.free_frames() == mm::PageCount(0));
    bool intact = true;
    while (chain != 0) {
        const mm::FrameNumber number(chain);
        intact = intact && mm::frame_words(number)[mm::kEntriesPerTable - 1] == chain;
        chain = mm::frame_words(number)[0];
        frames.drop_reference(number);
    }
    CHECK(intact);
    CHECK(frames.free_frames() == before);
    test.system().memory->check_invariants();
}

SELFTEST(kernel_stacks_have_guard_pages) {
    kernel::Memory& memory = *test.system().memory;
    mm::DynamicRange stack;
    CHECK(memory.dynamic_area().map_stack(stack, mm::PageCount(2), "test stack").ok());
    const std::uint32_t first = start_of(stack.pages().first).raw();
    CHECK(cpu::try_write(first, 1, 4) && cpu::try_write(first + 2 * mm::kPageSize - 4, 1, 4));
    CHECK(!cpu::try_write(first - 4, 1, 4));
    CHECK(!cpu::try_write(first + 2 * mm::kPageSize, 1, 4));
    memory.dynamic_area().unmap(stack);
    CHECK(!cpu::try_read(first, 4).has_value());
    memory.check_invariants();
}

SELFTEST(the_heap_arena_grows_and_shrinks) {
    mm::DynamicArea& area = test.system().memory->dynamic_area();
    const mm::PageCount free = test.system().memory->frames().free_frames();
    const std::uint32_t end = start_of(area.heap().end).raw();
    CHECK(!cpu::try_read(end, 4).has_value());
    CHECK(area.grow_heap(mm::PageCount(3)).ok());
    CHECK(cpu::try_write(end + 3 * mm::kPageSize - 4, 7, 4));
    area.shrink_heap(mm::PageCount(3));
    CHECK(!cpu::try_read(end, 4).has_value());
    CHECK(test.system().memory->frames().free_frames() == free);
}

}  // namespace
}  // namespace quire::test
