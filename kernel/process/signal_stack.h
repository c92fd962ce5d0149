// The alternate signal stack: where handlers run whose own stack may be the trouble.
//
//     start                        start + bytes
//     |  frames grow down <---------|          on it: start < esp <= start + bytes
//
// A handler with SA_ONSTACK begins at its upper end, unless the program is on it already: then it
// goes on below esp. sigaltstack(2).
#pragma once

#include "kernel/abi/signal.h"
#include "kernel/process/process.h"

namespace quire::kernel {

using AlternateStack = Thread::AlternateStack;

[[nodiscard]] bool is_on(const AlternateStack& stack, std::uint32_t esp);

/// What sigaltstack(2) tells of it to a program whose stack pointer is `esp`.
[[nodiscard]] abi::SigAltStack told_of(const AlternateStack& stack, std::uint32_t esp);

/// What sigaltstack(2) does. Errors, the stack is as before then: NotPermitted (the program is on
/// it), InvalidArgument (flags), OutOfMemory (smaller than MINSIGSTKSZ).
Result<void> change(AlternateStack& stack, const abi::SigAltStack& wanted, std::uint32_t esp);

/// Where a handler's frame ends, and whether it has to stay within the alternate stack.
struct SignalStackTop {
    std::uint32_t top = 0;
    bool is_alternate = false;
};
[[nodiscard]] SignalStackTop stack_for(const AlternateStack& stack, std::uint32_t sa_flags,
                                       std::uint32_t esp);

}  // namespace quire::kernel
