// Rows of the calls about attributes: stat(2), access(2), chmod(2), chown(2), utimensat(2),
// statfs(2) in all the forms that i386 has grown. (Linux: fs/stat.c, fs/open.c, fs/utimes.c,
// fs/statfs.c.)
#include "fs/abi_structures.h"
#include "kernel/abi/time.h"
#include "kernel/call_support.h"
#include "kernel/process/identity.h"
#include "kernel/process/time_values.h"

namespace quire::kernel {
namespace {

constexpr std::int32_t kHere = abi::kAtWorkingDirectory;
constexpr std::uint32_t kStatFlags =
    abi::kAtNoFollow | abi::kAtNoAutomount | abi::kAtEmptyPath | abi::kAtSyncType;

// --- stat ----------------------------------------------------------------------------------------

Result<fs::Status> status_of(const SystemCall& call, std::int32_t at, unsigned path_index,
                             std::uint32_t flags) {
    const UserPath path = TRY(path_of(call, path_index));
    return files_of(call).stat(at, path.text(), flags & (abi::kAtNoFollow | abi::kAtEmptyPath));
}

CallResult tell64(const SystemCall& call, unsigned index, const Result<fs::Status>& status) {
    if (!status.ok()) return status.error();
    return done(user::write(call.pointer(index), fs::stat64_of(status.value())));
}
CallResult call_stat64(SystemCall& call) {
    return tell64(call, 1, status_of(call, kHere, 0, 0));
}
SYSTEM_CALL(195, stat64, call_stat64, CallTraits::plain());
CallResult call_lstat64(SystemCall& call) {
    return tell64(call, 1, status_of(call, kHere, 0, abi::kAtNoFollow));
}
SYSTEM_CALL(196, lstat64, call_lstat64, CallTraits::plain());
CallResult call_fstat64(SystemCall& call) {
    return tell64(call, 1, files_of(call).fstat(call.argument(0)));
}
SYSTEM_CALL(197, fstat64, call_fstat64, CallTraits::plain());
CallResult call_fstatat64(SystemCall& call) {
    const std::uint32_t flags = call.argument(3);
    if ((flags & ~kStatFlags) != 0) return Error::InvalidArgument;
    return tell64(call, 2, status_of(call, call.signed_argument(0), 1, flags));
}
SYSTEM_CALL(300, fstatat64, call_fstatat64, CallTraits::plain());

CallResult tell(const SystemCall& call, const Result<fs::Status>& status) {
    if (!status.ok()) return status.error();
    const abi::Stat told = TRY(fs::stat_of(status.value()));
    return done(user::write(call.pointer(1), told));
}
CallResult call_stat(SystemCall& call) {
    return tell(call, status_of(call, kHere, 0, 0));
}
SYSTEM_CALL(106, stat, call_stat, CallTraits::plain());
CallResult call_lstat(SystemCall& call) {
    return tell(call, status_of(call, kHere, 0, abi::kAtNoFollow));
}
SYSTEM_CALL(107, lstat, call_lstat, CallTraits::plain());
CallResult call_fstat(SystemCall& call) {
    return tell(call, files_of(call).fstat(call.argument(0)));
}
SYSTEM_CALL(108, fstat, call_fstat, CallTraits::plain());

// at, path, flags, mask, answer. It always tells all that it knows.
CallResult call_statx(SystemCall& call) {
    const std::uint32_t flags = call.argument(2);
    if ((call.argument(3) & abi::kStatxReserved) != 0) return Error::InvalidArgument;
    if ((flags & abi::kAtSyncType) == abi::kAtSyncType) return Error::InvalidArgument;
    if ((flags & ~kStatFlags) != 0) return Error::InvalidArgument;
    const auto status = TRY(status_of(call, call.signed_argument(0), 1, flags));
    return done(user::write(call.pointer(4), fs::statx_of(status)));
}
SYSTEM_CALL(383, statx, call_statx, CallTraits::plain());

// --- access, chmod, chown ------------------------------------------------------------------------

CallResult access(const SystemCall& call, std::int32_t at, unsigned first, std::uint32_t flags) {
    constexpr std::uint32_t kFlags = abi::kAtEffectiveIds | abi::kAtNoFollow | abi::kAtEmptyPath;
    constexpr std::uint32_t kModes = abi::kAccessRead | abi::kAccessWrite | abi::kAccessExecute;
    const std::uint32_t mode = call.argument(first + 1);
    if ((mode & ~kModes) != 0 || (flags & ~kFlags) != 0) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, first));
    return done(files_of(call).access(at, path.text(), mode, flags));
}
CallResult call_access(SystemCall& call) {
    return access(call, kHere, 0, 0);
}
SYSTEM_CALL(33, access, call_access, CallTraits::plain());
CallResult call_faccessat(SystemCall& call) {
    return access(call, call.signed_argument(0), 1, 0);
}
SYSTEM_CALL(307, faccessat, call_faccessat, CallTraits::plain());
CallResult call_faccessat2(SystemCall& call) {
    return access(call, call.signed_argument(0), 1, call.argument(3));
}
SYSTEM_CALL(439, faccessat2, call_faccessat2, CallTraits::plain());

