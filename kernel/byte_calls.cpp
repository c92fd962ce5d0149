// Rows of the calls that move bytes: read(2), write(2), lseek(2), fsync(2), getdents64(2), ...
//
// The order of errors is Linux's: the descriptor, what it was opened for, the buffer's place, and
// only then what is done. (Linux: fs/read_write.c, fs/sync.c, fs/open.c.)
#include "kernel/abi/signal.h"
#include "kernel/call_support.h"
#include "kernel/process/user_bytes.h"

namespace quire::kernel {
namespace {

// The open file of argument 0, for the length of the call.
Result<fs::OpenFile*> readable(const SystemCall& call) {
    fs::OpenFile* const file = call.thread().files->table.find(call.argument(0));
    if (file == nullptr || !file->mode().read) return Error::BadDescriptor;
    return file;
}
Result<fs::OpenFile*> writable(const SystemCall& call) {
    fs::OpenFile* const file = call.thread().files->table.find(call.argument(0));
    if (file == nullptr || !file->mode().write) return Error::BadDescriptor;
    return file;
}

void send_to_self(SystemCall& call, SignalNumber signal) {
    call.processes().send_to_thread(call.thread(), from_caller(call, signal, abi::kSiUser));
}

// Who writes where nobody will read, or more than a file may have, is told by a signal, too.
CallResult finish_write(SystemCall& call, const fs::WriteOutcome& outcome) {
    if (outcome.broken_pipe) send_to_self(call, abi::kSigPipe);
    if (outcome.over_limit) send_to_self(call, abi::kSigFileSize);
    return outcome.result;
}

CallResult finish_resize(SystemCall& call, std::int64_t length, const Result<void>& result) {
    const bool over_limit =
        static_cast<std::uint64_t>(length) > call.process().credentials.most_file_bytes;
    if (!result.ok() && result.error() == Error::FileTooBig && over_limit)
        send_to_self(call, abi::kSigFileSize);
    return done(result);
}

CallResult read_into(SystemCall& call, const fs::FileRef& file, std::uint32_t bytes,
                     fs::ByteSink& to) {
    return file->read(bytes, to, call.processes().sleeper());
}

CallResult write_from(SystemCall& call, const fs::FileRef& file, std::uint32_t bytes,
                      fs::ByteSource& from) {
    return finish_write(
        call, file->write(bytes, from, call.processes().sleeper(), call.process().credentials));
}

CallResult call_read(SystemCall& call) {
    const std::uint32_t bytes = call.argument(2);
    const fs::FileRef file(*TRY(readable(call)));
    TRY(check_buffer(call.pointer(1), bytes));
    UserSink to(call.pointer(1));
    return read_into(call, file, bytes, to);
}
SYSTEM_CALL(3, read, call_read, CallTraits::restarting());

CallResult call_write(SystemCall& call) {
    const std::uint32_t bytes = call.argument(2);
    const fs::FileRef file(*TRY(writable(call)));
    TRY(check_buffer(call.pointer(1), bytes));
    UserSource from(call.pointer(1));
    return write_from(call, file, bytes, from);
}
SYSTEM_CALL(4, write, call_write, CallTraits::restarting());

CallResult call_readv(SystemCall& call) {
    const fs::FileRef file(*TRY(readable(call)));
    UserVector to = TRY(UserVector::create(call.pointer(1), call.argument(2)));
    return read_into(call, file, to.bytes(), to);
}
SYSTEM_CALL(145, readv, call_readv, CallTraits::restarting());

CallResult call_writev(SystemCall& call) {
    const fs::FileRef file(*TRY(writable(call)));
    UserVector from = TRY(UserVector::create(call.pointer(1), call.argument(2)));
    return write_from(call, file, from.bytes(), from);
}
SYSTEM_CALL(146, writev, call_writev, CallTraits::restarting());

std::int64_t offset_of(const SystemCall& call, unsigned index) {
    return static_cast<std::int64_t>(call.wide_argument(index));
}

// The order of pread and pwrite: a negative offset, the descriptor, whether it can seek, its mode,
// the buffer.
Result<void> check_place(const SystemCall& call, std::int64_t offset) {
    if (offset < 0) return Error::InvalidArgument;
    const fs::FileRef file = TRY(files_of(call).file(call.argument(0)));
    return file->io()->seeking() == fs::Seeking::Refused ? Error::NotSeekable : Result<void>();
}

CallResult call_pread64(SystemCall& call) {
    const std::int64_t offset = offset_of(call, 3);
    TRY(check_place(call, offset));
    TRY(readable(call));
    TRY(check_buffer(call.pointer(1), call.argument(2)));
    UserSink to(call.pointer(1));
    return files_of(call).pread(call.argument(0), call.argument(2), offset, to);
}
SYSTEM_CALL(180, pread64, call_pread64, CallTraits::restarting());

CallResult call_pwrite64(SystemCall& call) {
    const std::int64_t offset = offset_of(call, 3);
    TRY(check_place(call, offset));
    TRY(writable(call));
    TRY(check_buffer(call.pointer(1), call.argument(2)));
    UserSource from(call.pointer(1));
    return finish_write(call,
                        files_of(call).pwrite(call.argument(0), call.argument(2), offset, from));
}
SYSTEM_CALL(181, pwrite64, call_pwrite64, CallTraits::restarting());

CallResult call_preadv(SystemCall& call) {
    const std::int64_t offset = offset_of(call, 3);
    TRY(check_place(call, offset));
    TRY(readable(call));
    UserVector to = TRY(UserVector::create(call.pointer(1), call.argument(2)));
    return files_of(call).pread(call.argument(0), to.bytes(), offset, to);
}
SYSTEM_CALL(333, preadv, call_preadv, CallTraits::restarting());

CallResult call_pwritev(SystemCall& call) {
    const std::int64_t offset = offset_of(call, 3);
    TRY(check_place(call, offset));
    TRY(writable(call));
    UserVector from = TRY(UserVector::create(call.pointer(1), call.argument(2)));
    return finish_write(call, files_of(call).pwrite(call.argument(0), from.bytes(), offset, from));
}
SYSTEM_CALL(334, pwritev, call_pwritev, CallTraits::restarting());

// What a program will do with a file: how much is read ahead. To want or not to want a part of it
// changes nothing. (Linux: mm/fadvise.c.)
CallResult advise(SystemCall& call, std::uint32_t advice) {
    const fs::FileRef file = TRY(files_of(call).file(call.argument(0)));
    if (file->io()->kind() == fs::NodeKind::Pipe) return Error::NotSeekable;
    switch (advice) {
    case abi::kAdviceNormal:
        file->read_ahead().set_advice(mm::Advice::Normal);
        return 0U;
    case abi::kAdviceRandom:
        file->read_ahead().set_advice(mm::Advice::Random);
        return 0U;
    case abi::kAdviceSequential:
        file->read_ahead().set_advice(mm::Advice::Sequential);
        return 0U;
    case abi::kAdviceWillNeed:
    case abi::kAdviceDontNeed:
    case abi::kAdviceNoReuse:
        return 0U;
    default:
        return Error::InvalidArgument;
    }
}
// fd, offset in two registers, length in one or two, advice.
CallResult call_fadvise64(SystemCall& call) {
    return advise(call, call.argument(4));
}
SYSTEM_CALL(250, fadvise64, call_fadvise64, CallTraits::plain());
CallResult call_fadvise64_64(SystemCall& call) {
    return advise(call, call.argument(5));
}
SYSTEM_CALL(272, fadvise64_64, call_fadvise64_64, CallTraits::plain());

// The answer has 31 bits; where the file is now may have more.
CallResult call_lseek(SystemCall& call) {
    const auto place =
        TRY(files_of(call).lseek(call.argument(0), call.signed_argument(1), call.argument(2)));
    if (place > 0x7FFFFFFF) return Error::Overflow;
    return static_cast<std::uint32_t>(place);
}
SYSTEM_CALL(19, lseek, call_lseek, CallTraits::plain());

// fd, the high half, the low half, where the answer goes, whence.
CallResult call_llseek(SystemCall& call) {
    const std::uint64_t offset = std::uint64_t{call.argument(1)} << 32 | call.argument(2);
    const auto place = TRY(files_of(call).lseek(call.argument(0), static_cast<std::int64_t>(offset),
                                                call.argument(4)));
    return done(user::write(call.pointer(3), place));
}
SYSTEM_CALL(140, _llseek, call_llseek, CallTraits::plain());

// --- From file to file ---------------------------------------------------------------------------

// Bytes go through a frame of the kernel. What could not be written was not read, as far as the
// source has an offset to be set back.
CallResult copy_between(SystemCall& call, fs::OpenFile& from, std::uint64_t& offset,
                        std::uint32_t bytes) {
    const mm::OwnedFrame frame = TRY(take_frame(call));
    std::byte* const room = mm::frame_bytes(frame.number());
    fs::FileCalls files = files_of(call);
    std::uint32_t done = 0;
    while (done < bytes) {
        const std::uint32_t wanted = bytes - done < mm::kPageSize ? bytes - done : mm::kPageSize;
        fs::MemorySink sink({room, wanted});
        const CallResult got = from.io()->read(offset, wanted, sink, from.read_ahead());
        if (!got.ok() && done == 0) return got.error();
        if (!got.ok() || got.value() == 0) break;
        fs::MemorySource source({room, got.value()});
        const CallResult put =
            finish_write(call, files.write(call.argument(0), got.value(), source));
        if (!put.ok() && done == 0) return put.error();
        if (!put.ok()) break;
        offset += put.value();
        done += put.value();
        if (put.value() < got.value()) break;
    }
    return done;
}

// to, from, where the offset stands (0: the file's own), bytes. (Linux: do_sendfile.)
template <typename Offset>
CallResult sendfile(SystemCall& call) {
    fs::FileCalls files = files_of(call);
    const fs::FileRef from = TRY(files.file(call.argument(1)));
    if (!from->mode().read) return Error::BadDescriptor;
    TRY(writable(call));
    const mm::VirtAddr place = call.pointer(2);
    std::uint64_t offset = from->offset();
    if (place != mm::VirtAddr()) {
        const auto given = TRY(user::read<Offset>(place));
        if (given < 0) return Error::InvalidArgument;
        offset = static_cast<std::uint64_t>(given);
    }
    if (from->io()->kind() != fs::NodeKind::File) return Error::InvalidArgument;
    constexpr std::uint32_t kMost = fs::OpenFile::kMostBytes;
    const std::uint32_t bytes = call.argument(3) < kMost ? call.argument(3) : kMost;
    const std::uint32_t sent = TRY(copy_between(call, *from, offset, bytes));
    if (place != mm::VirtAddr()) {
        TRY(user::write(place, static_cast<Offset>(offset)));
    } else {
        TRY(from->seek(static_cast<std::int64_t>(offset), abi::kSeekSet));
    }
    return sent;
}
SYSTEM_CALL(187, sendfile, sendfile<std::int32_t>, CallTraits::plain());
SYSTEM_CALL(239, sendfile64, sendfile<std::int64_t>, CallTraits::plain());

CallResult call_getdents64(SystemCall& call) {
    const fs::FileRef directory = TRY(files_of(call).file(call.argument(0)));
    UserSink to(call.pointer(1));
    return directory->read_directory(call.argument(2), to);
}
SYSTEM_CALL(220, getdents64, call_getdents64, CallTraits::plain());

CallResult call_fsync(SystemCall& call) {
    return done(files_of(call).fsync(call.argument(0), false));
}
SYSTEM_CALL(118, fsync, call_fsync, CallTraits::plain());

CallResult call_fdatasync(SystemCall& call) {
    return done(files_of(call).fsync(call.argument(0), true));
}
SYSTEM_CALL(148, fdatasync, call_fdatasync, CallTraits::plain());

// It has no error to tell; who must know asks fsync.
CallResult call_sync(SystemCall& call) {
    (void)files_of(call).sync().ok();
    return 0U;
}
SYSTEM_CALL(36, sync, call_sync, CallTraits::plain());

CallResult call_truncate(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    const std::int64_t length = call.signed_argument(1);
    return finish_resize(call, length, files_of(call).truncate(path.text(), length));
}
SYSTEM_CALL(92, truncate, call_truncate, CallTraits::plain());

CallResult call_truncate64(SystemCall& call) {
    const UserPath path = TRY(path_of(call, 0));
    const std::int64_t length = offset_of(call, 1);
    return finish_resize(call, length, files_of(call).truncate(path.text(), length));
}
SYSTEM_CALL(193, truncate64, call_truncate64, CallTraits::plain());

CallResult call_ftruncate(SystemCall& call) {
    const std::int64_t length = call.signed_argument(1);
    return finish_resize(call, length, files_of(call).ftruncate(call.argument(0), length));
}
SYSTEM_CALL(93, ftruncate, call_ftruncate, CallTraits::plain());

CallResult call_ftruncate64(SystemCall& call) {
    const std::int64_t length = offset_of(call, 1);
    return finish_resize(call, length, files_of(call).ftruncate(call.argument(0), length));
}
SYSTEM_CALL(194, ftruncate64, call_ftruncate64, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
