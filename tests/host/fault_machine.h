// What the tests of page faults share: a space that runs on the simulated MMU, with a fault handler
// behind it as the kernel has one, and objects of both kinds.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "mm/object_pages.h"
#include "mm/physical_window.h"
#include "mm/swap_in.h"
#include "tests/host/user_machine.h"

namespace quire::test {

/// An object whose pages the test owns: it gives them back when it goes.
class PagedObject final : public mm::MemoryObject {
  public:
    PagedObject(UserMachine& machine, Kind kind, mm::BackingStore* store, std::uint32_t pages)
        : MemoryObject(machine.objects, kind, store, std::uint64_t{pages} << mm::kPageShift),
          machine_(machine) {}
    ~PagedObject() { empty(); }

    /// Throws every page away. Precondition: none is mapped.
    void empty() {
        while (const auto found = next_entry(0)) {
            const mm::ObjectEntry entry = found->entry;
            EXPECT_TRUE(set_entry(found->index, {}).ok());
            if (entry.is_slot()) machine_.swap.drop_name(entry.slot());
            if (entry.is_frame()) release(entry.frame());
        }
    }

  private:
    void last_user_gone() override {}
    void release(mm::FrameNumber frame) {
        EXPECT_EQ(machine_.machine.table.references(frame), 1U) << "still mapped";
        if (machine_.machine.table.has(frame, mm::FrameFlag::Listed))
            machine_.pages.policy().forget(frame);
        machine_.machine.frames.drop_reference(frame);
    }

    UserMachine& machine_;
};

/// A policy that remembers what it was told of arrivals.
class Listener final : public mm::ReplacementPolicy {
  public:
    explicit Listener(mm::FrameTable& table) : inner_(table) {}
    [[nodiscard]] const char* name() const override { return "listener"; }
    void admit(mm::FrameNumber frame, mm::Arrival arrival, mm::Shadow shadow) override {
        arrivals.push_back({arrival, shadow});
        inner_.admit(frame, arrival, shadow);
    }
    void forget_all(std::span<const mm::FrameNumber> frames) override { inner_.forget_all(frames); }
    std::optional<mm::FrameNumber> choose(mm::AccessedBits& bits) override {
        return inner_.choose(bits);
    }
    void put_back(mm::FrameNumber frame) override { inner_.put_back(frame); }
    mm::Shadow evicted(mm::FrameNumber frame) override { return inner_.evicted(frame); }
    std::optional<mm::FrameNumber> take_any() override { return inner_.take_any(); }
    [[nodiscard]] mm::PageCount count() const override { return inner_.count(); }
    void check_invariants() const override { inner_.check_invariants(); }

    struct Seen {
        mm::Arrival arrival;
        mm::Shadow shadow;
        bool operator==(const Seen&) const = default;
    };
    std::vector<Seen> arrivals;

  private:
    OldestFirst inner_;
};

/// A machine with a program on it.
class FaultWorld {
  public:
    UserMachine machine;
    MemoryStore disk{64};
    PagedObject file{machine, mm::MemoryObject::Kind::File, &disk, 64};
    PagedObject shared{machine, mm::MemoryObject::Kind::SharedMemory, nullptr, 64};
    std::unique_ptr<mm::AddressSpace> space = machine.new_space();
    std::unique_ptr<mm::AddressSpace> child;
    std::vector<mm::FaultOutcome> outcomes;  // of the faults of the last access

    FaultWorld() {
        for (std::uint32_t page = 0; page < disk.pages(); ++page)
            disk.page(page)[0] = std::byte{static_cast<unsigned char>(page + 100)};
        load(*space);
    }
    ~FaultWorld() {
        machine.check();
        machine.memory.load(machine.kernel.frame());
        child.reset();
        machine.check();
        space.reset();
        machine.check();
    }

    static mm::RegionTraits traits(mm::Rights rights) {
        mm::RegionTraits traits;
        traits.rights = rights;
        traits.most = mm::Rights::all();
        return traits;
    }
    static mm::RegionTraits read_write() {
        mm::RegionTraits result = traits(mm::Rights::read() | mm::Rights::write());
        result.charged = true;
        return result;
    }
    static mm::RegionTraits shared_map() {
        mm::RegionTraits result = traits(mm::Rights::read() | mm::Rights::write());
        result.shared = true;
        return result;
    }
    mm::Region& add(mm::AddressSpace& where, mm::PageNumber first, std::uint32_t pages,
                    const mm::RegionTraits& traits, mm::MemoryObject* object = nullptr,
                    std::uint32_t object_page = 0) {
        return *where
                    .add_region(mm::PageRange::of(first, mm::PageCount(pages)), traits, object,
                                object_page)
                    .take();
    }
    mm::Region& add(mm::PageNumber first, std::uint32_t pages, const mm::RegionTraits& traits,
                    mm::MemoryObject* object = nullptr, std::uint32_t object_page = 0) {
        return add(*space, first, pages, traits, object, object_page);
    }

