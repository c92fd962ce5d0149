// Rows of the calls about names: mkdir(2), unlink(2), rename(2), link(2), readlink(2), chdir(2) ...
//
// Each comes twice: with paths that begin at the working directory, and as ...at() with a directory
// of its own. (Linux: fs/namei.c, fs/open.c, fs/d_path.c.)
#include "kernel/call_support.h"

namespace quire::kernel {
namespace {

constexpr std::int32_t kHere = abi::kAtWorkingDirectory;

CallResult mkdir(const SystemCall& call, std::int32_t at, unsigned first) {
    const UserPath path = TRY(path_of(call, first));
    return done(files_of(call).mkdir(at, path.text(), call.argument(first + 1)));
}
CallResult call_mkdir(SystemCall& call) {
    return mkdir(call, kHere, 0);
}
SYSTEM_CALL(39, mkdir, call_mkdir, CallTraits::plain());
CallResult call_mkdirat(SystemCall& call) {
    return mkdir(call, call.signed_argument(0), 1);
}
SYSTEM_CALL(296, mkdirat, call_mkdirat, CallTraits::plain());

CallResult mknod(const SystemCall& call, std::int32_t at, unsigned first) {
    const UserPath path = TRY(path_of(call, first));
    return done(
        files_of(call).mknod(at, path.text(), call.argument(first + 1), call.argument(first + 2)));
}
CallResult call_mknod(SystemCall& call) {
    return mknod(call, kHere, 0);
}
SYSTEM_CALL(14, mknod, call_mknod, CallTraits::plain());
CallResult call_mknodat(SystemCall& call) {
    return mknod(call, call.signed_argument(0), 1);
}
SYSTEM_CALL(297, mknodat, call_mknodat, CallTraits::plain());

CallResult call_rmdir(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    return done(files_of(call).rmdir(kHere, path.text()));
}
SYSTEM_CALL(40, rmdir, call_rmdir, CallTraits::plain());

CallResult call_unlink(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    return done(files_of(call).unlink(kHere, path.text()));
}
SYSTEM_CALL(10, unlink, call_unlink, CallTraits::plain());

CallResult call_unlinkat(SystemCall& call) {
    const std::uint32_t flags = call.argument(2);
    if ((flags & ~abi::kAtRemoveDirectory) != 0) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, 1));
    const std::int32_t at = call.signed_argument(0);
    return done(flags != 0 ? files_of(call).rmdir(at, path.text())
                           : files_of(call).unlink(at, path.text()));
}
SYSTEM_CALL(301, unlinkat, call_unlinkat, CallTraits::plain());

CallResult rename(const SystemCall& call, std::uint32_t flags) {
    const UserPath from = TRY(path_of(call, 1));
    const UserPath to = TRY(path_of(call, 3));
    return done(files_of(call).rename(call.signed_argument(0), from.text(), call.signed_argument(2),
                                      to.text(), flags));
}
CallResult call_rename(SystemCall& call) {
    const UserPath from = TRY(path_of(call, 0));
    const UserPath to = TRY(path_of(call, 1));
    return done(files_of(call).rename(kHere, from.text(), kHere, to.text()));
}
SYSTEM_CALL(38, rename, call_rename, CallTraits::plain());
CallResult call_renameat(SystemCall& call) {
    return rename(call, 0);
}
SYSTEM_CALL(302, renameat, call_renameat, CallTraits::plain());
CallResult call_renameat2(SystemCall& call) {
    return rename(call, call.argument(4));
}
SYSTEM_CALL(353, renameat2, call_renameat2, CallTraits::plain());

CallResult call_link(SystemCall& call) {
    const UserPath from = TRY(path_of(call, 0));
    const UserPath to = TRY(path_of(call, 1));
    return done(files_of(call).link(kHere, from.text(), kHere, to.text()));
}
SYSTEM_CALL(9, link, call_link, CallTraits::plain());

CallResult call_linkat(SystemCall& call) {
    const std::uint32_t flags = call.argument(4);
    if ((flags & ~abi::kAtFollow) != 0) return Error::InvalidArgument;
    const UserPath from = TRY(path_of(call, 1));
    const UserPath to = TRY(path_of(call, 3));
    return done(files_of(call).link(call.signed_argument(0), from.text(), call.signed_argument(2),
                                    to.text(), flags));
}
SYSTEM_CALL(303, linkat, call_linkat, CallTraits::plain());

CallResult symlink(const SystemCall& call, std::int32_t at, unsigned path_index) {
    const UserPath target = TRY(path_of(call, 0));
    const UserPath path = TRY(path_of(call, path_index));
    return done(files_of(call).symlink(target.text(), at, path.text()));
}
CallResult call_symlink(SystemCall& call) {
    return symlink(call, kHere, 1);
}
SYSTEM_CALL(83, symlink, call_symlink, CallTraits::plain());
CallResult call_symlinkat(SystemCall& call) {
    return symlink(call, call.signed_argument(1), 2);
}
SYSTEM_CALL(304, symlinkat, call_symlinkat, CallTraits::plain());

CallResult readlink(const SystemCall& call, std::int32_t at, unsigned first) {
    const std::int32_t size = call.signed_argument(first + 2);
    if (size <= 0) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, first));
    const mm::OwnedFrame frame = TRY(take_frame(call));
    const auto room = static_cast<std::uint32_t>(size) < mm::kPageSize
                          ? static_cast<std::uint32_t>(size)
                          : mm::kPageSize;
    auto* const target = reinterpret_cast<char*>(mm::frame_bytes(frame.number()));
    const auto length = TRY(files_of(call).readlink(at, path.text(), {target, room}));
    TRY(user::copy_to(call.pointer(first + 1), target, length));
    return length;
}
CallResult call_readlink(SystemCall& call) {
    return readlink(call, kHere, 0);
}
SYSTEM_CALL(85, readlink, call_readlink, CallTraits::plain());
CallResult call_readlinkat(SystemCall& call) {
    return readlink(call, call.signed_argument(0), 1);
}
SYSTEM_CALL(305, readlinkat, call_readlinkat, CallTraits::plain());

// --- Where a process is --------------------------------------------------------------------------

CallResult call_chdir(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    return done(files_of(call).chdir(path.text()));
}
SYSTEM_CALL(12, chdir, call_chdir, CallTraits::plain());

CallResult call_fchdir(SystemCall& call) {
    return done(files_of(call).fchdir(call.argument(0)));
}
SYSTEM_CALL(133, fchdir, call_fchdir, CallTraits::plain());

CallResult call_chroot(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    return done(files_of(call).chroot(path.text()));
}
SYSTEM_CALL(61, chroot, call_chroot, CallTraits::plain());

// The answer counts the NUL.
CallResult call_getcwd(SystemCall& call) {
    const mm::OwnedFrame frame = TRY(take_frame(call));
    auto* const room = reinterpret_cast<char*>(mm::frame_bytes(frame.number()));
    const auto path = TRY(files_of(call).getcwd({room, mm::kPageSize}));
    const auto length = static_cast<std::uint32_t>(path.size());
    if (length + 1 > call.argument(1)) return call.fail_with(abi::kErange);
    TRY(user::copy_to(call.pointer(0), path.data(), length));
    TRY(user::write(call.pointer(0) + length, '\0'));
    return length + 1;
}
SYSTEM_CALL(183, getcwd, call_getcwd, CallTraits::plain());

CallResult call_umask(SystemCall& call) {
    return files_of(call).umask(call.argument(0));
}
SYSTEM_CALL(60, umask, call_umask, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
