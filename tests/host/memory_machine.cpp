#include "tests/host/memory_machine.h"
#include "tests/host/formatted.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "mm/evict.h"
#include "mm/swap_off.h"
#include "mm/write_back.h"
#include "tests/host/formatted.h"

namespace quire::test {

using mm::AddressSpace;
using mm::PageCount;
using mm::PageNumber;
using mm::VirtAddr;

namespace {

// Where the break begins: a little below the border of a page table.
constexpr std::uint32_t kBreakStart = (0xBF800 - 24) * mm::kPageSize;

// A load or store across two pages takes a few faults, and not more.
constexpr std::uint32_t kMostFaults = 100;

std::uint32_t pages_of(std::uint32_t bytes) {
    return std::min(mm::pages_for(bytes).raw(), 2U * mm::kEntriesPerTable);
}

}  // namespace

// --- Objects ---

class MemoryMachine::File final : public mm::MemoryObject {
  public:
    File(mm::ObjectRegistry& registry, std::uint32_t number)
        : MemoryObject(registry, Kind::File, &disk, kFileBytes[number - 1]),
          disk(mm::pages_for(kFileBytes[number - 1]).raw()) {
        for (std::uint32_t at = 0; at < kFileBytes[number - 1]; ++at)
            disk.page(at / mm::kPageSize)[at % mm::kPageSize] =
                std::byte{file_byte(number, at / mm::kPageSize, at % mm::kPageSize)};
        add_user();
    }
    MemoryStore disk;

  protected:
    void last_user_gone() override {}
};

// Lives as long as a region shows it.
class MemoryMachine::SharedMemory final : public mm::MemoryObject {
  public:
    // Precondition: its pages were charged.
    SharedMemory(MemoryMachine& machine, std::uint32_t number, std::uint32_t pages)
        : MemoryObject(machine.objects_, Kind::SharedMemory, nullptr,
                       std::uint64_t{pages} * mm::kPageSize),
          machine_(machine) {
        machine_.object_numbers_[id()] = number;
        ++machine_.shared_memories_;
        add_user();
    }

  protected:
    void last_user_gone() override {
        mm::drop_pages(machine_.memory_, *this, 0, pages());
        machine_.commit_.release(PageCount(pages()));
        machine_.object_numbers_.erase(id());
        --machine_.shared_memories_;
        delete this;
    }