CallResult chmod(const SystemCall& call, std::int32_t at, unsigned first) {
    const UserPath path = TRY(path_of(call, first));
    return done(files_of(call).chmod(at, path.text(), call.argument(first + 1)));
}
CallResult call_chmod(SystemCall& call) {
    return chmod(call, kHere, 0);
}
SYSTEM_CALL(15, chmod, call_chmod, CallTraits::plain());
CallResult call_fchmodat(SystemCall& call) {
    return chmod(call, call.signed_argument(0), 1);
}
SYSTEM_CALL(306, fchmodat, call_fchmodat, CallTraits::plain());
CallResult call_fchmod(SystemCall& call) {
    return done(files_of(call).fchmod(call.argument(0), call.argument(1)));
}
SYSTEM_CALL(94, fchmod, call_fchmod, CallTraits::plain());

CallResult chown(const SystemCall& call, std::int32_t at, unsigned first, std::uint32_t flags) {
    if ((flags & ~(abi::kAtNoFollow | abi::kAtEmptyPath)) != 0) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, first));
    return done(files_of(call).chown(at, path.text(), call.argument(first + 1),
                                     call.argument(first + 2), flags));
}
CallResult call_chown32(SystemCall& call) {
    return chown(call, kHere, 0, 0);
}
SYSTEM_CALL(212, chown32, call_chown32, CallTraits::plain());
CallResult call_lchown32(SystemCall& call) {
    return chown(call, kHere, 0, abi::kAtNoFollow);
}
SYSTEM_CALL(198, lchown32, call_lchown32, CallTraits::plain());
CallResult call_fchownat(SystemCall& call) {
    return chown(call, call.signed_argument(0), 1, call.argument(4));
}
SYSTEM_CALL(298, fchownat, call_fchownat, CallTraits::plain());
CallResult call_fchown32(SystemCall& call) {
    return done(files_of(call).fchown(call.argument(0), call.argument(1), call.argument(2)));
}
SYSTEM_CALL(207, fchown32, call_fchown32, CallTraits::plain());

// The same with ids of 16 bits.
CallResult narrow_chown(const SystemCall& call, std::uint32_t flags) {
    const UserPath path = TRY(path_of(call, 0));
    return done(files_of(call).chown(kHere, path.text(), widened_id(call.argument(1)),
                                     widened_id(call.argument(2)), flags));
}
CallResult call_chown(SystemCall& call) {
    return narrow_chown(call, 0);
}
SYSTEM_CALL(182, chown, call_chown, CallTraits::plain());
CallResult call_lchown(SystemCall& call) {
    return narrow_chown(call, abi::kAtNoFollow);
}
SYSTEM_CALL(16, lchown, call_lchown, CallTraits::plain());
CallResult call_fchown(SystemCall& call) {
    return done(files_of(call).fchown(call.argument(0), widened_id(call.argument(1)),
                                      widened_id(call.argument(2))));
}
SYSTEM_CALL(95, fchown, call_fchown, CallTraits::plain());

// --- utimes --------------------------------------------------------------------------------------

// As programs hand the two times in.
template <typename Time>
struct TimePair {
    Time accessed, modified;
};

struct TimeChanges {
    fs::TimeChange accessed, modified;
    [[nodiscard]] bool changes_nothing() const {
        return accessed.kind == fs::TimeChange::Kind::Omit &&
               modified.kind == fs::TimeChange::Kind::Omit;
    }
};

Result<fs::TimeChange> change_of(std::int64_t seconds, std::uint32_t nanoseconds) {
    using Kind = fs::TimeChange::Kind;
    if (nanoseconds == abi::kTimeNow) return fs::TimeChange{Kind::Now, {}};
    if (nanoseconds == abi::kTimeOmit) return fs::TimeChange{Kind::Omit, {}};
    if (nanoseconds >= kNanosecondsPerSecond) return Error::InvalidArgument;
    // What a file system cannot hold becomes the nearest that it can.
    constexpr std::int64_t kLast = 0xFFFFFFFF;
    if (seconds < 0) seconds = 0;
    if (seconds > kLast) seconds = kLast;
    return fs::TimeChange{Kind::Given, {static_cast<std::uint32_t>(seconds), nanoseconds}};
}

template <typename Spec>
Result<TimeChanges> changes_at(mm::VirtAddr times) {
    if (times == mm::VirtAddr()) return TimeChanges{};
    using Specs = TimePair<Spec>;
    const auto specs = TRY(user::read<Specs>(times));
    TimeChanges changes;
    changes.accessed = TRY(
        change_of(specs.accessed.seconds, static_cast<std::uint32_t>(specs.accessed.nanoseconds)));
    changes.modified = TRY(
        change_of(specs.modified.seconds, static_cast<std::uint32_t>(specs.modified.nanoseconds)));
    return changes;
}

