#include "kernel/tls.h"

#include "cpu/descriptor_tables.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kFirstEntry = cpu::kFirstTlsSelector / 8;

// Parts of a descriptor, in its high word (SDM 3A figure 3-8).
constexpr std::uint32_t kUserDataSegment = 0x0000F100;  // present, ring 3, data, accessed
constexpr std::uint32_t kWritable = 1U << 9;
constexpr std::uint32_t kGrowsDown = 1U << 10;
constexpr std::uint32_t kDefault32Bit = 1U << 22;
constexpr std::uint32_t kLimitInPages = 1U << 23;
constexpr std::uint32_t kAvailable = 1U << 20;

bool is_set(const abi::UserDescriptor& wanted, std::uint32_t flag) {
    return (wanted.flags & flag) != 0;
}

// What says "no segment": a descriptor of zeros, and the one that a program reads from a free
// entry.
bool is_empty(const abi::UserDescriptor& wanted) {
    constexpr std::uint32_t kAll = 0x7F;
    const std::uint32_t flags = wanted.flags & kAll;
    return wanted.base == 0 && wanted.limit == 0 &&
           (flags == 0 || flags == (abi::kDescriptorReadOnly | abi::kDescriptorAbsent));
}

// Code segments are refused, and so are 16-bit ones: GS needs data.
bool is_allowed(const abi::UserDescriptor& wanted) {
    return is_empty(wanted) ||
           (is_set(wanted, abi::kDescriptor32Bit) && !is_set(wanted, abi::kDescriptorAbsent) &&
            (wanted.flags & abi::kDescriptorContents) >> 1 <= 1);
}

std::uint64_t descriptor_of(const abi::UserDescriptor& wanted) {
    if (is_empty(wanted)) return 0;
    std::uint32_t high = kUserDataSegment | kDefault32Bit;
    if (!is_set(wanted, abi::kDescriptorReadOnly)) high |= kWritable;
    if ((wanted.flags & abi::kDescriptorContents) != 0) high |= kGrowsDown;
    if (is_set(wanted, abi::kDescriptorLimitInPages)) high |= kLimitInPages;
    if (is_set(wanted, abi::kDescriptorUseable)) high |= kAvailable;
    high |= (wanted.base >> 16 & 0xFF) | (wanted.base & 0xFF000000) | (wanted.limit & 0xF0000);
    const std::uint32_t low = (wanted.base & 0xFFFF) << 16 | (wanted.limit & 0xFFFF);
    return static_cast<std::uint64_t>(high) << 32 | low;
}

abi::UserDescriptor describe(std::uint32_t entry, std::uint64_t descriptor) {
    const auto low = static_cast<std::uint32_t>(descriptor);
    const auto high = static_cast<std::uint32_t>(descriptor >> 32);
    if (descriptor == 0) return {entry, 0, 0, abi::kDescriptorReadOnly | abi::kDescriptorAbsent};
    std::uint32_t flags = abi::kDescriptor32Bit;
    if ((high & kWritable) == 0) flags |= abi::kDescriptorReadOnly;
    if ((high & kGrowsDown) != 0) flags |= 1U << 1;
    if ((high & kLimitInPages) != 0) flags |= abi::kDescriptorLimitInPages;
    if ((high & kAvailable) != 0) flags |= abi::kDescriptorUseable;
    return {entry, low >> 16 | (high & 0xFF) << 16 | (high & 0xFF000000),
            (low & 0xFFFF) | (high & 0xF0000), flags};
}

Result<std::uint32_t> free_slot(const Thread& thread) {
    for (std::uint32_t i = 0; i < Thread::kTlsEntries; ++i)
        if (thread.tls[i] == 0) return i;
    return Error::NoSuchProcess;
}

Result<std::uint32_t> call_set_thread_area(SystemCall& call) {
    const mm::VirtAddr place = call.pointer(0);
    const auto wanted = TRY(user::read<abi::UserDescriptor>(place));
    const std::array<std::uint64_t, Thread::kTlsEntries> before = call.thread().tls;
    const std::uint32_t entry = TRY(set_thread_area(call.thread(), wanted));
    if (wanted.entry == abi::kDescriptorAnyEntry) {
        const Result<void> told = user::write(place, entry);
        if (!told.ok()) {
            call.thread().tls = before;
            cpu::set_tls_descriptor(entry - kFirstEntry, before[entry - kFirstEntry]);
            return told.error();
        }
    }
    return 0U;
}
SYSTEM_CALL(243, set_thread_area, call_set_thread_area, CallTraits::plain());

Result<std::uint32_t> call_get_thread_area(SystemCall& call) {
    const mm::VirtAddr place = call.pointer(0);
    const auto entry = TRY(user::read<std::uint32_t>(place));
    if (entry - kFirstEntry >= Thread::kTlsEntries) return Error::InvalidArgument;
    TRY(user::write(place, describe(entry, call.thread().tls[entry - kFirstEntry])));
    return 0U;
}
SYSTEM_CALL(244, get_thread_area, call_get_thread_area, CallTraits::plain());

}  // namespace

Result<std::uint32_t> set_thread_area(Thread& thread, const abi::UserDescriptor& wanted) {
    if (!is_allowed(wanted)) return Error::InvalidArgument;
    std::uint32_t slot = wanted.entry - kFirstEntry;
    if (wanted.entry == abi::kDescriptorAnyEntry) slot = TRY(free_slot(thread));
    if (slot >= Thread::kTlsEntries) return Error::InvalidArgument;
    thread.tls[slot] = descriptor_of(wanted);
    if (thread.scheduler != nullptr && thread.scheduler->current() == &thread)
        cpu::set_tls_descriptor(slot, thread.tls[slot]);
    return slot + kFirstEntry;
}

}  // namespace quire::kernel
