// Rows of the memory calls: registers, descriptors and copies round mm/memory_calls.h.
#include "kernel/abi/machine.h"
#include "kernel/call_support.h"
#include "kernel/files.h"
#include "mm/memory_calls.h"

namespace quire::kernel {
namespace {

mm::AddressSpace& space_of(const SystemCall& call) {
    return call.process().memory->space;
}
mm::MemoryCalls memory_of(const SystemCall& call) {
    return mm::MemoryCalls(space_of(call));
}
CallResult address(const Result<mm::VirtAddr>& result) {
    if (!result.ok()) return result.error();
    return result.value().raw();
}

// --- mmap ----------------------------------------------------------------------------------------

// What a map is of, kept until the region counts as its user.
struct MapSource {
    fs::FileRef file;
    fs::NodeRef node;
};

// Shared memory without a file is a file without a name, which may be promised its whole size. A
// map of /dev/zero is memory without a file. (Linux: shmem_zero_setup.)
Result<void> give_object(SystemCall& call, mm::MapRequest& request, MapSource& source) {
    const bool zeroes = source.file && source.file->io()->maps_zeroes();
    if (zeroes) {
        request.object = nullptr;
        request.object_page = 0;
    }
    if (!request.shared || request.object != nullptr) return {};
    const bool no_reserve =
        request.no_reserve && call.processes().memory().commit().mode() != mm::Overcommit::Never;
    source.node = TRY(call.processes().files().tmp().create_unnamed(
        std::uint64_t{mm::pages_for(request.bytes).raw()} << mm::kPageShift,
        call.process().credentials,
        no_reserve ? fs::Tmpfs::Promise::Pages : fs::Tmpfs::Promise::Size));
    request.object = source.node->object();
    if (!zeroes) request.object_rights = mm::Rights::all();
    return {};
}

// READ_IMPLIES_EXEC of personality(2).
std::uint32_t with_execute(const SystemCall& call, std::uint32_t prot) {
    const bool implied = (prot & abi::kProtRead) != 0 &&
                         (call.process().personality & abi::kPersonalityReadExecute) != 0;
    return implied ? prot | abi::kProtExec : prot;
}

CallResult map(SystemCall& call, mm::Mmap2Arguments what, std::uint32_t descriptor) {
    what.prot = with_execute(call, what.prot);
    MapSource source;
    mm::MappableFile mappable;
    const bool anonymous = (what.flags & abi::kMapAnonymous) != 0;
    if (!anonymous) {
        fs::FileCalls files = files_of(call);
        source.file = TRY(files.file(descriptor));
        mappable = TRY(files.mappable(descriptor));
        if (source.file->io()->maps_zeroes()) mappable.mappable = true;
    }
    auto request = TRY(mm::decode_mmap2(what, anonymous ? nullptr : &mappable));
    TRY(give_object(call, request, source));
    return address(space_of(call).map(request));
}

CallResult call_mmap2(SystemCall& call) {
    return map(call,
               {.address = call.argument(0),
                .length = call.argument(1),
                .prot = call.argument(2),
                .flags = call.argument(3),
                .page_offset = call.argument(5)},
               call.argument(4));
}
SYSTEM_CALL(192, mmap2, call_mmap2, CallTraits::plain());

CallResult call_old_mmap(SystemCall& call) {
    const auto arguments = TRY(user::read<abi::OldMmapArguments>(call.pointer(0)));
    return map(call, TRY(mm::decode_old_mmap(arguments)), arguments.descriptor);
}
SYSTEM_CALL(90, mmap, call_old_mmap, CallTraits::plain());

// --- What is mapped ------------------------------------------------------------------------------

CallResult call_brk(SystemCall& call) {
    return memory_of(call).brk(call.argument(0)).raw();
}
SYSTEM_CALL(45, brk, call_brk, CallTraits::plain());

CallResult call_munmap(SystemCall& call) {
    return done(memory_of(call).munmap(call.argument(0), call.argument(1)));
}
SYSTEM_CALL(91, munmap, call_munmap, CallTraits::plain());

CallResult call_mprotect(SystemCall& call) {
    return done(memory_of(call).mprotect(call.argument(0), call.argument(1),
                                         with_execute(call, call.argument(2))));
}
SYSTEM_CALL(125, mprotect, call_mprotect, CallTraits::plain());

CallResult call_mremap(SystemCall& call) {
    return address(memory_of(call).mremap(call.argument(0), call.argument(1), call.argument(2),
                                          call.argument(3), call.argument(4)));
}
SYSTEM_CALL(163, mremap, call_mremap, CallTraits::plain());

CallResult call_madvise(SystemCall& call) {
    return done(memory_of(call).madvise(call.argument(0), call.argument(1), call.argument(2)));
}
SYSTEM_CALL(219, madvise, call_madvise, CallTraits::plain());

CallResult call_msync(SystemCall& call) {
    return done(memory_of(call).msync(call.argument(0), call.argument(1), call.argument(2)));
}
SYSTEM_CALL(144, msync, call_msync, CallTraits::plain());

// A page of answers at a time.
CallResult call_mincore(SystemCall& call) {
    mm::PageCount left =
        TRY(mm::MemoryCalls::mincore_pages(call.argument(0), call.argument(1), call.argument(2)));
    const mm::OwnedFrame frame = TRY(take_frame(call));
    auto* const room = reinterpret_cast<std::uint8_t*>(mm::frame_bytes(frame.number()));
    mm::VirtAddr start = call.pointer(0);
    mm::VirtAddr vector = call.pointer(2);
    while (left != mm::PageCount()) {
        const mm::PageCount now =
            left < mm::PageCount(mm::kPageSize) ? left : mm::PageCount(mm::kPageSize);
        TRY(space_of(call).residence(start, bytes_of(now), {room, now.raw()}));
        TRY(user::copy_to(vector, room, now.raw()));
        start += bytes_of(now);
        vector += now.raw();
        left -= now;
    }
    return 0U;
}
SYSTEM_CALL(218, mincore, call_mincore, CallTraits::plain());

// --- Locks ---------------------------------------------------------------------------------------

CallResult call_mlock(SystemCall& call) {
    return done(memory_of(call).mlock(call.argument(0), call.argument(1)));
}
SYSTEM_CALL(150, mlock, call_mlock, CallTraits::plain());

CallResult call_mlock2(SystemCall& call) {
    return done(memory_of(call).mlock2(call.argument(0), call.argument(1), call.argument(2)));
}
SYSTEM_CALL(376, mlock2, call_mlock2, CallTraits::plain());

CallResult call_munlock(SystemCall& call) {
    return done(memory_of(call).munlock(call.argument(0), call.argument(1)));
}
SYSTEM_CALL(151, munlock, call_munlock, CallTraits::plain());

CallResult call_mlockall(SystemCall& call) {
    return done(memory_of(call).mlockall(call.argument(0)));
}
SYSTEM_CALL(152, mlockall, call_mlockall, CallTraits::plain());

CallResult call_munlockall(SystemCall& call) {
    return done(memory_of(call).munlockall());
}
SYSTEM_CALL(153, munlockall, call_munlockall, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
