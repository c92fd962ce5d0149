#include "tests/guest/model/replay_machine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/errno_of.h"
#include "tests/guest/model/step_command.h"
#include "tests/host/formatted.h"

namespace quire::test {

using mm::AddressSpace;
using mm::FaultOutcome;
using mm::VirtAddr;

namespace {

constexpr std::uint32_t kZoneFirst = kPuppetZone / mm::kPageSize;
constexpr std::uint32_t kZoneEnd = kPuppetZoneEnd / mm::kPageSize;
constexpr std::uint32_t kNobody = 999;  // the number of an object that no script knows

// --- What the machine has, in pages ---

struct Machine {
    std::uint32_t total, free, files, anonymous, swap_total, swap_free, promised;

    static Machine now() {
        const std::string text = text_of_machine("/proc/meminfo");
        const auto pages = [&text](const char* name) { return figure_in(text, name) / 4; };
        return {pages("MemTotal:"),
                pages("MemFree:"),
                pages("Active(file):") + pages("Inactive(file):"),
                pages("Active(anon):") + pages("Inactive(anon):"),
                pages("SwapTotal:"),
                pages("SwapFree:"),
                pages("Committed_AS:")};
    }
    // What is free, or could be.
    [[nodiscard]] std::uint32_t room() const {
        return free + files + std::min(anonymous, swap_free);
    }
};

// Frames that the kernel keeps free (mm/reclaim.h: Watermarks::for_ram, the high one), and some for
// its tables and stacks.
std::uint32_t kept(const Machine& machine) {
    return static_cast<std::uint32_t>(1.5 * std::sqrt(machine.total * 4.0)) + 64;
}
constexpr std::uint32_t kSlack = 24;
// What processes take that cannot be evicted: page tables, stacks, the nodes of what is open.
constexpr std::uint32_t kForTables = 160;
// A machine with so much RAM is not made small.
constexpr std::uint32_t kMostBallast = (512U << 20) / mm::kPageSize;

std::uint32_t event(const std::string& events, const char* name) {
    return figure_in(events, std::string(name) + " ");
}

Error error_of(std::int32_t number) {
    for (int i = 0; i <= static_cast<int>(Error::BadLibrary); ++i)
        if (kernel::errno_of(static_cast<Error>(i)) == number) return static_cast<Error>(i);
    return Error::NotSupported;
}

mm::MapRequest request_of(const MemoryStep& step) {
    const auto has = [&step](std::uint32_t flag) { return (step.flags & flag) != 0; };
    mm::MapRequest request;
    request.address = VirtAddr(step.at);
    request.bytes = step.size;
    request.rights = mm::Rights::from_raw(step.rights & 7);
    if (has(MapFlag::kFixed)) request.place = mm::MapRequest::Place::Fixed;
    if (has(MapFlag::kNoReplace)) request.place = mm::MapRequest::Place::FixedIfFree;
    request.shared = has(MapFlag::kShared);
    request.grows_down = has(MapFlag::kGrowsDown);
    request.no_reserve = has(MapFlag::kNoReserve);
    request.populate = has(MapFlag::kPopulate);
    request.locked = has(MapFlag::kLocked);
    request.object_rights = mm::Rights::all();
    return request;
}

// The model only asks whether there is an object.
mm::MemoryObject* some_object() {
    static std::max_align_t nothing;
    return reinterpret_cast<mm::MemoryObject*>(&nothing);
}

// Whether this is a kernel that is newer than the model, and not Quire.
bool is_newer_kernel() {
    static const bool newer = ::access("/proc/sys", F_OK) == 0;
    return newer;
}

// What /proc does not tell is as the model has it: which descriptor a map was made through; and
// since Linux 6.4, where mprotect takes the promise back from what nobody has written to yet,
// promises.
void add_as_known(std::vector<Run>& runs, const Run& seen, const RunList& model) {
    for (Run page = seen; page.first < seen.end; ++page.first) {
        page.end = page.first + 1;
        page.object_page = seen.object_page_of(page.first);
        const Run* known = model.first_ending_after(page.first);
        const bool is_known = known != nullptr && known->first <= page.first;
        page.traits.of_writer = is_known && known->traits.of_writer;
        page.traits.charged |=
            is_newer_kernel() && is_known && !seen.traits.shared && known->traits.charged;
        runs.push_back(page);
    }
}

// What cannot fail here but for reasons that make a run useless.
void require(bool condition, const char* what) {
    if (condition) return;
    std::perror(what);
    std::exit(2);
}

}  // namespace

// --- Ballast and files ---

// Locked RAM: nobody can use it, so that the rest is scarce.
class ReplayMachine::Ballast {
  public:
    explicit Ballast(std::uint32_t frames) {
        constexpr std::uint32_t kPiece = 64;
        Machine machine = Machine::now();
        const std::uint32_t left = kept(machine) + kForTables + frames;
        if (machine.total > kMostBallast) return;
        // Our own pages do not come and go, so that theirs have to.
        require(mlockall(MCL_CURRENT | MCL_FUTURE) == 0, "mlockall");
        for (; machine.room() > left + kPiece; machine = Machine::now())
            require(mmap(nullptr, kPiece * mm::kPageSize, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED,
                    "ballast");
    }
};

// The files of scripts, in the current directory: without a name, so that they go with their last
// user.
struct ReplayMachine::Files {
    std::array<int, kFiles> own{};

