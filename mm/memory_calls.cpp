#include "mm/memory_calls.h"

#include <optional>

namespace quire::mm {

namespace {

using namespace abi;

constexpr std::uint32_t kProtRights = kProtRead | kProtWrite | kProtExec;
static_assert(Rights::all().raw() == kProtRights && Rights::write().raw() == kProtWrite);

// The flags that MAP_SHARED_VALIDATE takes: those there were when it came. (Linux: LEGACY_MAP_MASK;
// MAP_FIXED_NOREPLACE is younger.)
constexpr std::uint32_t kValidatedFlags =
    kMapSharedValidate | kMapFixed | kMapAnonymous | kMap32Bit | kMapGrowsDown | kMapDenyWrite |
    kMapExecutable | kMapLocked | kMapNoReserve | kMapPopulate | kMapNonBlock | kMapStack |
    kMapHugeTlb | kMapHuge2Mb | kMapHuge1Gb;

constexpr bool has(std::uint32_t flags, std::uint32_t flag) {
    return (flags & flag) == flag;
}

MapRequest::Place place_of(std::uint32_t flags) {
    if (has(flags, kMapFixedNoReplace)) return MapRequest::Place::FixedIfFree;
    return has(flags, kMapFixed) ? MapRequest::Place::Fixed : MapRequest::Place::Anywhere;
}

MapRequest request_of(const Mmap2Arguments& call) {
    MapRequest request;
    request.address = VirtAddr(call.address);
    request.bytes = call.length;
    request.place = place_of(call.flags);
    request.rights = Rights::from_raw(call.prot & kProtRights);
    request.shared = (call.flags & kMapType) != kMapPrivate;
    request.grows_down = has(call.flags, kMapGrowsDown);
    request.no_reserve = has(call.flags, kMapNoReserve);
    request.populate = has(call.flags, kMapPopulate) && !has(call.flags, kMapNonBlock);
    request.locked = has(call.flags, kMapLocked);
    request.object_page = call.page_offset;
    return request;
}

Result<MapRequest> anonymous_map(const Mmap2Arguments& call) {
    const std::uint32_t type = call.flags & kMapType;
    if (type != kMapShared && type != kMapPrivate) return Error::InvalidArgument;
    MapRequest request = request_of(call);
    if (!request.shared) return request;
    // New shared memory begins with its page 0; the offset only has to be possible.
    if (call.page_offset + pages_for(call.length).raw() < call.page_offset) return Error::Overflow;
    request.object_page = 0;
    return request;
}

Result<MapRequest> file_map(const Mmap2Arguments& call, const MappableFile& file) {
    const std::uint32_t type = call.flags & kMapType;
    if (type != kMapShared && type != kMapPrivate && type != kMapSharedValidate) {
        return Error::InvalidArgument;
    }
    if (type == kMapSharedValidate && (call.flags & ~kValidatedFlags) != 0) {
        return Error::NotSupported;
    }
    MapRequest request = request_of(call);
    request.object = file.object;
    request.object_rights = file.opened_for;
    if (!request.is_allowed()) return Error::AccessDenied;
    if (!file.mappable) return Error::NotMappable;
    return request;
}

std::optional<AddressSpace::AdviceCall> advice_of(std::uint32_t advice) {
    using Call = AddressSpace::AdviceCall;
    switch (advice) {
    case kMadvNormal:
        return Call::Normal;
    case kMadvRandom:
        return Call::Random;
    case kMadvSequential:
        return Call::Sequential;
    case kMadvWillNeed:
        return Call::WillNeed;
    case kMadvDontNeed:
        return Call::DontNeed;
    case kMadvFree:
        return Call::Free;
    case kMadvDontFork:
        return Call::DontFork;
    case kMadvDoFork:
        return Call::DoFork;
    case kMadvPopulateRead:
        return Call::PopulateRead;
    case kMadvPopulateWrite:
        return Call::PopulateWrite;
    case kMadvDontDump:
    case kMadvDoDump:
    case kMadvCold:
    case kMadvPageOut:
        return Call::Nothing;
    default:
        return std::nullopt;
    }
}

bool is_user_range(std::uint32_t address, std::uint32_t length) {
    constexpr std::uint32_t kEnd = start_of(kFirstKernelPage).raw();
    return length <= kEnd && address <= kEnd - length;
}

}  // namespace

Result<MapRequest> decode_mmap2(const Mmap2Arguments& call, const MappableFile* file) {
    const bool anonymous = has(call.flags, kMapAnonymous);
    if (!anonymous && file == nullptr) return Error::BadDescriptor;
    if (has(call.flags, kMapHugeTlb)) {
        return anonymous ? Error::OutOfMemory : Error::InvalidArgument;
    }
    if (call.length == 0) return Error::InvalidArgument;
    return anonymous ? anonymous_map(call) : file_map(call, *file);
}

Result<Mmap2Arguments> decode_old_mmap(const OldMmapArguments& call) {
    if (call.offset % kPageSize != 0) return Error::InvalidArgument;
    return Mmap2Arguments{call.address, call.length, call.prot, call.flags,
                          call.offset >> kPageShift};
}

Result<void> MemoryCalls::mprotect(std::uint32_t address, std::uint32_t length,
                                   std::uint32_t prot) {
    constexpr std::uint32_t kKnown = kProtRights | kProtSem | kProtGrowsDown;
    const bool both = has(prot, kProtGrowsDown | kProtGrowsUp);
    if (both || (length != 0 && (prot & ~kKnown) != 0)) return Error::InvalidArgument;
    return space_.protect(VirtAddr(address), length, Rights::from_raw(prot & kProtRights),
                          has(prot, kProtGrowsDown));
}

Result<VirtAddr> MemoryCalls::mremap(std::uint32_t address, std::uint32_t old_length,
                                     std::uint32_t new_length, std::uint32_t flags,
                                     std::uint32_t new_address) {
    constexpr std::uint32_t kKnown = kMremapMayMove | kMremapFixed | kMremapDontUnmap;
    if ((flags & ~kKnown) != 0) return Error::InvalidArgument;
    return space_.remap({.address = VirtAddr(address),
                         .old_bytes = old_length,
                         .new_bytes = new_length,
                         .may_move = has(flags, kMremapMayMove),
                         .fixed = has(flags, kMremapFixed),
                         .keep_old = has(flags, kMremapDontUnmap),
                         .new_address = VirtAddr(new_address)});
}

Result<void> MemoryCalls::madvise(std::uint32_t address, std::uint32_t length,
                                  std::uint32_t advice) {
    const auto call = advice_of(advice);
    if (!call.has_value()) return Error::InvalidArgument;
    return space_.advise(VirtAddr(address), length, *call);
}

Result<PageCount> MemoryCalls::mincore_pages(std::uint32_t address, std::uint32_t length,
                                             std::uint32_t vector) {
    if (offset_in_page(VirtAddr(address)) != 0) return Error::InvalidArgument;
    if (!is_user_range(address, length)) return Error::OutOfMemory;
    const PageCount pages = pages_for(length);
    if (!is_user_range(vector, pages.raw())) return Error::BadAddress;
    return pages;
}

Result<void> MemoryCalls::msync(std::uint32_t address, std::uint32_t length, std::uint32_t flags) {
    constexpr std::uint32_t kKnown = kMsAsync | kMsInvalidate | kMsSync;
    if ((flags & ~kKnown) != 0 || has(flags, kMsAsync | kMsSync)) return Error::InvalidArgument;
    const auto how = has(flags, kMsSync) ? AddressSpace::Sync::Wait : AddressSpace::Sync::Start;
    return space_.sync(VirtAddr(address), length, how, has(flags, kMsInvalidate));
}

Result<void> MemoryCalls::mlock2(std::uint32_t address, std::uint32_t length, std::uint32_t flags) {
    using Mode = AddressSpace::LockMode;
    if ((flags & ~kMlockOnFault) != 0) return Error::InvalidArgument;
    return space_.lock(VirtAddr(address), length,
                       has(flags, kMlockOnFault) ? Mode::OnFault : Mode::Now);
}

Result<void> MemoryCalls::mlockall(std::uint32_t flags) {
    constexpr std::uint32_t kKnown = kMclCurrent | kMclFuture | kMclOnFault;
    if ((flags & ~kKnown) != 0) return Error::InvalidArgument;
    return space_.lock_all({.current = has(flags, kMclCurrent),
                            .future = has(flags, kMclFuture),
                            .on_fault = has(flags, kMclOnFault)});
}

}  // namespace quire::mm
