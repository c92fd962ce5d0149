#include "kernel/process/futex.h"

#include "kernel/abi/futex.h"

namespace quire::kernel {

Result<FutexKey> futex_key(mm::AddressSpace& space, mm::VirtAddr word) {
    if (word.raw() % sizeof(std::uint32_t) != 0) return Error::InvalidArgument;
    const mm::PageNumber page = mm::page_of(word);
    const mm::Region* region = space.regions().find(page);
    if (region == nullptr) return Error::BadAddress;
    if (!region->traits().shared) return FutexKey{&space, 0, word.raw()};
    const std::uint64_t start = std::uint64_t{region->object_page_of(page)} << mm::kPageShift;
    return FutexKey{nullptr, region->object()->id(), start + mm::offset_in_page(word)};
}

namespace {

// 12 bits as a signed number.
constexpr std::int32_t signed_field(std::uint32_t field) {
    constexpr std::uint32_t kBits = 12;
    return static_cast<std::int32_t>(field << (32 - kBits)) >> (32 - kBits);
}

}  // namespace

// An operand too large to shift by is cut, as in Linux (futex_atomic_op_inuser).
Result<FutexOperation> FutexOperation::decode(std::uint32_t encoded) {
    constexpr std::uint32_t kField = 0xFFF;
    FutexOperation operation{
        .what = encoded >> 28 & 7,
        .question = encoded >> 24 & 0xF,
        .operand = static_cast<std::uint32_t>(signed_field(encoded >> 12 & kField)),
        .compared = signed_field(encoded & kField)};
    if ((encoded & abi::kFutexShift) != 0) operation.operand = 1U << (operation.operand & 31);
    if (operation.what > abi::kFutexXor) return Error::NotSupported;
    return operation;
}

std::uint32_t FutexOperation::result(std::uint32_t word) const {
    switch (what) {
    case abi::kFutexSet:
        return operand;
    case abi::kFutexAdd:
        return word + operand;
    case abi::kFutexOr:
        return word | operand;
    case abi::kFutexAndNot:
        return word & ~operand;
    case abi::kFutexXor:
        return word ^ operand;
    default:
        ASSERT_UNREACHABLE();
    }
}

Result<bool> FutexOperation::asks(std::uint32_t before) const {
    const auto was = static_cast<std::int32_t>(before);
    switch (question) {
    case abi::kFutexEqual:
        return was == compared;
    case abi::kFutexNotEqual:
        return was != compared;
    case abi::kFutexLess:
        return was < compared;
    case abi::kFutexLessOrEqual:
        return was <= compared;
    case abi::kFutexGreater:
        return was > compared;
    case abi::kFutexGreaterOrEqual:
        return was >= compared;
    default:
        return Error::NotSupported;
    }
}

// Words that are near each other go to different lists.
std::uint32_t FutexTable::index_of(const FutexKey& key) {
    constexpr std::uint32_t kMixer = 0x9E3779B1;  // 2^32 divided by the golden ratio
    constexpr std::uint32_t kTopBits = 26;
    const auto space = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(key.space) >> 4);
    const auto place = static_cast<std::uint32_t>(key.place >> 2);
    return ((space ^ key.object ^ place) * kMixer) >> kTopBits;
}

std::uint32_t FutexTable::wake(const FutexKey& key, std::uint32_t most, std::uint32_t bits) {
    List& list = list_of(key);
    std::uint32_t woken = 0;
    for (auto next = list.begin(); next != list.end() && woken < most;) {
        FutexWaiter& waiter = *next;
        ++next;
        if (waiter.key != key || (waiter.bits & bits) == 0) continue;
        list.remove(waiter);
        waiter.queue.wake_all();
        ++woken;
    }
    return woken;
}

std::uint32_t FutexTable::move(const FutexKey& from, const FutexKey& to, std::uint32_t most) {
    List& list = list_of(from);
    List moving;
    std::uint32_t moved = 0;
    for (auto next = list.begin(); next != list.end() && moved < most;) {
        FutexWaiter& waiter = *next;
        ++next;
        if (waiter.key != from) continue;
        list.remove(waiter);
        waiter.key = to;
        moving.push_back(waiter);
        ++moved;
    }
    while (FutexWaiter* waiter = moving.pop_front())
        add(*waiter);
    return moved;
}

void FutexTable::check_invariants() {
    for (std::uint32_t i = 0; i < kLists; ++i) {
        lists_[i].check_invariants();
        for (const FutexWaiter& waiter : lists_[i])
            ASSERT(index_of(waiter.key) == i);
    }
}

}  // namespace quire::kernel
