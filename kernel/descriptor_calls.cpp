// Rows of the calls that make, copy and close descriptors: open(2), dup(2), pipe(2), fcntl(2).
#include "kernel/call_support.h"
#include "kernel/files.h"

namespace quire::kernel {
namespace {

CallResult open(const SystemCall& call, std::int32_t at, unsigned path_index, std::uint32_t flags,
                std::uint32_t mode) {
    const UserPath path = TRY(path_of(call, path_index));
    return files_of(call).open(at, path.text(), flags, mode);
}

CallResult call_open(SystemCall& call) {
    return open(call, abi::kAtWorkingDirectory, 0, call.argument(1), call.argument(2));
}
SYSTEM_CALL(5, open, call_open, CallTraits::restarting());

CallResult call_openat(SystemCall& call) {
    return open(call, call.signed_argument(0), 1, call.argument(2), call.argument(3));
}
SYSTEM_CALL(295, openat, call_openat, CallTraits::restarting());

CallResult call_creat(SystemCall& call) {
    constexpr std::uint32_t kFlags = abi::kOpenCreate | abi::kOpenWriteOnly | abi::kOpenTruncate;
    return open(call, abi::kAtWorkingDirectory, 0, kFlags, call.argument(1));
}
SYSTEM_CALL(8, creat, call_creat, CallTraits::restarting());

CallResult call_close(SystemCall& call) {
    return done(files_of(call).close(call.argument(0)));
}
SYSTEM_CALL(6, close, call_close, CallTraits::plain());

CallResult call_dup(SystemCall& call) {
    return files_of(call).duplicate(call.argument(0));
}
SYSTEM_CALL(41, dup, call_dup, CallTraits::plain());

CallResult call_dup2(SystemCall& call) {
    return files_of(call).dup2(call.argument(0), call.argument(1));
}
SYSTEM_CALL(63, dup2, call_dup2, CallTraits::plain());

CallResult call_dup3(SystemCall& call) {
    return files_of(call).dup3(call.argument(0), call.argument(1), call.argument(2));
}
SYSTEM_CALL(330, dup3, call_dup3, CallTraits::plain());

// If the program cannot be told their numbers, there are none.
CallResult make_pipe(SystemCall& call, std::uint32_t flags) {
    fs::FileCalls files = files_of(call);
    const fs::PipeEnds ends = TRY(files.pipe(flags));
    const std::uint32_t numbers[] = {ends.read, ends.write};
    const Result<void> told = user::copy_to(call.pointer(0), numbers, sizeof numbers);
    if (told.ok()) return 0U;
    (void)files.close(ends.read).ok();
    (void)files.close(ends.write).ok();
    return told.error();
}

CallResult call_pipe(SystemCall& call) {
    return make_pipe(call, 0);
}
SYSTEM_CALL(42, pipe, call_pipe, CallTraits::plain());

CallResult call_pipe2(SystemCall& call) {
    return make_pipe(call, call.argument(1));
}
SYSTEM_CALL(331, pipe2, call_pipe2, CallTraits::plain());

// A file without a name, of shared memory. Its name is for people only. (Linux: mm/memfd.c.)
CallResult call_memfd_create(SystemCall& call) {
    constexpr std::uint32_t kCloseOnExec = 1;
    constexpr std::uint32_t kLongestName = 249;
    const std::uint32_t flags = call.argument(1);
    if ((flags & ~kCloseOnExec) != 0) return Error::InvalidArgument;
    const UserPath name = TRY(path_of(call, 0));
    if (name.text().size() > kLongestName) return Error::InvalidArgument;
    Files& system = call.processes().files();
    const fs::NodeRef node =
        TRY(system.tmp().create_unnamed(0, call.process().credentials, fs::Tmpfs::Promise::Pages));
    fs::FileRef file = TRY(fs::OpenFile::create(system.layer(), node, node,
                                                abi::kOpenReadWrite | abi::kOpenLargeFile));
    fs::DescriptorTable& table = call.thread().files->table;
    const fs::Descriptor descriptor = TRY(table.reserve());
    table.put(descriptor, std::move(file), (flags & kCloseOnExec) != 0);
    return descriptor;
}
SYSTEM_CALL(356, memfd_create, call_memfd_create, CallTraits::plain());

// Locks of files are not known: EINVAL, as of any other command.
CallResult call_fcntl64(SystemCall& call) {
    fs::FileCalls files = files_of(call);
    const std::uint32_t descriptor = call.argument(0);
    const std::uint32_t argument = call.argument(2);
    const fs::FileRef file = TRY(files.file(descriptor));
    switch (call.argument(1)) {
    case abi::kFcntlDuplicate:
        return files.duplicate(descriptor, argument);
    case abi::kFcntlDuplicateCloseOnExec:
        return files.duplicate(descriptor, argument, true);
    case abi::kFcntlGetDescriptorFlags:
        return TRY(files.descriptors().closes_on_exec(descriptor)) ? abi::kDescriptorCloseOnExec
                                                                   : 0U;
    case abi::kFcntlSetDescriptorFlags:
        return done(files.descriptors().set_close_on_exec(
            descriptor, (argument & abi::kDescriptorCloseOnExec) != 0));
    case abi::kFcntlGetStatusFlags:
        return file->flags();
    case abi::kFcntlSetStatusFlags:
        file->set_status_flags(argument);
        return 0U;
    default:
        return Error::InvalidArgument;
    }
}
SYSTEM_CALL(221, fcntl64, call_fcntl64, CallTraits::plain());
SYSTEM_CALL(55, fcntl, call_fcntl64, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
