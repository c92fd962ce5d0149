// What the rows of calls share: registers into arguments, results into a register.
#pragma once

#include "kernel/abi/errno.h"
#include "kernel/abi/fcntl.h"
#include "kernel/process/user_path.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

using CallResult = Result<std::uint32_t>;

/// What a call without an answer of its own answers: 0.
inline CallResult done(const Result<void>& result) {
    if (!result.ok()) return result.error();
    return 0U;
}

inline fs::FileCalls files_of(const SystemCall& call) {
    return call.processes().files_of(call.thread());
}

/// The path that argument `index` points at. Errors: BadAddress, NameTooLong, OutOfMemory; NotFound
/// (it is empty).
inline Result<UserPath> path_of(const SystemCall& call, unsigned index) {
    return UserPath::copy(call.processes().memory().user_memory(), call.pointer(index));
}

/// A signal that the caller sends.
inline SignalInfo from_caller(const SystemCall& call, SignalNumber signal, std::int32_t code) {
    return {.signal = signal,
            .code = code,
            .sender = call.process().pid,
            .user = call.process().credentials.real_user};
}

/// A frame of the kernel for what a call has to hand over in one piece.
inline Result<mm::OwnedFrame> take_frame(const SystemCall& call) {
    return fs::FileLayer::take_frame_from(call.processes().memory().user_memory());
}

}  // namespace quire::kernel