// at, path (0: the descriptor `at` itself), times (0: now), flags.
CallResult utimensat(const SystemCall& call, const TimeChanges& times) {
    const std::uint32_t flags = call.argument(3);
    if (times.changes_nothing()) return 0U;
    if (call.pointer(1) == mm::VirtAddr() && call.signed_argument(0) != kHere) {
        if (flags != 0) return Error::InvalidArgument;
        return done(files_of(call).futimes(call.argument(0), times.accessed, times.modified));
    }
    if ((flags & ~(abi::kAtNoFollow | abi::kAtEmptyPath)) != 0) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, 1));
    return done(files_of(call).utimes(call.signed_argument(0), path.text(), times.accessed,
                                      times.modified, flags));
}
CallResult call_utimensat(SystemCall& call) {
    return utimensat(call, TRY(changes_at<abi::TimeSpec>(call.pointer(2))));
}
SYSTEM_CALL(320, utimensat, call_utimensat, CallTraits::plain());
CallResult call_utimensat_time64(SystemCall& call) {
    return utimensat(call, TRY(changes_at<abi::TimeSpec64>(call.pointer(2))));
}
SYSTEM_CALL(412, utimensat_time64, call_utimensat_time64, CallTraits::plain());

// The older calls: seconds only, or microseconds; 0 for the times is now.
CallResult change_times(const SystemCall& call, std::int32_t at, unsigned path_index,
                        const TimeChanges& times) {
    const UserPath path = TRY(path_of(call, path_index));
    return done(files_of(call).utimes(at, path.text(), times.accessed, times.modified));
}
CallResult call_utime(SystemCall& call) {
    TimeChanges times;
    if (call.pointer(1) != mm::VirtAddr()) {
        using Seconds = TimePair<std::int32_t>;
        const auto seconds = TRY(user::read<Seconds>(call.pointer(1)));
        times.accessed = TRY(change_of(seconds.accessed, 0));
        times.modified = TRY(change_of(seconds.modified, 0));
    }
    return change_times(call, kHere, 0, times);
}
SYSTEM_CALL(30, utime, call_utime, CallTraits::plain());

Result<fs::TimeChange> change_of(const abi::TimeValue& value) {
    constexpr std::int32_t kSecond = 1'000'000;
    if (value.microseconds < 0 || value.microseconds >= kSecond) return Error::InvalidArgument;
    return change_of(value.seconds, static_cast<std::uint32_t>(value.microseconds) * 1000);
}
Result<TimeChanges> changes_in_microseconds(mm::VirtAddr times) {
    TimeChanges changes;
    if (times == mm::VirtAddr()) return changes;
    using Values = TimePair<abi::TimeValue>;
    const auto values = TRY(user::read<Values>(times));
    changes.accessed = TRY(change_of(values.accessed));
    changes.modified = TRY(change_of(values.modified));
    return changes;
}
CallResult call_utimes(SystemCall& call) {
    return change_times(call, kHere, 0, TRY(changes_in_microseconds(call.pointer(1))));
}
SYSTEM_CALL(271, utimes, call_utimes, CallTraits::plain());
CallResult call_futimesat(SystemCall& call) {
    return change_times(call, call.signed_argument(0), 1,
                        TRY(changes_in_microseconds(call.pointer(2))));
}
SYSTEM_CALL(299, futimesat, call_futimesat, CallTraits::plain());

// --- statfs --------------------------------------------------------------------------------------

using Figures = Result<fs::FileCalls::MountFigures>;

CallResult tell_figures64(const SystemCall& call, const Figures& figures) {
    if (!figures.ok()) return figures.error();
    return done(user::write(call.pointer(2), fs::statfs64_of(figures.value())));
}
CallResult call_statfs64(SystemCall& call) {
    if (call.argument(1) != sizeof(abi::Statfs64)) return Error::InvalidArgument;
    const UserPath path = TRY(path_of(call, 0));
    return tell_figures64(call, files_of(call).statfs(path.text()));
}
SYSTEM_CALL(268, statfs64, call_statfs64, CallTraits::plain());
CallResult call_fstatfs64(SystemCall& call) {
    if (call.argument(1) != sizeof(abi::Statfs64)) return Error::InvalidArgument;
    return tell_figures64(call, files_of(call).fstatfs(call.argument(0)));
}
SYSTEM_CALL(269, fstatfs64, call_fstatfs64, CallTraits::plain());

CallResult tell_figures(const SystemCall& call, const Figures& figures) {
    if (!figures.ok()) return figures.error();
    const abi::Statfs told = TRY(fs::statfs_of(figures.value()));
    return done(user::write(call.pointer(1), told));
}
CallResult call_statfs(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    return tell_figures(call, files_of(call).statfs(path.text()));
}
SYSTEM_CALL(99, statfs, call_statfs, CallTraits::plain());
CallResult call_fstatfs(SystemCall& call) {
    return tell_figures(call, files_of(call).fstatfs(call.argument(0)));
}
SYSTEM_CALL(100, fstatfs, call_fstatfs, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