    Files() {
        constexpr int kModes[] = {O_RDWR, O_RDONLY, O_WRONLY};
        for (std::uint32_t file = 0; file < kFiles; ++file) {
            const std::string name = formatted("model_file_%d_%u", getpid(), file);
            own[file] = open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            require(own[file] >= 0, name.c_str());
            fill(file);
            for (std::uint32_t mode = 0; mode < 3; ++mode) {
                const int opened = open(name.c_str(), kModes[mode] | O_CLOEXEC);
                require(opened >= 0, name.c_str());
                // dup2() leaves FD_CLOEXEC out: puppets have these.
                require(dup2(opened, descriptor(file, mode)) >= 0, "dup2");
                close(opened);
            }
            unlink(name.c_str());
        }
    }
    ~Files() {
        for (std::uint32_t file = 0; file < kFiles; ++file) {
            close(own[file]);
            for (std::uint32_t mode = 0; mode < 3; ++mode)
                close(descriptor(file, mode));
        }
    }
    static int descriptor(std::uint32_t file, std::uint32_t mode) {
        return static_cast<int>(kPuppetFiles + 3 * file + mode);
    }
    void fill(std::uint32_t file) const {
        std::string bytes(kFileBytes[file], '\0');
        for (std::uint32_t at = 0; at < bytes.size(); ++at)
            bytes[at] =
                static_cast<char>(file_byte(file + 1, at / mm::kPageSize, at % mm::kPageSize));
        require(
            pwrite(own[file], bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "write");
        require(fsync(own[file]) == 0, "fsync");
    }
};

// --- The machine ---

ReplayFigures& ReplayFigures::operator+=(const ReplayFigures& other) {
    StepFigures::operator+=(other);
    excused += other.excused;
    ahead += other.ahead;
    unseen += other.unseen;
    out_of_memory += other.out_of_memory;
    faults += other.faults;
    swapped_in += other.swapped_in;
    swapped_out += other.swapped_out;
    evicted += other.evicted;
    return *this;
}

ReplayMachine::ReplayMachine(const MemoryWorld& world, const std::string& program)
    : ballast_(std::make_unique<Ballast>(world.frames)),
      files_(std::make_unique<Files>()),
      puppets_(program),
      model_(*this,
             [] {
                 const Machine machine = Machine::now();
                 return MemoryModel::Promises{mm::Overcommit::Heuristic, machine.total,
                                              machine.swap_total};
             }()),
      events_at_first_(text_of_machine("/proc/vmstat")) {
    for (std::uint32_t file = 0; file < kFiles; ++file) {
        struct stat64 seen {};
        require(fstat64(files_->own[file], &seen) == 0, "fstat");
        object_numbers_[{major(seen.st_dev) << 20 | minor(seen.st_dev),
                         static_cast<std::uint32_t>(seen.st_ino)}] = file + 1;
    }
}

ReplayMachine::~ReplayMachine() = default;

bool ReplayMachine::is_memory_short(std::uint32_t pages) const {
    const Machine machine = Machine::now();
    return machine.room() < pages + kSlack + kept(machine);
}

// --- Looking ---

// The number of a file is on its disk: without memory the kernel cannot fetch it, and tells the
// device alone. Then it is taken for the file that it was.
std::uint32_t ReplayMachine::object_number(std::uint32_t process, const SeenRegion& region) {
    if (region.object == std::pair(0U, 0U)) return 0;
    const auto found = object_numbers_.find(region.object);
    if (found != object_numbers_.end()) return found->second;
    const Run* run = model_.runs(process).find(region.first);
    if (region.object.second != 0 || run == nullptr) return kNobody;
    ++figures_.unseen;
    return run->object;
}

RunList ReplayMachine::runs(std::uint32_t process) {
    std::vector<Run> found;
    for (const SeenRegion& region : puppets_.look(process).regions()) {
        const std::uint32_t object = object_number(process, region);
        const Run run{region.first, region.end, region.traits, object,
                      object == 0 ? 0 : region.object_page};
        add_as_known(found, run, model_.runs(process));
    }
    return RunList(found);
}

mm::PageRange ReplayMachine::region_after(std::uint32_t process, std::uint32_t page) {
    for (const SeenRegion& region : puppets_.look(process).places())
        if (region.end > page) return {mm::PageNumber(region.first), mm::PageNumber(region.end)};
    return {};
}

bool ReplayMachine::has_private_page(std::uint32_t process, std::uint32_t page) {
    return puppets_.look(process).has_own_page(page);
}

bool ReplayMachine::is_resident(std::uint32_t process, std::uint32_t page) {
    return puppets_.look(process).is_resident(page);
}

// What is not in RAM must be brought in, and only the process itself can do that. A page without
// rights is looked at by a child of it that gives itself the right.
void ReplayMachine::peek(std::uint32_t process, std::uint32_t page, PageBytes& bytes) {
    bytes.fill(0);
    if (kZoneFirst <= page && page < kZoneEnd) return;  // the puppet's own affair
    if (puppets_.look(process).read(page, bytes)) return;
    const Run* run = model_.runs(process).find(page);
    const bool readable = run != nullptr && !run->traits.rights.empty();
    const auto action = readable ? kPuppetShow : kPuppetShowByChild;
    const auto answer =
        puppets_.command(process, {static_cast<std::uint32_t>(action), {page * mm::kPageSize}});
    if (answer.has_value() && answer->result == 0) {
        lost_ |= !puppets_.more(process, bytes.data(), bytes.size());
        return;
    }
    lost_ |= !answer.has_value();
    // No child has what MADV_DONTFORK keeps from it.
    model_.expected_bytes(process, page, bytes);
    if (readable) {
        bytes[0] ^= 0xFF;
    } else {
        ++figures_.unseen;
    }
}

// --- Running ---

std::optional<ReplayMachine::Difference> ReplayMachine::run(const MemoryScript& script,
                                                            std::size_t check_every,
                                                            std::size_t& progress) {
    std::string wrong = spawn({});
    promised_at_first_ = promised() - model_.committed();
    std::size_t i = 0, since_check = 0;
    for (; i < script.steps.size() && wrong.empty(); ++i) {
        progress = i;
        if (ahead_ == 0) do_ahead(std::span(script.steps).subspan(i));
        if (ahead_ != 0) --ahead_;
        wrong = step(script.steps[i]);
        if (++since_check >= check_every && ahead_ == 0 && wrong.empty()) {
            since_check = 0;
            wrong = check_all();
        }
    }
    if (wrong.empty()) {
        progress = i++;
        wrong = check_all();
        if (wrong.empty()) wrong = finish();
    }
    const std::string events = text_of_machine("/proc/vmstat");
    const auto since = [&](const char* name) {
        return event(events, name) - event(events_at_first_, name);
    };
    figures_.faults = since("pgfault");
    figures_.swapped_in = since("pswpin");
    figures_.swapped_out = since("pswpout");
    figures_.evicted = since("pgsteal_kswapd") + since("pgsteal_direct");
    if (wrong.empty()) return std::nullopt;
    // Whom the kernel ends for want of memory is nobody's mistake, but then the script is over.
    if (since("oom_kill") != 0) {
        ++figures_.out_of_memory;
        return std::nullopt;
    }
    return Difference{i - 1, wrong};
}

// Kernels that are newer than the model (Linux 6.1), and of 64 bits, answer some steps otherwise:
// ranges do not wrap around at 4 GiB; mremap() to more than user space has is EINVAL first of all,
// and what is moved without a change of size may be several regions, with holes; MREMAP_DONTUNMAP
// takes lengths that are the same in pages. And of a part, it unlocks the whole region there, which
// no manual page promises.
bool ReplayMachine::is_told_otherwise(const MemoryStep& step) const {
    if (!is_newer_kernel()) return false;
    if (!is_access(step) && std::uint64_t{step.at} + step.size > kPuppetTop) return true;
    // How far down a program may map is a setting there, and root may everywhere.
    const bool is_fixed = step.call == MemoryCall::Map
                              ? (step.flags & (MapFlag::kFixed | MapFlag::kNoReplace)) != 0
                              : (step.flags & RemapFlag::kFixed) != 0;
    const bool maps = step.call == MemoryCall::Map || step.call == MemoryCall::Remap;
    if (maps && is_fixed && (step.call == MemoryCall::Map ? step.at : step.to) < kPuppetZone)
        return true;
    if (step.call == MemoryCall::Map)
        return std::uint64_t{step.page} + mm::pages_for(step.size).raw() > kPuppetTop;
    if (step.call != MemoryCall::Remap) return false;
    const Run* run = model_.runs(step.process).find(step.at / mm::kPageSize);
    const std::uint32_t pages = mm::pages_for(step.size).raw();
    const bool keeps_old = (step.flags & RemapFlag::kKeepOld) != 0;
    return step.length > kPuppetTop || run == nullptr ||
           run->end - step.at / mm::kPageSize < std::max(pages, 1U) ||
           (keeps_old && (run->traits.locked || step.size != step.length));
}

bool ReplayMachine::is_skipped(const MemoryStep& step) const {
    const bool needs_nobody = step.call == MemoryCall::Spawn;
    return puppets_.exists(step.process) == needs_nobody || hurts_the_puppet(step) ||
           (kNotHere & only(step.call)) != 0 || is_told_otherwise(step);
}

// Accesses, a call and accesses again are done without a pause: else the TLB would forget by itself
// between them what the call has to make it forget.
void ReplayMachine::do_ahead(std::span<const MemoryStep> steps) {
    std::vector<PuppetCommand> commands;
    const std::uint32_t process = steps.front().process;
    if (!puppets_.exists(process) || model_.has_freed_pages(process)) return;
    // A stack that grows for a later access would be seen by the judge of an earlier step.
    for (const Run& run : model_.runs(process).all())
        if (run.traits.grows_down) return;
    bool has_call = false;
    for (const MemoryStep& step : steps) {
        const bool is_call = may_be_among_others(step);
        if (commands.size() == kPuppetMostCommands || step.process != process || is_skipped(step) ||
            !(is_access(step) || (is_call && !has_call)) ||
            (step.call == MemoryCall::Fork && puppets_.exists(step.value % kProcesses)))
            break;
        has_call |= is_call;
        commands.push_back(command_of(step));
    }
    if (commands.size() < 2) return;
    puppets_.ahead(process, commands);
    ahead_ = commands.size();
    figures_.ahead += static_cast<std::uint32_t>(commands.size());
}

std::string ReplayMachine::step(const MemoryStep& step) {
    if (is_skipped(step)) {
        ++figures_.skipped;
        return {};
    }
    const std::string wrong = call(step);
    if (lost_ && wrong.empty()) return "the process is no more";
    if (!wrong.empty() || !puppets_.exists(step.process)) return wrong;
    // Accesses change no region but a stack, and the model looks at that itself.
    constexpr std::uint32_t kSometimes = 16;
    if (ahead_ != 0 || (is_access(step) && ++steps_ % kSometimes != 0)) return {};
    return model_.compare_regions(step.process);
}

std::string ReplayMachine::check_all() {
    for (std::uint32_t process = 0; process < kProcesses; ++process) {
        if (!puppets_.exists(process)) continue;
        if (std::string wrong = model_.compare_regions(process); !wrong.empty()) return wrong;
        if (std::string wrong = model_.compare_contents(process); !wrong.empty()) return wrong;
        if (lost_) return "a process is no more";
    }
    return check_promises();
}

// Pages promised in the machine, but for our own heap.
std::int64_t ReplayMachine::promised() {
    static const auto* const heap_at_first = static_cast<char*>(sbrk(0));
    return std::int64_t{Machine::now().promised} -
           (static_cast<char*>(sbrk(0)) - heap_at_first) / static_cast<int>(mm::kPageSize);
}

// All that is promised is the scripts' and what was before; MAP_NORESERVE's shared memory is
// charged page by page as it comes. Where others run, they promise, too.
std::string ReplayMachine::check_promises() {
    if (Machine::now().total > kMostBallast) return {};
    model_.shared_memories();
    const std::int64_t more = promised() - promised_at_first_;
    const std::uint32_t least = model_.committed();
    const std::uint32_t most = least + model_.may_be_charged();
    if (least <= more && more <= most) return {};
    return formatted("%lld pages are promised instead of %u to %u", static_cast<long long>(more),
                     least, most);
}

std::string ReplayMachine::finish() {
    for (std::uint32_t process = 0; process < kProcesses; ++process) {
        if (!puppets_.exists(process)) continue;
        puppets_.exit(process);
        model_.exit(process);
        if (std::string wrong = check_all(); !wrong.empty()) return wrong;
    }
    for (std::uint32_t file = 1; file <= kFiles; ++file) {
        if (fsync(files_->own[file - 1]) != 0) return formatted("file %u cannot be written", file);
        for (std::uint32_t page = 0; page < model_.object_pages(file); ++page) {
            PageBytes real{}, expected;
            model_.object_content(file, page, expected);
            const std::uint32_t defined = model_.object_defined(file, page);
            const ssize_t got =
                pread(files_->own[file - 1], real.data(), defined, page * mm::kPageSize);
            if (got != static_cast<ssize_t>(defined) ||
                std::memcmp(real.data(), expected.data(), defined) != 0)
                return formatted("page %u of file %u is not what was written", page, file);
        }
    }
    return {};
}

// --- Calls ---

// How many pages a step could need.
std::uint32_t ReplayMachine::pages_of(const MemoryStep& step) const {
    constexpr std::uint32_t kOfProcess = 64;  // tables, stacks
    if (step.call == MemoryCall::Fork) return kOfProcess;
    if (step.call == MemoryCall::LockAll) return model_.runs(step.process).pages();
    return mm::pages_for(std::max(step.size, step.length)).raw();
}

Answer ReplayMachine::judged(const MemoryStep& step, std::int32_t result) {
    Answer answer;
    answer.ok = result >= 0 || result < -4095;
    answer.value = static_cast<std::uint32_t>(result);
    if (!answer.ok) answer.error = error_of(-result);
    const bool may_hide = step.call == MemoryCall::LockAll || step.call == MemoryCall::Break;
    if (!answer.ok || may_hide) {
        answer.memory_is_short = is_memory_short(std::min(pages_of(step), 2048U));
        const bool for_memory =
            !answer.ok && (answer.error == Error::OutOfMemory || answer.error == Error::TryAgain);
        figures_.excused += for_memory && answer.memory_is_short ? 1 : 0;
    }
    ++(answer.ok ? figures_.done : figures_.refused)[static_cast<std::size_t>(step.call)];
    return answer;
}

Answer ReplayMachine::ask(const MemoryStep& step) {
    const auto answer = puppets_.command(step.process, command_of(step));
    lost_ |= !answer.has_value();
    return judged(step, answer.has_value() ? answer->result : -1);
}

std::string ReplayMachine::call(const MemoryStep& step) {
    const std::uint32_t p = step.process, at = step.at, size = step.size;
    switch (step.call) {
    case MemoryCall::Map:
        return map(step);
    case MemoryCall::Unmap:
        return model_.unmap(p, at, size, ask(step));
    case MemoryCall::Protect: {
        const bool grows_down = (step.flags & ProtectFlag::kGrowsDown) != 0;
        return model_.protect(p, at, size, mm::Rights::from_raw(step.rights & 7), grows_down,
                              ask(step));
    }
    case MemoryCall::Break:
        return model_.set_break(p, at, ask(step));
    case MemoryCall::Remap:
        return remap(step);
    case MemoryCall::Advise:
        return advise(step);
    case MemoryCall::Residence:
        return residence(step);
    case MemoryCall::Sync: {
        const bool waits = (step.flags & SyncFlag::kWait) != 0;
        const bool invalidate = (step.flags & SyncFlag::kInvalidate) != 0;
        return model_.sync(p, at, size,
                           waits ? AddressSpace::Sync::Wait : AddressSpace::Sync::Start, invalidate,
                           ask(step));
    }
    case MemoryCall::Lock: {
        const bool on_fault = (step.flags & LockFlag::kOnFault) != 0;
        return model_.lock(p, at, size,
                           on_fault ? AddressSpace::LockMode::OnFault : AddressSpace::LockMode::Now,
                           ask(step));
    }
    case MemoryCall::Unlock:
        return model_.unlock(p, at, size, ask(step));
    case MemoryCall::LockAll:
        return lock_all(step);
    case MemoryCall::UnlockAll:
        return model_.unlock_all(p, ask(step));
    case MemoryCall::Fork:
        return fork(step);
    case MemoryCall::Exit:
        puppets_.exit(p);
        model_.exit(p);
        judged(step, 0);
        return {};
    case MemoryCall::Spawn:
        return spawn(step);
    case MemoryCall::Load:
    case MemoryCall::Store:
        return access(step);
    case MemoryCall::Prefetch:
        lost_ |= !puppets_.command(p, command_of(step)).has_value();
        judged(step, 0);
        return {};
    case MemoryCall::Reclaim:
        judged(step, 0);
        return make_room(step.value);
    case MemoryCall::DropClean:
        judged(step, 0);
        return make_room(~0U);
    case MemoryCall::Background: {
        const timespec moment{0, 2'000'000};
        nanosleep(&moment, nullptr);
        judged(step, 0);
        return {};
    }
    case MemoryCall::Limit:
        return set_limit(step);
    case MemoryCall::Check:
        judged(step, 0);
        return check_all();
    case MemoryCall::DiskErrors:
    case MemoryCall::SwapOff:
        break;
    }
    return "no such call";
}

std::string ReplayMachine::map(const MemoryStep& step) {
    mm::MapRequest request = request_of(step);
    if (step.object < 1 || step.object > kFiles) {
        if (request.shared) return map_shared_memory(step, request);
        return model_.map(step.process, request, 0, ask(step));
    }
    request.object = some_object();
    request.object_page = step.page;
    if ((step.flags & MapFlag::kReadOnly) != 0)
        request.object_rights = mm::Rights::read() | mm::Rights::execute();
    if ((step.flags & MapFlag::kWriteOnly) != 0) request.object_rights = mm::Rights::write();
    return model_.map(step.process, request, step.object, ask(step));
}

// New shared memory is promised before it is mapped; which number it has in the kernel is seen
// afterwards.
std::string ReplayMachine::map_shared_memory(const MemoryStep& step, mm::MapRequest& request) {
    const std::uint32_t pages = mm::pages_for(step.size).raw();
    request.object = some_object();
    const Answer answer = ask(step);
    if (!request.no_reserve && !model_.may_promise(pages)) {
        if (answer.ok) return "shared memory is promised wrongly";
        if (answer.error == Error::OutOfMemory) return {};
    }
    if (!answer.ok) return model_.map(step.process, request, kNobody, answer);
    const std::uint32_t number = model_.new_shared_memory(pages, request.no_reserve);
    const std::uint32_t first = answer.value / mm::kPageSize;
    for (const SeenRegion& region : puppets_.look(step.process).places())
        if (region.first <= first && first < region.end) object_numbers_[region.object] = number;
    return model_.map(step.process, request, number, answer);
}

std::string ReplayMachine::remap(const MemoryStep& step) {
    AddressSpace::RemapRequest request;
    request.address = VirtAddr(step.at);
    request.old_bytes = step.size;
    request.new_bytes = step.length;
    request.may_move = (step.flags & RemapFlag::kMayMove) != 0;
    request.fixed = (step.flags & RemapFlag::kFixed) != 0;
    request.keep_old = (step.flags & RemapFlag::kKeepOld) != 0;
    if (request.fixed) request.new_address = VirtAddr(step.to);
    const Answer answer = ask(step);
    return model_.remap(step.process, request, answer);
}

std::string ReplayMachine::advise(const MemoryStep& step) {
    const std::uint32_t advice =
        step.value % (static_cast<std::uint32_t>(AddressSpace::AdviceCall::PopulateWrite) + 1);
    const Answer answer = ask(step);
    return model_.advise(step.process, step.at, step.size,
                         static_cast<AddressSpace::AdviceCall>(advice), answer);
}

// A page that is mapped was in RAM: nobody but the process itself brings it in.
std::string ReplayMachine::residence(const MemoryStep& step) {
    const auto told = puppets_.command(step.process, command_of(step));
    lost_ |= !told.has_value();
    const Answer answer = judged(step, told.has_value() ? told->result : -1);
    std::vector<std::uint8_t> bytes(answer.ok ? mm::pages_for(step.size).raw() : 0);
    lost_ |= answer.ok && !puppets_.more(step.process, bytes.data(), bytes.size());
    const std::string wrong = model_.residence(step.process, step.at, step.size, answer);
    if (!wrong.empty() || lost_) return wrong;
    for (std::uint32_t i = 0; i < bytes.size(); ++i) {
        const std::uint32_t page = step.at / mm::kPageSize + i;
        if (bytes[i] > 1 || (bytes[i] == 0 && is_resident(step.process, page)))
            return formatted("mincore says %u of page %x", bytes[i], page);
    }
    return {};
}

std::string ReplayMachine::lock_all(const MemoryStep& step) {
    const AddressSpace::LockAll what{.current = (step.flags & LockFlag::kCurrent) != 0,
                                     .future = (step.flags & LockFlag::kFuture) != 0,
                                     .on_fault = (step.flags & LockFlag::kOnFault) != 0};
    return model_.lock_all(step.process, what, ask(step));
}

// --- Processes ---

std::string ReplayMachine::spawn(const MemoryStep& step) {
    const std::uint32_t p = step.process;
    if (!puppets_.spawn(p))
        return is_memory_short(64) ? std::string() : std::string("a process could not start");
    judged({.call = MemoryCall::Spawn}, 0);
    model_.spawn(p, kPuppetBreak);
    mm::MapRequest zone;
    zone.address = VirtAddr(kPuppetZone);
    zone.bytes = kPuppetZoneEnd - kPuppetZone;
    zone.place = mm::MapRequest::Place::Fixed;
    zone.rights = mm::Rights::all();
    Answer there;
    there.value = kPuppetZone;
    if (std::string wrong = model_.map(p, zone, 0, there); !wrong.empty()) return wrong;
    // Up there nobody looks: what has no place of its own shall go where scripts are.
    constexpr std::uint32_t kFirst = 0xBF42C, kEnd = 0xBF7D0;
    MemoryStep cover{.call = MemoryCall::Map, .process = p, .at = kFirst * mm::kPageSize};
    cover.size = (kEnd - kFirst) * mm::kPageSize;
    cover.flags = MapFlag::kFixed | MapFlag::kNoReserve;
    if (std::string wrong = map(cover); !wrong.empty()) return wrong;
    return model_.compare_regions(p);
}

std::string ReplayMachine::fork(const MemoryStep& step) {
    const std::uint32_t child = step.value % kProcesses;
    if (puppets_.exists(child)) {
        ++figures_.skipped;
        return {};
    }
    const auto told = puppets_.fork(step.process, child);
    lost_ |= !told.has_value();
    const Answer answer = judged(step, told.has_value() ? told->result : -1);
    const std::string wrong = model_.fork(step.process, child, answer);
    if (!wrong.empty() || !answer.ok) return wrong;
    return model_.compare_regions(child);
}

// --- Accesses ---

std::string ReplayMachine::access(const MemoryStep& step) {
    const std::uint32_t size = access_size(step), at = access_at(step);
    const bool is_store = step.call == MemoryCall::Store;
    const auto told = puppets_.command(step.process, command_of(step));
    if (!told.has_value()) {
        lost_ = true;
        return {};
    }
    FaultOutcome outcome = FaultOutcome::Resolved;
    if (told->signal == SIGSEGV)
        outcome = told->code == SEGV_ACCERR ? FaultOutcome::NotAllowed : FaultOutcome::NotMapped;
    if (told->signal == SIGBUS) outcome = FaultOutcome::PastEnd;
    ++figures_.outcomes[static_cast<std::size_t>(outcome)];
    if (told->signal != 0 && told->address - at >= size)
        return formatted("si_addr is %x", told->address);
    const Answer answer = judged(step, told->signal == 0 ? 0 : -1);
    return is_store ? model_.store(step.process, at, size, outcome, step.value, answer)
                    : model_.load(step.process, at, size, outcome, told->value, answer);
}

// --- What the machine does of its own accord ---

// Takes all that is free, and `pages` more, so that they have to be made free: as many as can be.
std::string ReplayMachine::make_room(std::uint32_t pages) {
    const Machine machine = Machine::now();
    if (machine.total > kMostBallast) return {};
    const std::uint32_t evictable = machine.room() - machine.free;
    const std::uint32_t left = kSlack + kept(machine);
    if (evictable < left) return {};
    const std::uint32_t wanted = machine.free + std::min(pages, evictable - left);
    const std::size_t bytes = std::size_t{wanted} * mm::kPageSize;
    void* hog = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (hog != MAP_FAILED) munmap(hog, bytes);
    return {};
}

std::string ReplayMachine::set_limit(const MemoryStep& step) {
    const std::uint32_t p = step.process;
    mm::MemoryLimits& limits = model_.limits(p);
    const struct {
        std::uint32_t flag;
        __rlimit_resource kind;
        std::uint32_t& limit;
    } kinds[] = {{LimitFlag::kSpace, RLIMIT_AS, limits.address_space},
                 {LimitFlag::kData, RLIMIT_DATA, limits.data},
                 {LimitFlag::kStack, RLIMIT_STACK, limits.stack},
                 {LimitFlag::kLocked, RLIMIT_MEMLOCK, limits.locked}};
    for (const auto& kind : kinds) {
        if ((step.flags & kind.flag) == 0) continue;
        const rlimit64 limit{step.value == ~0U ? RLIM64_INFINITY : step.value, RLIM64_INFINITY};
        if (prlimit64(puppets_.pid(p), kind.kind, &limit, nullptr) != 0) {
            ++figures_.skipped;  // a machine on which root may not do everything
            return {};
        }
        kind.limit = step.value;
    }
    judged(step, 0);
    if ((step.flags & LimitFlag::kMayLock) == 0) return {};
    limits.may_lock_any = step.value != 0;
    const std::uint32_t user = step.value != 0 ? 0 : 1000;
    const auto answer = puppets_.call(p, SYS_setresuid32, {~0U, user, ~0U});
    lost_ |= !answer.has_value();
    return answer.has_value() && answer->result != 0 ? "setresuid failed" : "";
}

}  // namespace quire::test
