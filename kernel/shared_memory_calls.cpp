// Rows of shmget(2), shmat(2), shmdt(2), shmctl(2), by their own numbers and through ipc(2); and
// /proc/sysvipc/shm. Semaphores and message queues are not there (ENOSYS).
#include "kernel/shared_memory_calls.h"
#include "kernel/abi/ipc.h"
#include "kernel/abi/machine.h"
#include "kernel/call_support.h"
#include "kernel/files.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;
using Segment = SharedMemory::Segment;

constinit SharedMemory* the_table = nullptr;

class Host final : public SharedMemoryHost {
  public:
    explicit Host(Processes& processes) : processes_(processes) {}
    std::uint32_t process_id() override {
        const Process* const process = processes_.threads().current().process;
        return process == nullptr ? 0 : process->pid;
    }
    std::uint64_t seconds() override { return processes_.files().time().now().seconds; }

  private:
    Processes& processes_;
};

mm::AddressSpace& space_of(const SystemCall& call) {
    return call.process().memory->space;
}

// --- shmget ---

CallResult get(SystemCall& call, std::uint32_t key, std::uint32_t bytes, std::uint32_t flags) {
    const bool never = call.processes().memory().commit().mode() == mm::Overcommit::Never;
    return the_table->get(call.process().credentials, key, bytes, flags, never);
}

CallResult call_shmget(SystemCall& call) {
    return get(call, call.argument(0), call.argument(1), call.argument(2));
}
SYSTEM_CALL(395, shmget, call_shmget, CallTraits::plain());

// --- shmat ---

// Errors: InvalidArgument; EIDRM.
Result<Segment*> segment_with(SystemCall& call, std::uint32_t id) {
    if (static_cast<std::int32_t>(id) < 0) return Error::InvalidArgument;
    if (Segment* const segment = the_table->find(id)) return segment;
    if (the_table->was_removed(id)) return call.fail_with(abi::kEidrm);
    return Error::InvalidArgument;
}

// Where it is to be, and with which rights; what is not known of the segment yet.
Result<mm::MapRequest> attach_request(SystemCall& call, std::uint32_t address,
                                      std::uint32_t flags) {
    mm::MapRequest request;
    request.shared = true;
    const bool remaps = (flags & abi::kShmRemap) != 0;
    if (address == 0 && remaps) return Error::InvalidArgument;
    if (address != 0) {
        const std::uint32_t rest = address % mm::kPageSize;
        if (rest != 0 && (flags & abi::kShmRound) == 0) return Error::InvalidArgument;
        if (address == rest && remaps) return Error::InvalidArgument;
        request.address = VirtAddr(address - rest);
        request.place = remaps ? mm::MapRequest::Place::Fixed : mm::MapRequest::Place::FixedIfFree;
    }
    const bool reads = (flags & abi::kShmReadOnly) != 0;
    request.object_rights = mm::Rights::read() | mm::Rights::execute();
    if (!reads) request.object_rights = request.object_rights | mm::Rights::write();
    request.rights = reads ? mm::Rights::read() : mm::Rights::read() | mm::Rights::write();
    const bool implied = (call.process().personality & abi::kPersonalityReadExecute) != 0;
    if ((flags & abi::kShmExecute) != 0 || implied)
        request.rights = request.rights | mm::Rights::execute();
    return request;
}

// The segment may be removed while this waits for memory: its file stays until the end.
CallResult attach(SystemCall& call, std::uint32_t id, std::uint32_t address, std::uint32_t flags) {
    if (static_cast<std::int32_t>(id) < 0) return Error::InvalidArgument;
    mm::MapRequest request = TRY(attach_request(call, address, flags));
    Segment& segment = *TRY(segment_with(call, id));
    const bool writes = (flags & abi::kShmReadOnly) == 0;
    const bool executes = (flags & abi::kShmExecute) != 0;
    constexpr std::uint32_t kRead = 0444;
    constexpr std::uint32_t kWrite = 0222;
    constexpr std::uint32_t kExecute = 0111;
    if (!segment.allows(call.process().credentials,
                        kRead | (writes ? kWrite : 0) | (executes ? kExecute : 0)))
        return Error::AccessDenied;
    const fs::NodeRef node = segment.node();
    request.bytes = segment.bytes();
    request.object = node->object();
    const Result<VirtAddr> place = space_of(call).map(request);
    if (place.ok()) return place.value().raw();
    return place.error() == Error::AlreadyExists ? Error::InvalidArgument : place.error();
}

CallResult call_shmat(SystemCall& call) {
    return attach(call, call.argument(0), call.argument(1), call.argument(2));
}
SYSTEM_CALL(397, shmat, call_shmat, CallTraits::plain());

// --- shmdt ---

// The address at which the first page of the region's object would be.
std::uint32_t base_of(const mm::Region& region) {
    return mm::start_of(region.range().first).raw() - (region.object_page() << mm::kPageShift);
}

// What is left of one attach: the regions of the segment that belong to this base. Holes in it are
// none of its regions any more. (Linux: ksys_shmdt.)
CallResult detach(SystemCall& call, std::uint32_t address) {
    if (address % mm::kPageSize != 0) return Error::InvalidArgument;
    mm::RegionMap& regions = space_of(call).regions();
    const Segment* segment = nullptr;
    mm::PageNumber from = mm::page_of(VirtAddr(address));
    while (const mm::Region* region = regions.first_ending_after(from)) {
        from = region->range().end;
        const std::uint32_t start = mm::start_of(region->range().first).raw();
        if (region->object() == nullptr || start < address || base_of(*region) != address) continue;
        const Segment* const its = the_table->of(region->object());
        if (its == nullptr || (segment != nullptr && its != segment)) continue;
        segment = its;
        const std::uint32_t bytes = region->range().count().raw() << mm::kPageShift;
        TRY(space_of(call).unmap(VirtAddr(start), bytes));
        if (!its->exists()) break;
    }
    if (segment == nullptr) return Error::InvalidArgument;
    return 0U;
}

