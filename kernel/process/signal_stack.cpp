#include "kernel/process/signal_stack.h"

namespace quire::kernel {
namespace {

bool lies_in(const AlternateStack& stack, std::uint32_t esp) {
    return esp > stack.start && esp - stack.start <= stack.bytes;
}

bool disarms(const AlternateStack& stack) {
    return (stack.flags & abi::kSsAutoDisarm) != 0;
}

}  // namespace

bool is_on(const AlternateStack& stack, std::uint32_t esp) {
    // Once its handler runs, such a stack is no longer set: where it lay, anything may be.
    return !disarms(stack) && lies_in(stack, esp);
}

abi::SigAltStack told_of(const AlternateStack& stack, std::uint32_t esp) {
    std::uint32_t state = is_on(stack, esp) ? abi::kSsOnStack : 0;
    if (stack.bytes == 0) state = abi::kSsDisable;
    return {stack.start, state | (stack.flags & abi::kSsAutoDisarm), stack.bytes};
}

Result<void> change(AlternateStack& stack, const abi::SigAltStack& wanted, std::uint32_t esp) {
    if (is_on(stack, esp)) return Error::NotPermitted;
    const std::uint32_t mode = wanted.flags & ~abi::kSsAutoDisarm;
    if (mode != 0 && mode != abi::kSsOnStack && mode != abi::kSsDisable)
        return Error::InvalidArgument;
    if (mode == abi::kSsDisable) {
        stack = {.flags = wanted.flags};
        return {};
    }
    if (wanted.bytes < abi::kLeastSignalStack) return Error::OutOfMemory;
    stack = {wanted.start, wanted.bytes, wanted.flags};
    return {};
}

SignalStackTop stack_for(const AlternateStack& stack, std::uint32_t sa_flags, std::uint32_t esp) {
    const bool is_nested = is_on(stack, esp);
    if ((sa_flags & abi::kSaOnStack) != 0 && stack.bytes != 0 && !is_nested)
        return {stack.start + stack.bytes, true};
    return {esp, is_nested};
}

}  // namespace quire::kernel