    /// `runs` is the one whose program makes the accesses from now on.
    void load(mm::AddressSpace& runs) {
        running_ = &runs;
        machine.memory.load(runs.pages().directory().frame());
    }
    /// Makes `child` a copy of the running space.
    void fork() {
        child = machine.new_space();
        EXPECT_TRUE(child->fork_from(*running_).ok());
    }
    /// Ends the child; its parent runs.
    void end_child() {
        load(*space);
        child.reset();
    }

    /// The byte at the start of `page`, or nothing if the program gets a signal.
    std::optional<unsigned> read(mm::PageNumber page, mm::Ring ring = mm::Ring::User) {
        std::uint32_t value = 0;
        const bool done = until_done(
            [&] { return machine.machine.mmu.load(mm::start_of(page), 1, ring, value); });
        return done ? std::optional<unsigned>(value) : std::nullopt;
    }
    bool write(mm::PageNumber page, unsigned value, mm::Ring ring = mm::Ring::User) {
        return until_done(
            [&] { return machine.machine.mmu.store(mm::start_of(page), 1, ring, value); });
    }
    bool fetch(mm::PageNumber page) {
        return until_done(
            [&] { return machine.machine.mmu.fetch(mm::start_of(page), mm::Ring::User); });
    }
    /// What became of the last access.
    [[nodiscard]] mm::FaultOutcome outcome() const { return outcomes.back(); }

    /// Takes frames until only `left` are free; gives them back when the answer goes.
    std::vector<mm::OwnedFrame> hoard(std::uint32_t left) {
        std::vector<mm::OwnedFrame> frames;
        while (machine.machine.frames.free_frames() > mm::PageCount(left))
            frames.push_back(machine.machine.frames.allocate().take());
        return frames;
    }

    mm::Pte entry(mm::PageNumber page) { return running_->pages().entry(page); }
    mm::FrameNumber frame(mm::PageNumber page) { return entry(page).frame(); }
    [[nodiscard]] std::uint32_t used() const { return machine.machine.used_frames(); }
    mm::UserMemoryStatistics& statistics() { return machine.memory.statistics(); }
    mm::AddressSpace& running() { return *running_; }

    /// Writes the page at `page`, a private one, to swap and puts the slot into every entry that
    /// names it, as reclaim does.
    mm::SwapSlot swap_out(mm::PageNumber page) {
        const mm::FrameNumber frame = this->frame(page);
        mm::SwapSlot slot = machine.pages.swap_copy(frame);
        if (slot == mm::SwapSlot()) {
            slot = machine.swap.allocate(frame).take();
            machine.machine.table.set_tag(frame, slot.raw());
            EXPECT_TRUE(machine.machine.table.add_reference(frame).ok());
            EXPECT_TRUE(machine.swap.write(slot, frame).ok());
        }
        Evictor evictor(machine, slot);
        machine.pages.for_each_mapping(frame, evictor);
        machine.pages.policy().forget(frame);
        machine.swap.clear_cached(slot);
        for (std::uint32_t i = 0; i < evictor.mappings; ++i)
            machine.machine.frames.drop_reference(frame);
        machine.machine.table.set_tag(frame, 0);
        machine.machine.frames.drop_reference(frame);
        return slot;
    }

    /// Puts a page of shared memory, written with the byte 50 + index, on swap; unmapped.
    mm::SwapSlot swap_out_object(PagedObject& object, std::uint32_t index) {
        const mm::FrameNumber frame = mm::fetch_page(machine.memory, object, index).take().frame;
        mm::frame_bytes(frame)[0] = std::byte{static_cast<unsigned char>(50 + index)};
        const mm::SwapSlot slot = machine.swap.allocate(frame).take();
        EXPECT_TRUE(machine.swap.write(slot, frame).ok());
        machine.swap.add_name(slot);
        machine.swap.clear_cached(slot);
        EXPECT_TRUE(object.set_entry(index, mm::ObjectEntry::for_slot(slot)).ok());
        machine.pages.policy().forget(frame);
        machine.machine.frames.drop_reference(frame);
        return slot;
    }

  private:
    class Evictor final : public mm::MappingVisitor {
      public:
        Evictor(UserMachine& its_machine, mm::SwapSlot its_slot)
            : machine(its_machine), slot(its_slot) {}
        bool visit(mm::PteLocation at, mm::Pte) override {
            mm::exchange_entry(machine.machine.table, at, mm::Pte::for_slot(slot));
            machine.memory.flush_entry(at);
            machine.swap.add_name(slot);
            ++mappings;
            return true;
        }
        UserMachine& machine;
        mm::SwapSlot slot;
        std::uint32_t mappings = 0;
    };

    template <typename Try>
    bool until_done(Try access) {
        outcomes.clear();
        while (const std::optional<mm::Fault> fault = access()) {
            outcomes.push_back(running_->handle(*fault));
            if (!mm::is_resolved(outcome())) return false;
            if (outcomes.size() > 4) {
                ADD_FAILURE() << "faults for ever";
                return false;
            }
        }
        return true;
    }

    mm::AddressSpace* running_ = nullptr;
};

class FaultMachine : public testing::Test, public FaultWorld {};

}  // namespace quire::test
