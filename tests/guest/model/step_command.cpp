#include "tests/guest/model/step_command.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <iterator>

#include "mm/address_space.h"

namespace quire::test {

namespace {

struct Bit {
    std::uint32_t ours, theirs;
};
template <std::size_t kCount>
std::uint32_t translated(std::uint32_t bits, const Bit (&table)[kCount]) {
    std::uint32_t result = 0;
    for (const Bit& bit : table)
        if ((bits & bit.ours) != 0) result |= bit.theirs;
    return result;
}

constexpr Bit kMapBits[] = {
    {MapFlag::kFixed, MAP_FIXED},         {MapFlag::kNoReplace, 0x100000},
    {MapFlag::kGrowsDown, MAP_GROWSDOWN}, {MapFlag::kNoReserve, MAP_NORESERVE},
    {MapFlag::kPopulate, MAP_POPULATE},   {MapFlag::kLocked, MAP_LOCKED},
};
constexpr Bit kRemapBits[] = {
    {RemapFlag::kMayMove, 1}, {RemapFlag::kFixed, 2}, {RemapFlag::kKeepOld, 4}};
constexpr Bit kLockAllBits[] = {
    {LockFlag::kCurrent, 1}, {LockFlag::kFuture, 2}, {LockFlag::kOnFault, 4}};
// In the order of AddressSpace::AdviceCall.
constexpr std::uint32_t kAdvice[] = {0, 1, 2, 3, 4, 8, 10, 11, 22, 23};

std::uint32_t map_bits(const MemoryStep& step) {
    const bool shared = (step.flags & MapFlag::kShared) != 0;
    return translated(step.flags, kMapBits) | (shared ? MAP_SHARED : MAP_PRIVATE);
}

std::uint32_t sync_bits(const MemoryStep& step) {
    const std::uint32_t how = (step.flags & SyncFlag::kWait) != 0 ? MS_SYNC : MS_ASYNC;
    return how | ((step.flags & SyncFlag::kInvalidate) != 0 ? MS_INVALIDATE : 0U);
}

// Which descriptor a step maps: none, or that of a file as it was opened.
std::uint32_t descriptor_of(const MemoryStep& step) {
    if (step.object < 1 || step.object > kFiles) return ~0U;
    std::uint32_t mode = 0;
    if ((step.flags & MapFlag::kReadOnly) != 0) mode = 1;
    if ((step.flags & MapFlag::kWriteOnly) != 0) mode = 2;
    return kPuppetFiles + 3 * (step.object - 1) + mode;
}

// A third of the accesses that stay in a page are the kernel's, for a system call.
std::uint32_t is_by_kernel(const MemoryStep& step) {
    const bool crosses = step.at % mm::kPageSize + access_size(step) > mm::kPageSize;
    return !crosses && (step.at / 4 + step.value) % 3 == 0 ? 1 : 0;
}

PuppetCommand map_command(const MemoryStep& step) {
    const std::uint32_t descriptor = descriptor_of(step);
    const bool is_file = descriptor != ~0U;
    return {kPuppetCall,
            {SYS_mmap2, step.at, step.size, step.rights & 7,
             map_bits(step) | (is_file ? 0U : MAP_ANONYMOUS), descriptor, is_file ? step.page : 0}};
}

bool is_of_zone(std::uint32_t at, std::uint32_t size) {
    return at < kPuppetZoneEnd && std::uint64_t{at} + size > kPuppetZone;
}

}  // namespace

bool is_access(const MemoryStep& step) {
    return step.call == MemoryCall::Load || step.call == MemoryCall::Store;
}

std::uint32_t access_size(const MemoryStep& step) {
    return step.size == 1 || step.size == 2 ? step.size : 4;
}

std::uint32_t access_at(const MemoryStep& step) {
    return std::min(step.at, 0xFFFFFFFFU - (access_size(step) - 1));
}

PuppetCommand command_of(const MemoryStep& step) {
    const std::uint32_t at = step.at, size = step.size;
    switch (step.call) {
    case MemoryCall::Map:
        return map_command(step);
    case MemoryCall::Unmap:
        return {kPuppetCall, {SYS_munmap, at, size}};
    case MemoryCall::Protect: {
        const bool grows_down = (step.flags & ProtectFlag::kGrowsDown) != 0;
        return {kPuppetCall,
                {SYS_mprotect, at, size, (step.rights & 7) | (grows_down ? PROT_GROWSDOWN : 0U)}};
    }
    case MemoryCall::Break:
        return {kPuppetCall, {SYS_brk, at}};
    case MemoryCall::Remap: {
        const bool fixed = (step.flags & RemapFlag::kFixed) != 0;
        return {kPuppetCall,
                {SYS_mremap, at, size, step.length, translated(step.flags, kRemapBits),
                 fixed ? step.to : 0}};
    }
    case MemoryCall::Advise:
        return {kPuppetCall, {SYS_madvise, at, size, kAdvice[step.value % std::size(kAdvice)]}};
    case MemoryCall::Residence:
        return {kPuppetResidence, {at, size}};
    case MemoryCall::Sync:
        return {kPuppetCall, {SYS_msync, at, size, sync_bits(step)}};
    case MemoryCall::Lock:
        if ((step.flags & LockFlag::kOnFault) != 0) return {kPuppetCall, {SYS_mlock2, at, size, 1}};
        return {kPuppetCall, {SYS_mlock, at, size}};
    case MemoryCall::Unlock:
        return {kPuppetCall, {SYS_munlock, at, size}};
    case MemoryCall::LockAll:
        return {kPuppetCall, {SYS_mlockall, translated(step.flags, kLockAllBits)}};
    case MemoryCall::UnlockAll:
        return {kPuppetCall, {SYS_munlockall}};
    case MemoryCall::Fork:
        return {kPuppetFork, {step.value % kProcesses}};
    case MemoryCall::Load:
        return {kPuppetLoad, {access_at(step), access_size(step), 0, is_by_kernel(step)}};
    case MemoryCall::Store:
        return {kPuppetStore, {access_at(step), access_size(step), step.value, is_by_kernel(step)}};
    default:
        return {kPuppetPrefetch, {at}};
    }
}

bool may_be_among_others(const MemoryStep& step) {
    constexpr auto kDontNeed = static_cast<std::uint32_t>(mm::AddressSpace::AdviceCall::DontNeed);
    switch (step.call) {
    case MemoryCall::Unmap:
    case MemoryCall::Protect:
    case MemoryCall::Remap:
    case MemoryCall::Fork:
        return true;
    case MemoryCall::Advise:
        return step.value % std::size(kAdvice) == kDontNeed;
    default:
        return false;
    }
}

bool hurts_the_puppet(const MemoryStep& step) {
    switch (step.call) {
    case MemoryCall::Map:
        return (step.flags & MapFlag::kFixed) != 0 && is_of_zone(step.at, step.size);
    case MemoryCall::Remap:
        return is_of_zone(step.at, std::max(step.size, 1U)) ||
               ((step.flags & RemapFlag::kFixed) != 0 && is_of_zone(step.to, step.length));
    case MemoryCall::Unmap:
    case MemoryCall::Protect:
    case MemoryCall::Advise:
        return is_of_zone(step.at, step.size);
    case MemoryCall::Load:
    case MemoryCall::Store:
        return is_of_zone(step.at, 4);
    default:
        return false;
    }
}

}  // namespace quire::test