CallResult call_shmdt(SystemCall& call) {
    return detach(call, call.argument(0));
}
SYSTEM_CALL(398, shmdt, call_shmdt, CallTraits::plain());

// --- shmctl ---

CallResult tell_status(SystemCall& call, const Segment& segment, bool asks, VirtAddr to) {
    constexpr std::uint32_t kRead = 0444;
    if (asks && !segment.allows(call.process().credentials, kRead)) return Error::AccessDenied;
    TRY(user::write(to, segment.status()));
    return 0U;
}

CallResult change(SystemCall& call, std::uint32_t id, VirtAddr from) {
    const auto wanted = TRY(user::read<abi::SharedMemoryStatus>(from)).permissions;
    Segment& segment = *TRY(segment_with(call, id));
    if (!segment.belongs_to(call.process().credentials)) return Error::NotPermitted;
    return done(the_table->change(segment, wanted.user, wanted.group, wanted.mode));
}

CallResult remove(SystemCall& call, std::uint32_t id) {
    Segment& segment = *TRY(segment_with(call, id));
    if (!segment.belongs_to(call.process().credentials)) return Error::NotPermitted;
    the_table->remove(segment);
    return 0U;
}

// `id` is a place in the table; the answer is the id.
CallResult tell_by_place(SystemCall& call, std::uint32_t place, bool asks, VirtAddr to) {
    const Segment* const segment = the_table->at(place);
    if (segment == nullptr) return Error::InvalidArgument;
    const std::uint32_t id = segment->id();
    TRY(tell_status(call, *segment, asks, to));
    return id;
}

CallResult control(SystemCall& call, std::uint32_t id, std::uint32_t command, VirtAddr room) {
    if (static_cast<std::int32_t>(id) < 0) return Error::InvalidArgument;
    switch (command) {
    case abi::kIpcInfo:
        TRY(user::write(room, SharedMemory::limits()));
        return the_table->highest_place();
    case abi::kShmInfo:
        TRY(user::write(room, the_table->use()));
        return the_table->highest_place();
    case abi::kIpcStat:
        return tell_status(call, *TRY(segment_with(call, id)), true, room);
    case abi::kShmStat:
        return tell_by_place(call, id, true, room);
    case abi::kShmStatAny:
        return tell_by_place(call, id, false, room);
    case abi::kIpcSet:
        return change(call, id, room);
    case abi::kIpcRemove:
        return remove(call, id);
    case abi::kShmLock:
    case abi::kShmUnlock:
        return call.fail_with(abi::kEnosys);
    default:
        return Error::InvalidArgument;
    }
}

CallResult call_shmctl(SystemCall& call) {
    return control(call, call.argument(0), call.argument(1), call.pointer(2));
}
SYSTEM_CALL(396, shmctl, call_shmctl, CallTraits::plain());

// --- ipc ---

// call, three numbers, a pointer. The high half of `call` is a version; shmat's answer goes where
// the third number says. Structures of before IPC_64 are not known.
CallResult call_ipc(SystemCall& call) {
    constexpr std::uint32_t kCallMask = 0xFFFF;
    const std::uint32_t version = call.argument(0) >> 16;
    switch (call.argument(0) & kCallMask) {
    case abi::kIpcShmat: {
        if (version == 1) return Error::InvalidArgument;
        const std::uint32_t place =
            TRY(attach(call, call.argument(1), call.argument(4), call.argument(2)));
        return done(user::write(call.pointer(3), place));
    }
    case abi::kIpcShmdt:
        return detach(call, call.argument(4));
    case abi::kIpcShmget:
        return get(call, call.argument(1), call.argument(2), call.argument(3));
    case abi::kIpcShmctl:
        if ((call.argument(2) & abi::kIpc64) == 0) return Error::InvalidArgument;
        return control(call, call.argument(1), call.argument(2) & ~abi::kIpc64, call.pointer(4));
    default:
        return call.fail_with(abi::kEnosys);
    }
}
SYSTEM_CALL(117, ipc, call_ipc, CallTraits::plain());

Result<void> write_table(void* table, const mm::TextWriter& out) {
    static_cast<SharedMemory*>(table)->write(out);
    return {};
}

}  // namespace

void start_shared_memory(Processes& processes) {
    alignas(Host) static std::byte host_storage[sizeof(Host)];
    alignas(SharedMemory) static std::byte storage[sizeof(SharedMemory)];
    alignas(fs::ProcDirectory) static std::byte directory_storage[sizeof(fs::ProcDirectory)];
    alignas(fs::ProcText) static std::byte text_storage[sizeof(fs::ProcText)];
    Host* const host = new (host_storage) Host(processes);
    the_table = new (storage) SharedMemory(processes.files().tmp(), *host);
    fs::Procfs& proc = processes.files().proc();
    auto* const directory = new (directory_storage) fs::ProcDirectory(proc, "sysvipc");
    proc.tree().add(*directory);
    directory->add(*new (text_storage) fs::ProcText(proc, "shm", write_table, the_table));
}

}  // namespace quire::kernel
