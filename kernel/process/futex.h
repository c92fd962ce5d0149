// Futexes: threads that wait for a word of memory to change, and are woken by who changes it.
//
//     wait(word, 5):  is the word 5? yes: into the list, sleep       wake(word, n): n of the list
//                     no: TryAgain, nothing was missed                that wait for this word
//
// A word is known by what it *is*, not by its address in one program: in a shared map by the object
// and where in it, so that programs who map it at different places mean the same word; else by the
// address space and the address. futex(2).
//
// Pure: who sleeps and how is the kernel's (kernel/futex_calls.cpp). Locking: the kernel lock.
#pragma once

#include <array>
#include <cstdint>

#include "fs/wait.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "mm/address_space.h"

namespace quire::kernel {

struct FutexKey {
    const void* space = nullptr;  // an address space, or
    std::uint32_t object = 0;     // the id of an object, which may go while somebody waits
    std::uint64_t place = 0;      // bytes from its start
    constexpr bool operator==(const FutexKey&) const = default;
};

/// Errors: InvalidArgument (not a whole word), BadAddress (nothing is mapped there).
Result<FutexKey> futex_key(mm::AddressSpace& space, mm::VirtAddr word);

/// What FUTEX_WAKE_OP does to a word, and asks of what the word was. As the call's last argument:
///
///     31    30 28   27 24   23      12   11       0        *operand* and *compared* are signed;
///     shift  what   ask       operand     compared         shift: the operand is 1 << operand
struct FutexOperation {
    /// Errors: NotSupported (no such operation: ENOSYS).
    static Result<FutexOperation> decode(std::uint32_t encoded);
    /// What becomes of a word.
    [[nodiscard]] std::uint32_t result(std::uint32_t word) const;
    /// Whether the second word is woken for what it was. Errors: NotSupported (no such question).
    [[nodiscard]] Result<bool> asks(std::uint32_t before) const;

    std::uint32_t what;
    std::uint32_t question;
    std::uint32_t operand;
    std::int32_t compared;
};

/// Somebody who waits; on the stack of the waiting thread.
struct FutexWaiter {
    FutexWaiter(const FutexKey& its_key, std::uint32_t its_bits) : key(its_key), bits(its_bits) {}
    FutexKey key;
    std::uint32_t bits;  // is woken only for one of these
    fs::WaitQueue queue;
    ListHook hook;

    [[nodiscard]] bool was_woken() const { return !hook.is_linked(); }
};

class FutexTable {
  public:
    static constexpr std::uint32_t kAllBits = ~0U;

    /// `waiter` waits from now on, behind the others.
    void add(FutexWaiter& waiter) { list_of(waiter.key).push_back(waiter); }
    /// Takes one out that was not woken.
    void remove(FutexWaiter& waiter) { list_of(waiter.key).remove(waiter); }

    /// Wakes up to `most` waiters of `key` that share a bit with `bits`, who came first first.
    /// Returns how many.
    std::uint32_t wake(const FutexKey& key, std::uint32_t most, std::uint32_t bits = kAllBits);
    /// Lets up to `most` waiters of `from` wait for `to` instead, which may be the same. Returns
    /// how many.
    std::uint32_t move(const FutexKey& from, const FutexKey& to, std::uint32_t most);

    void check_invariants();

  private:
    static constexpr std::uint32_t kLists = 64;
    using List = IntrusiveList<FutexWaiter, &FutexWaiter::hook>;

    static std::uint32_t index_of(const FutexKey& key);
    List& list_of(const FutexKey& key) { return lists_[index_of(key)]; }

    std::array<List, kLists> lists_;
};

}  // namespace quire::kernel
