#include "kernel/process/signal_info.h"

namespace quire::kernel {
namespace {

// Positive codes below SI_KERNEL mean something else for each signal.
bool is_signals_own(std::int32_t code) {
    return code > abi::kSiUser && code < abi::kSiKernel;
}

}  // namespace

abi::SigInfo to_program(const SignalInfo& info) {
    abi::SigInfo told{};
    told.signal = static_cast<std::int32_t>(info.signal);
    told.code = info.code;
    if (is_signals_own(info.code) && info.signal != abi::kSigChild) {
        told.words[0] = info.address;
        return told;
    }
    told.words[0] = info.sender;
    told.words[1] = info.user;
    told.words[2] = info.signal == abi::kSigChild && is_signals_own(info.code)
                        ? static_cast<std::uint32_t>(info.status)
                        : info.value;
    return told;
}

SignalInfo from_program(const abi::SigInfo& info) {
    return {.signal = static_cast<SignalNumber>(info.signal),
            .code = info.code,
            .sender = info.words[0],
            .user = info.words[1],
            .address = info.words[0],
            .value = info.words[2],
            .status = static_cast<std::int32_t>(info.words[2])};
}

}  // namespace quire::kernel