  private:
    MemoryMachine& machine_;
};

// --- The machine ---

RunFigures& RunFigures::operator+=(const RunFigures& other) {
    StepFigures::operator+=(other);
    memory.faults += other.memory.faults;
    memory.major_faults += other.memory.major_faults;
    memory.copied += other.memory.copied;
    memory.taken_over += other.memory.taken_over;
    memory.swapped_in += other.memory.swapped_in;
    memory.found_in_swap_cache += other.memory.found_in_swap_cache;
    memory.tables_shared += other.memory.tables_shared;
    memory.tables_copied += other.memory.tables_copied;
    memory.tables_taken_over += other.memory.tables_taken_over;
    evicted += other.evicted;
    pages_to_swap += other.pages_to_swap;
    pages_to_files += other.pages_to_files;
    return *this;
}

MemoryMachine::MemoryMachine(const MemoryWorld& world)
    : world_(world),
      machine_({}, mm::FrameNumber(16 + world.frames)),
      swap_stores_{MemoryStore(world.swap), MemoryStore(world.swap2)},
      slabs_(machine_.frames),
      region_cache_(slabs_, "region"),
      tree_cache_(slabs_, "page tree"),
      objects_(tree_cache_),
      policy_marks_(machine_.table.end().raw()),
      policies_(machine_.table, policy_marks_,
                mm::kPolicyKinds[world.policy % mm::kPolicyKinds.size()]),
      kernel_(mm::PageDirectory::create(machine_.frames).take()),
      pages_(machine_.frames, swap_, objects_, policies_.current(),
             machine_.frames.allocate_zeroed().take()),
      commit_(PageCount(world.frames)),
      room_(memory_, slabs_, mm::Watermarks::for_ram(PageCount(world.frames))),
      memory_({pages_, kernel_, region_cache_, commit_, room_}),
      model_(*this, {static_cast<mm::Overcommit>(world.overcommit % 3), world.frames,
                     world.swap + world.swap2}) {
    for (std::uint32_t i = 0; i < 2; ++i)
        if (swap_stores_[i].pages() >= 2) areas_[i] = add_area(i);
    commit_.set_mode(static_cast<mm::Overcommit>(world.overcommit % 3));
    commit_.set_swap(PageCount(world.swap + world.swap2));
    machine_.mmu.set_accessed_matters(false);
    memory_.load(kernel_.frame());
    for (std::uint32_t number = 1; number <= kFiles; ++number) {
        files_.push_back(std::make_unique<File>(objects_, number));
        object_numbers_[files_.back()->id()] = number;
    }
    free_at_first_ = free_frames();
    used_at_first_ = count_frames(mm::FrameState::Used);
    (void)spawn({});
}

MemoryMachine::~MemoryMachine() {
    memory_.load(kernel_.frame());
    for (auto& space : spaces_)
        space.reset();
    for (auto& file : files_) {
        mm::drop_pages(memory_, *file, 0, file->pages());
        file->drop_user();
    }
}

mm::AreaId MemoryMachine::add_area(std::uint32_t index) {
    const PageCount size(swap_stores_[index].pages());
    slot_records_[index].assign(mm::SwapSpace::records_needed(size), {});
    return swap_.add_area(swap_stores_[index], size, -static_cast<int>(index), slot_records_[index])
        .take();
}

MemoryStore& MemoryMachine::disk(DiskChoice choice) {
    const auto index = static_cast<std::uint32_t>(choice) % (2 + kFiles);
    return index < 2 ? swap_stores_[index] : files_[index - 2]->disk;
}

std::uint32_t MemoryMachine::free_frames() {
    slabs_.reclaim();
    return machine_.frames.free_frames().raw();
}

const RunFigures& MemoryMachine::figures() {
    figures_.memory = memory_.statistics();
    figures_.evicted = room_.statistics().evicted();
    figures_.pages_to_swap = room_.statistics().to_swap.pages;
    figures_.pages_to_files = room_.statistics().to_files.pages;
    return figures_;
}

// --- Looking without touching ---

RunList MemoryMachine::runs(std::uint32_t process) {
    std::vector<Run> found;
    mm::RegionMap& regions = spaces_[process]->regions();
    for (mm::Region* region = regions.first(); region != nullptr; region = regions.next(*region)) {
        const mm::MemoryObject* object = region->object();
        found.push_back({region->range().first.raw(), region->range().end.raw(), region->traits(),
                         object == nullptr ? 0 : object_numbers_.at(object->id()),
                         region->object_page()});
    }
    return RunList(found);
}

mm::PageRange MemoryMachine::region_after(std::uint32_t process, std::uint32_t page) {
    const mm::Region* region = spaces_[process]->regions().first_ending_after(PageNumber(page));
    return region != nullptr ? region->range() : mm::PageRange{};
}

bool MemoryMachine::has_private_page(std::uint32_t process, std::uint32_t page) {
    const mm::Pte pte = spaces_[process]->pages().entry(PageNumber(page));
    return pte.is_swapped() || (pte.is_resident() && !pages_.is_zero(pte) &&
                                machine_.table.state(pte.frame()) == mm::FrameState::Private);
}

bool MemoryMachine::is_resident(std::uint32_t process, std::uint32_t page) {
    return spaces_[process]->pages().entry(PageNumber(page)).is_resident();
}

void MemoryMachine::read_slot(mm::SwapSlot slot, PageBytes& bytes) {
    if (const std::optional<mm::FrameNumber> frame = swap_.cached(slot); frame.has_value()) {
        std::memcpy(bytes.data(), mm::frame_bytes(*frame), bytes.size());
        return;
    }
    swap_.walk_areas([&](mm::AreaId, const mm::SwapSpace::Area& area) {
        if (!area.slots.contains(slot)) return;
        auto& store = static_cast<MemoryStore&>(*area.store);
        std::memcpy(bytes.data(), store.page((slot - area.slots.first).raw()).data(), bytes.size());
    });
}

void MemoryMachine::peek(std::uint32_t process, std::uint32_t page, PageBytes& bytes) {
    const mm::Pte pte = spaces_[process]->pages().entry(PageNumber(page));
    if (pte.is_resident()) {
        std::memcpy(bytes.data(), mm::frame_bytes(pte.frame()), bytes.size());
        return;
    }
    if (pte.is_swapped()) return read_slot(pte.slot(), bytes);
    bytes.fill(0);
    const mm::Region* region = spaces_[process]->regions().find(PageNumber(page));
    if (region == nullptr || region->object() == nullptr) return;
    const std::uint32_t index = region->object_page_of(PageNumber(page));
    const mm::ObjectEntry entry = region->object()->entry(index);
    if (entry.is_frame()) {
        std::memcpy(bytes.data(), mm::frame_bytes(entry.frame()), bytes.size());
    } else if (entry.is_slot()) {
        read_slot(entry.slot(), bytes);
    } else if (region->object()->store() != nullptr) {
        auto& store = static_cast<MemoryStore&>(*region->object()->store());
        std::memcpy(bytes.data(), store.page(index).data(), bytes.size());
    }
}

// --- Running ---

std::optional<MemoryMachine::Difference> MemoryMachine::run(const MemoryScript& script,
                                                            std::uint32_t check_every,
                                                            std::size_t* progress) {
    for (std::size_t i = 0; i < script.steps.size(); ++i) {
        if (progress != nullptr) *progress = i;
        std::string wrong = step(script.steps[i]);
        if (wrong.empty() && (i + 1) % check_every == 0) wrong = check_all();
        if (!wrong.empty()) return Difference{i, wrong};
    }
    std::string wrong = check_all();
    if (wrong.empty()) wrong = finish();
    if (!wrong.empty()) return Difference{script.steps.size(), wrong};
    return std::nullopt;
}

std::string MemoryMachine::step(const MemoryStep& step) {
    const bool needs_nobody = step.call == MemoryCall::Spawn;
    if ((spaces_[step.process] == nullptr) != needs_nobody) {
        ++figures_.skipped;
        return {};
    }
    if (!needs_nobody) load_space(step.process);
    injected_ = machine_.injector.injected();
    if (std::string wrong = call(step); !wrong.empty()) return wrong;
    for (std::uint32_t i = 0; i < 2 + kFiles; ++i)
        disk(static_cast<DiskChoice>(i)).forget_calls();
    if (!machine_.mmu.missing_flushes().empty()) {
        const MissingFlush& missing = machine_.mmu.missing_flushes().front();
        return formatted("the TLB was not told of %x: %s", missing.address.raw(),
                         missing.what.c_str());
    }
    return spaces_[step.process] == nullptr ? std::string() : compare_process(step.process);
}

// Cheap, after every step.
std::string MemoryMachine::compare_process(std::uint32_t process) {
    if (std::string wrong = model_.compare_regions(process); !wrong.empty()) return wrong;
    if (shared_memories_ != model_.shared_memories())
        return formatted("%u objects of shared memory instead of %u", shared_memories_,
                         model_.shared_memories());
    if (commit_.committed().raw() != model_.committed())
        return formatted("%u pages are promised instead of %u", commit_.committed().raw(),
                         model_.committed());
    return {};
}

std::string MemoryMachine::check_all() {
    std::vector<std::uint32_t> frames(machine_.table.end().raw());
    std::vector<std::uint32_t> slots(3 * mm::SwapSpace::kBlock.raw());
    mm::UserMemoryCheck(memory_, frames, slots).run();
    machine_.frames.check_invariants();
    machine_.table.check_invariants();
    slabs_.check_invariants();
    if (std::string wrong = find_leaks(); !wrong.empty()) return wrong;
    if (const auto stale = machine_.mmu.find_stale(); !stale.empty())
        return formatted("the TLB still holds %x: %s", stale[0].address.raw(),
                         stale[0].what.c_str());
    for (std::uint32_t process = 0; process < kProcesses; ++process) {
        if (spaces_[process] == nullptr) continue;
        if (std::string wrong = compare_process(process); !wrong.empty()) return wrong;
        if (std::string wrong = model_.compare_contents(process); !wrong.empty()) return wrong;
    }
    return {};
}

std::uint32_t MemoryMachine::count_frames(mm::FrameState state) const {
    std::uint32_t count = 0;
    for (mm::FrameNumber frame; frame < machine_.table.end(); ++frame)
        if (machine_.table.state(frame) == state) ++count;
    return count;
}

// What mmck cannot see, because nothing leads to it: page tables in no directory, regions in no
// map, frames that were taken and put nowhere.
std::string MemoryMachine::find_leaks() {
    std::set<std::uint32_t> tables;
    std::uint32_t regions = 0;
    std::uint32_t directories = 1 + kernel_.kept().raw();
    for (const auto& space : spaces_) {
        if (space == nullptr) continue;
        ++directories;
        regions += space->regions().size();
        for (std::uint32_t i = 0; i < mm::kFirstKernelPage.raw(); i += mm::kEntriesPerTable) {
            const mm::Pde pde = space->pages().directory().directory_entry(PageNumber(i));
            if (pde.is_table()) tables.insert(pde.table().raw());
        }
    }
    if (const std::uint32_t is = count_frames(mm::FrameState::PageTable); is != tables.size())
        return formatted("%u page tables, of which %zu are in a directory", is, tables.size());
    if (const std::uint32_t is = count_frames(mm::FrameState::PageDirectory); is != directories)
        return formatted("%u page directories, with %u known", is, directories);
    if (const std::uint32_t is = count_frames(mm::FrameState::Used); is != used_at_first_)
        return formatted("%u frames in use for nothing, %u at first", is, used_at_first_);
    if (const std::uint32_t is = region_cache_.cache().statistics().live; is != regions)
        return formatted("%u regions, of which %u are in a map", is, regions);
    return {};
}

std::string MemoryMachine::finish() {
    for (std::uint32_t i = 0; i < 2 + kFiles; ++i) {
        disk(static_cast<DiskChoice>(i)).fail_reads(false);
        disk(static_cast<DiskChoice>(i)).fail_writes(false);
        disk(static_cast<DiskChoice>(i)).fail_nth_read(0);
        disk(static_cast<DiskChoice>(i)).fail_nth_write(0);
    }
    for (std::uint32_t number = 1; number <= kFiles; ++number) {
        File& file = *files_[number - 1];
        if (!mm::write_back(memory_, file, 0, file.pages()).ok())
            return formatted("file %u cannot be written", number);
        if (std::string wrong = compare_file(number, 0, file.pages()); !wrong.empty()) return wrong;
    }
    for (std::uint32_t process = 0; process < kProcesses; ++process) {
        if (spaces_[process] == nullptr) continue;
        exit(process);
        if (std::string wrong = check_all(); !wrong.empty()) return wrong;
    }
    for (const auto& file : files_)
        mm::drop_pages(memory_, *file, 0, file->pages());
    room_.drop_clean();  // swap cache that nobody maps
    kernel_.drop_kept();
    if (commit_.committed() != PageCount()) return "pages are still promised";
    if (swap_.statistics().used != PageCount())
        return formatted("%u slots are left", swap_.statistics().used.raw());
    if (shared_memories_ != 0) return "shared memory is left";
    if (free_frames() != free_at_first_)
        return formatted("%u frames are free, %u were at first", free_frames(), free_at_first_);
    return {};
}

std::string MemoryMachine::compare_file(std::uint32_t number, std::uint32_t first,
                                        std::uint32_t end) {
    for (std::uint32_t page = first; page < std::min(end, files_[number - 1]->pages()); ++page) {
        PageBytes expected;
        model_.object_content(number, page, expected);
        const auto real = files_[number - 1]->disk.page(page);
        if (std::memcmp(real.data(), expected.data(), model_.object_defined(number, page)) != 0)
            return formatted("page %u of file %u is not on its disk", page, number);
    }
    return {};
}

void MemoryMachine::load_space(std::uint32_t process) {
    memory_.load(spaces_[process]->pages().directory().frame());
    loaded_ = process;
}

// --- What excuses an error ---

// Whether so little can be evicted, with `slots` free in swap, that a call for `pages` pages may
// fail.
bool MemoryMachine::is_memory_short(std::uint32_t pages, std::uint32_t slots) {
    std::uint32_t clean = 0, to_swap = 0;
    for (mm::FrameNumber frame; frame < machine_.table.end(); ++frame) {
        if (!machine_.table.has(frame, mm::FrameFlag::Listed)) continue;
        const mm::FrameState state = machine_.table.state(frame);
        if (state == mm::FrameState::Private)
            ++(pages_.swap_copy(frame) != mm::SwapSlot() ? clean : to_swap);
        if (state == mm::FrameState::Object)
            ++(pages_.object_of(frame).kind() == mm::MemoryObject::Kind::File ? clean : to_swap);
    }
    const std::uint32_t takes = room_.leaves_swap_alone() ? 0 : slots;
    const std::uint32_t evictable = clean + std::min(to_swap, takes);
    constexpr std::uint32_t kSlack = 24;  // tables, slabs, read-ahead
    return machine_.frames.free_frames().raw() + evictable <
           pages + kSlack + room_.marks().low.raw();
}

Answer MemoryMachine::judged(Answer answer, const MemoryStep& step) {
    for (std::uint32_t i = 0; i < 2 + kFiles; ++i) {
        for (const MemoryStore::Call& call : disk(static_cast<DiskChoice>(i)).calls()) {
            if (!call.failed) continue;
            (call.direction == MemoryStore::Direction::Read ? answer.read_failed
                                                            : answer.write_failed) = true;
        }
    }
    if (!answer.ok || step.call == MemoryCall::LockAll || step.call == MemoryCall::Break)
        answer.memory_is_short =
            answer.write_failed ||
            is_memory_short(pages_of(step.size), swap_.statistics().available.raw());
    if (machine_.injector.injected() != injected_) answer.memory_is_short = true;
    last_answer_ = answer;
    const auto call = static_cast<std::size_t>(step.call);
    ++(answer.ok ? figures_.done : figures_.refused)[call];
    return answer;
}

// --- Calls ---

std::string MemoryMachine::call(const MemoryStep& step) {
    const std::uint32_t p = step.process;
    const VirtAddr at(step.at);
    AddressSpace* space = spaces_[p].get();
    switch (step.call) {
    case MemoryCall::Map:
        return map(step);
    case MemoryCall::Unmap:
        return model_.unmap(p, step.at, step.size,
                            judged(Answer::of(space->unmap(at, step.size)), step));
    case MemoryCall::Protect: {
        const auto rights = mm::Rights::from_raw(step.rights & 7);
        const bool grows_down = (step.flags & ProtectFlag::kGrowsDown) != 0;
        const Answer answer = Answer::of(space->protect(at, step.size, rights, grows_down));
        return model_.protect(p, step.at, step.size, rights, grows_down, judged(answer, step));
    }
    case MemoryCall::Break:
        return set_break(step);
    case MemoryCall::Remap:
        return remap(step);
    case MemoryCall::Advise: {
        const auto advice = static_cast<AddressSpace::AdviceCall>(step.value % 10);
        const Answer answer = Answer::of(space->advise(at, step.size, advice));
        return model_.advise(p, step.at, step.size, advice, judged(answer, step));
    }
    case MemoryCall::Residence:
        return residence(step);
    case MemoryCall::Sync:
        return sync(step);
    case MemoryCall::Lock: {
        const auto mode = (step.flags & LockFlag::kOnFault) != 0 ? AddressSpace::LockMode::OnFault
                                                                 : AddressSpace::LockMode::Now;
        const Answer answer = Answer::of(space->lock(at, step.size, mode));
        return model_.lock(p, step.at, step.size, mode, judged(answer, step));
    }
    case MemoryCall::Unlock:
        return model_.unlock(p, step.at, step.size,
                             judged(Answer::of(space->unlock(at, step.size)), step));
    case MemoryCall::LockAll: {
        const AddressSpace::LockAll what{.current = (step.flags & LockFlag::kCurrent) != 0,
                                         .future = (step.flags & LockFlag::kFuture) != 0,
                                         .on_fault = (step.flags & LockFlag::kOnFault) != 0};
        MemoryStep all = step;
        all.size = model_.runs(p).pages() * mm::kPageSize;
        return model_.lock_all(p, what, judged(Answer::of(space->lock_all(what)), all));
    }
    case MemoryCall::UnlockAll:
        space->unlock_all();
        return model_.unlock_all(p, judged({}, step));
    case MemoryCall::Fork:
        return fork(step);
    case MemoryCall::Exit:
        exit(p);
        judged({}, step);
        return {};
    case MemoryCall::Spawn:
        return spawn(step);
    case MemoryCall::Load:
    case MemoryCall::Store:
        return access(step);
    case MemoryCall::Prefetch:
        machine_.mmu.prefetch(at);
        judged({}, step);
        return {};
    case MemoryCall::Reclaim:
        return make_room(step);
    case MemoryCall::Background:
        room_.run_background();
        judged({}, step);
        return {};
    case MemoryCall::DropClean:
        room_.drop_clean();
        judged({}, step);
        return {};
    case MemoryCall::DiskErrors:
        set_disk_errors(step);
        judged({}, step);
        return {};
    case MemoryCall::Limit:
        set_limit(step);
        judged({}, step);
        return {};
    case MemoryCall::SwapOff:
        return swap_off(step);
    case MemoryCall::Check:
        judged({}, step);
        return check_all();
    }
    return "no such call";
}

std::string MemoryMachine::map(const MemoryStep& step) {
    const std::uint32_t flags = step.flags;
    mm::MapRequest request;
    request.address = VirtAddr(step.at);
    request.bytes = step.size;
    request.rights = mm::Rights::from_raw(step.rights & 7);
    if ((flags & MapFlag::kFixed) != 0) request.place = mm::MapRequest::Place::Fixed;
    if ((flags & MapFlag::kNoReplace) != 0) request.place = mm::MapRequest::Place::FixedIfFree;
    request.shared = (flags & MapFlag::kShared) != 0;
    request.grows_down = (flags & MapFlag::kGrowsDown) != 0;
    request.no_reserve = (flags & MapFlag::kNoReserve) != 0;
    request.populate = (flags & MapFlag::kPopulate) != 0;
    request.locked = (flags & MapFlag::kLocked) != 0;
    request.object_page = step.page;
    request.object_rights = mm::Rights::all();
    std::uint32_t number = 0;
    SharedMemory* made = nullptr;
    if (step.object >= 1 && step.object <= kFiles) {
        number = step.object;
        request.object = files_[number - 1].get();
        if ((flags & MapFlag::kReadOnly) != 0)
            request.object_rights = mm::Rights::read() | mm::Rights::execute();
        if ((flags & MapFlag::kWriteOnly) != 0) request.object_rights = mm::Rights::write();
    } else if (request.shared) {
        const std::uint32_t pages = std::max(pages_of(step.size), 1U);
        const bool promised = commit_.charge(PageCount(pages)).ok();
        if (promised != model_.may_promise(pages)) return "shared memory is promised wrongly";
        if (!promised) return {};
        number = model_.new_shared_memory(pages);
        request.object = made = new SharedMemory(*this, number, pages);
        request.object_page = 0;
    } else {
        request.object_page = 0;
    }
    const Answer answer = judged(Answer::of(spaces_[step.process]->map(request)), step);
    const std::string wrong = model_.map(step.process, request, number, answer);
    if (made != nullptr) made->drop_user();
    return wrong;
}

std::string MemoryMachine::remap(const MemoryStep& step) {
    AddressSpace::RemapRequest request;
    request.address = VirtAddr(step.at);
    request.old_bytes = step.size;
    request.new_bytes = step.length;
    request.may_move = (step.flags & RemapFlag::kMayMove) != 0;
    request.fixed = (step.flags & RemapFlag::kFixed) != 0;
    request.keep_old = (step.flags & RemapFlag::kKeepOld) != 0;
    if (request.fixed) request.new_address = VirtAddr(step.to);
    MemoryStep sized = step;
    sized.size = std::max(step.size, step.length);
    const Answer answer = judged(Answer::of(spaces_[step.process]->remap(request)), sized);
    return model_.remap(step.process, request, answer);
}

std::string MemoryMachine::set_break(const MemoryStep& step) {
    Answer answer;
    answer.value = spaces_[step.process]->set_break(VirtAddr(step.at)).raw();
    return model_.set_break(step.process, step.at, judged(answer, step));
}

// What is in RAM is asked of the page tables, the objects and the swap cache.
std::string MemoryMachine::residence(const MemoryStep& step) {
    AddressSpace& space = *spaces_[step.process];
    std::vector<std::uint8_t> bytes(mm::pages_for(step.size).raw(), 7);
    const Answer answer =
        judged(Answer::of(space.residence(VirtAddr(step.at), step.size, bytes)), step);
    const std::string wrong = model_.residence(step.process, step.at, step.size, answer);
    if (!wrong.empty() || !answer.ok) return wrong;
    const auto slot_in_ram = [this](mm::SwapSlot slot) { return swap_.cached(slot).has_value(); };
    for (std::uint32_t i = 0; i < bytes.size(); ++i) {
        const PageNumber page = mm::page_of(VirtAddr(step.at)) + PageCount(i);
        const mm::Pte pte = space.pages().entry(page);
        const mm::Region* region = space.regions().find(page);
        bool in_ram = pte.is_resident() || (pte.is_swapped() && slot_in_ram(pte.slot()));
        if (pte.is_empty() && region->object() != nullptr) {
            const mm::ObjectEntry entry = region->object()->entry(region->object_page_of(page));
            in_ram = entry.is_frame() || (entry.is_slot() && slot_in_ram(entry.slot()));
        }
        if (bytes[i] != (in_ram ? 1 : 0))
            return formatted("mincore says %u of page %x", bytes[i], page.raw());
    }
    return {};
}

// After a wait, what the program wrote is on the files' disks.
std::string MemoryMachine::sync(const MemoryStep& step) {
    const auto how =
        (step.flags & SyncFlag::kWait) != 0 ? AddressSpace::Sync::Wait : AddressSpace::Sync::Start;
    const bool invalidate = (step.flags & SyncFlag::kInvalidate) != 0;
    AddressSpace& space = *spaces_[step.process];
    const Answer answer =
        judged(Answer::of(space.sync(VirtAddr(step.at), step.size, how, invalidate)), step);
    const std::string wrong =
        model_.sync(step.process, step.at, step.size, how, invalidate, answer);
    if (!wrong.empty() || !answer.ok || how != AddressSpace::Sync::Wait) return wrong;
    const std::uint32_t first = mm::page_of(VirtAddr(step.at)).raw();
    for (const Run& run : model_.runs(step.process).part(first, first + pages_of(step.size))) {
        if (!run.traits.shared || run.object > kFiles) continue;
        const std::string missing =
            compare_file(run.object, run.object_page, run.object_page + run.pages());
        if (!missing.empty()) return missing;
    }
    return {};
}

// --- Processes ---

Result<std::unique_ptr<AddressSpace>> MemoryMachine::new_space() {
    TRY(room_.make_room(PageCount(2)));
    mm::UserPages pages = TRY(mm::UserPages::create(memory_));
    auto space = std::make_unique<AddressSpace>(memory_, std::move(pages), mm::MemoryLimits{});
    space->set_mmap_top(mm::kFirstKernelPage);
    return space;
}

std::string MemoryMachine::spawn(const MemoryStep& step) {
    Result<std::unique_ptr<AddressSpace>> made = new_space();
    if (!made.ok()) {
        const Answer answer = judged(Answer::of(Result<void>(made.error())), step);
        return answer.memory_is_short ? std::string() : "no memory for a process";
    }
    judged({}, step);
    spaces_[step.process] = made.take();
    spaces_[step.process]->set_break_start(VirtAddr(kBreakStart));
    model_.spawn(step.process, kBreakStart);
    return {};
}

std::string MemoryMachine::fork(const MemoryStep& step) {
    const std::uint32_t child = step.value % kProcesses;
    if (spaces_[child] != nullptr) {
        ++figures_.skipped;
        return {};
    }
    MemoryStep sized = step;
    // Each table may have to be copied, and there are slabs of regions.
    sized.size = mm::kPageSize * (spaces_[step.process]->figures().tables.raw() +
                                  spaces_[step.process]->regions().size() / 8);
    Result<std::unique_ptr<AddressSpace>> made = new_space();
    Result<void> done = made.ok() ? Result<void>() : Result<void>(made.error());
    if (made.ok()) done = made.value()->fork_from(*spaces_[step.process]);
    const std::string wrong = model_.fork(step.process, child, judged(Answer::of(done), sized));
    if (!wrong.empty() || !done.ok()) return wrong;
    spaces_[child] = made.take();
    return compare_process(child);
}

void MemoryMachine::exit(std::uint32_t process) {
    memory_.load(kernel_.frame());
    loaded_ = kProcesses;
    spaces_[process].reset();
    model_.exit(process);
}

// --- Accesses ---

std::string MemoryMachine::access(const MemoryStep& step) {
    AddressSpace& space = *spaces_[step.process];
    const unsigned size = step.size == 1 || step.size == 2 ? step.size : 4;
    const std::uint32_t at = std::min(step.at, 0xFFFFFFFFU - (size - 1));
    const bool is_store = step.call == MemoryCall::Store;
    std::uint32_t value = step.value;
    mm::FaultOutcome outcome = mm::FaultOutcome::Resolved;
    for (std::uint32_t turns = 0;; ++turns) {
        const std::optional<mm::Fault> fault =
            is_store ? machine_.mmu.store(VirtAddr(at), size, mm::Ring::User, value)
                     : machine_.mmu.load(VirtAddr(at), size, mm::Ring::User, value);
        if (!fault.has_value()) break;
        if (turns == kMostFaults) return "the pages of an access throw each other out for ever";
        outcome = space.handle(*fault);
        ++figures_.outcomes[static_cast<std::size_t>(outcome)];
        if (!mm::is_resolved(outcome)) break;
    }
    Answer answer;
    answer.ok = mm::is_resolved(outcome);
    answer = judged(answer, step);
    return is_store ? model_.store(step.process, at, size, outcome, value, answer)
                    : model_.load(step.process, at, size, outcome, value, answer);
}

// --- What the machine does of its own accord ---

std::string MemoryMachine::make_room(const MemoryStep& step) {
    const PageCount wanted(step.value);
    MemoryStep sized = step;
    sized.size = step.value * mm::kPageSize;
    const Result<void> done = room_.make_room(wanted);
    const Answer answer = judged(Answer::of(done), sized);
    if (done.ok() && machine_.frames.free_frames() < wanted) return "there is no room";
    if (!done.ok() && !answer.memory_is_short) return "no room was made, but could have been";
    return {};
}

// swapoff, and swapon if it succeeded.
std::string MemoryMachine::swap_off(const MemoryStep& step) {
    const std::uint32_t index = step.value % 2;
    if (!areas_[index].has_value()) {
        ++figures_.skipped;
        return {};
    }
    const mm::SwapSpace::Area& area = swap_.area(*areas_[index]);
    const std::uint32_t pages = area.used.raw();
    const std::uint32_t free_slots = area.slots.count().raw() - 1 - pages;
    const bool is_short = is_memory_short(pages, swap_.statistics().available.raw() - free_slots);
    const Result<void> done = mm::swap_off(memory_, *areas_[index]);
    Answer answer = judged(Answer::of(done), step);
    answer.memory_is_short |= is_short;
    if (done.ok()) {
        if (std::string wrong = check_all(); !wrong.empty()) return wrong;
        areas_[index] = add_area(index);
        return {};
    }
    if (done.error() == Error::OutOfMemory && answer.memory_is_short) return {};
    if (done.error() == Error::IoError && answer.read_failed) return {};
    return "swapoff: " + answer.print();
}

void MemoryMachine::set_disk_errors(const MemoryStep& step) {
    MemoryStore& store = disk(static_cast<DiskChoice>(step.object));
    const bool reads = (step.flags & DiskFlag::kReads) != 0;
    const bool writes = (step.flags & DiskFlag::kWrites) != 0;
    store.fail_reads(reads && step.value == 0);
    store.fail_writes(writes && step.value == 0);
    store.fail_nth_read(reads ? step.value : 0);
    store.fail_nth_write(writes ? step.value : 0);
}

void MemoryMachine::set_limit(const MemoryStep& step) {
    for (mm::MemoryLimits* limits :
         {&spaces_[step.process]->limits(), &model_.limits(step.process)}) {
        if ((step.flags & LimitFlag::kSpace) != 0) limits->address_space = step.value;
        if ((step.flags & LimitFlag::kData) != 0) limits->data = step.value;
        if ((step.flags & LimitFlag::kStack) != 0) limits->stack = step.value;
        if ((step.flags & LimitFlag::kLocked) != 0) limits->locked = step.value;
        if ((step.flags & LimitFlag::kMayLock) != 0) limits->may_lock_any = step.value != 0;
    }
}

}  // namespace quire::test
