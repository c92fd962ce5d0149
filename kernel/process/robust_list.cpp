#include "kernel/process/robust_list.h"

#include "kernel/abi/futex.h"
#include "kernel/process/user_copy.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

// A pointer of the list; its lowest bit marks a lock with priority inheritance.
struct EntryPointer {
    explicit EntryPointer(std::uint32_t raw) : at(raw & ~1U), has_priority((raw & 1) != 0) {}
    VirtAddr at;
    bool has_priority;
};

class RobustWalk {
  public:
    RobustWalk(FutexTable& futexes, mm::AddressSpace& space, std::uint32_t tid)
        : futexes_(futexes), space_(space), tid_(tid) {}

    // Errors: BadAddress (a pointer leads nowhere; what came before it has been freed).
    Result<void> run(VirtAddr head);

  private:
    enum class Kind : std::uint8_t { InList, Pending };
    Result<void> end_owner(const EntryPointer& entry, Kind kind);
    void wake_one(VirtAddr word);

    FutexTable& futexes_;
    mm::AddressSpace& space_;
    std::uint32_t tid_;
    std::uint32_t offset_ = 0;
};

// The next pointer is read before its entry's lock is freed: who takes the lock may unlink it.
Result<void> RobustWalk::run(VirtAddr head) {
    const auto told = TRY(user::read<abi::RobustListHead>(head));
    offset_ = static_cast<std::uint32_t>(told.offset);
    const EntryPointer pending(told.pending);
    EntryPointer entry(told.first);
    for (std::uint32_t left = kMostRobustEntries; entry.at != head && left != 0; --left) {
        const Result<std::uint32_t> next = user::read<std::uint32_t>(entry.at);
        if (entry.at != pending.at) TRY(end_owner(entry, Kind::InList));
        if (!next.ok()) return next.error();
        entry = EntryPointer(next.value());
    }
    if (pending.at == VirtAddr(0)) return {};
    return end_owner(pending, Kind::Pending);
}

// A lock that was just being freed is nobody's already, but its waiter may not have been woken.
Result<void> RobustWalk::end_owner(const EntryPointer& entry, Kind kind) {
    const VirtAddr word(entry.at.raw() + offset_);
    if (word.raw() % sizeof(std::uint32_t) != 0) return Error::BadAddress;
    std::uint32_t value = TRY(user::read<std::uint32_t>(word));
    for (;;) {
        const std::uint32_t owner = value & abi::kFutexTid;
        if (kind == Kind::Pending && !entry.has_priority && owner == 0) {
            wake_one(word);
            return {};
        }
        if (owner != tid_) return {};
        const std::uint32_t left = (value & abi::kFutexWaiters) | abi::kFutexOwnerDied;
        const std::uint32_t found = TRY(user::compare_exchange(word, value, left));
        if (found == value) break;
        value = found;
    }
    if (!entry.has_priority && (value & abi::kFutexWaiters) != 0) wake_one(word);
    return {};
}

void RobustWalk::wake_one(VirtAddr word) {
    const Result<FutexKey> key = futex_key(space_, word);
    if (key.ok()) (void)futexes_.wake(key.value(), 1);
}

}  // namespace

void walk_robust_list(FutexTable& futexes, mm::AddressSpace& space, VirtAddr head,
                      std::uint32_t tid) {
    if (head == VirtAddr(0)) return;
    (void)RobustWalk(futexes, space, tid).run(head).ok();
}

}  // namespace quire::kernel
