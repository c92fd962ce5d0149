// The part of the shell that does < > >> <> >& << and undoes them.
#include <algorithm>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/calls.h"
#include "user/sh/characters.h"
#include "user/sh/shell.h"
#include "user/signal_names.h"

namespace quire::shell {

long SavedFiles::save(int file) {
    const long copy = sys::move_away(file);
    if (copy < 0 && copy != -abi::kEbadf) return copy;
    remember(file, copy);
    return 0;
}

void SavedFiles::remember(int file, long copy) {
    first_ = new (store_.take(sizeof(Saved))) Saved{first_, file, copy};
    ++count_;
}

void SavedFiles::restore_to(std::size_t count) {
    while (count_ > count) {
        Saved* const saved = first_;
        if (saved->copy < 0) {
            sys::close(saved->file);
        } else {
            sys::duplicate_to(static_cast<int>(saved->copy), saved->file);
            sys::close(static_cast<int>(saved->copy));
        }
        first_ = saved->next;
        --count_;
        store_.give(saved);
    }
}

/// They are closed when a program starts, and otherwise do no harm.
void SavedFiles::forget() {
    first_ = nullptr;
    count_ = 0;
}

bool Shell::redirect(const Redirection* redirections, bool saves) {
    for (const Redirection* one = redirections; one != nullptr; one = one->next)
        if (!redirect_one(*one, saves)) return false;
    return true;
}

bool Shell::redirect_one(const Redirection& redirection, bool saves) {
    const char* const target = expander().text(redirection.target);
    if (is_stopping()) return false;
    const bool duplicates = redirection.kind == Redirection::Kind::Duplicate;
    long error = 0;
    if (duplicates && strcmp(target, "-") == 0) {
        if (saves) error = saved_.save(redirection.file);
        if (error == 0) sys::close(redirection.file);
    } else {
        const long from = open_target(redirection, target);
        error = from < 0
                    ? from
                    : put_in_place(static_cast<int>(from), redirection.file, !duplicates, saves);
    }
    if (error >= 0) return true;
    complain("%s: %s", target, error_text(error));
    status_ = 2;
    return false;
}

/// Makes `file` mean what `from` does; that was opened for this if `is_new`. 0 or -errno.
long Shell::put_in_place(int from, int file, bool is_new, bool saves) {
    if (from == file) {
        // A file that was opened just where it should be was closed before.
        if (saves && is_new) saved_.note_closed(file);
        return 0;
    }
    long error = saves ? saved_.save(file) : 0;
    if (error == 0) error = std::min(0L, sys::duplicate_to(from, file));
    if (is_new) sys::close(from);
    return error;
}

/// A descriptor that is open on it; for >& the one that it names.
long Shell::open_target(const Redirection& redirection, const char* target) {
    using Kind = Redirection::Kind;
    switch (redirection.kind) {
    case Kind::Duplicate:
        if (!is_digits(target)) return -abi::kEbadf;
        return sys::control(to_number(target), abi::kFcntlGetDescriptorFlags, 0) < 0
                   ? -abi::kEbadf
                   : to_number(target);
    case Kind::Read:
        return sys::open(target, abi::kOpenReadOnly);
    case Kind::Write:
        return open_to_write(target, !options_.is_on('C'));
    case Kind::Clobber:
        return open_to_write(target, true);
    case Kind::Append:
        return sys::open(target, abi::kOpenWriteOnly | abi::kOpenCreate | abi::kOpenAppend, 0666);
    case Kind::ReadWrite:
        return sys::open(target, abi::kOpenReadWrite | abi::kOpenCreate, 0666);
    case Kind::HereDocument:
        return open_here_document(target);
    }
    return -abi::kEinval;
}

/// What clobbers empties a file that is there; the other way it must not be there, or be a device.
long Shell::open_to_write(const char* path, bool clobbers) {
    constexpr std::uint32_t kWay = abi::kOpenWriteOnly | abi::kOpenCreate;
    if (clobbers) return sys::open(path, kWay | abi::kOpenTruncate, 0666);
    abi::Stat64 status{};
    const bool is_there = sys::file_status(path, status) == 0;
    if (!is_there) return sys::open(path, kWay | abi::kOpenExclusive, 0666);
    if ((status.mode & abi::kModeKind) == abi::kModeFile) return -abi::kEexist;
    return sys::open(path, abi::kOpenWriteOnly);
}

/// A pipe with the text in it; what is too long for the pipe a child of a child writes, whom nobody
/// has to wait for.
long Shell::open_here_document(std::string_view text) {
    int ends[2] = {-1, -1};
    const long error = sys::pipe(ends, 0);
    if (error < 0) return error;
    long child = 0;
    if (text.size() <= abi::kPipeAtomic) {
        write_all(ends[1], text.data(), text.size());
    } else {
        child = sys::fork();
        if (child == 0) {
            if (sys::fork() == 0) {
                sys::close(ends[0]);
                sys::set_signal(kSignalPipe, sys::kDefaultAction);
                write_all(ends[1], text.data(), text.size());
            }
            sys::exit(0);
        }
        int bits = 0;
        while (child > 0 && sys::wait_for(child, &bits, 0) == -abi::kEintr) {
        }
    }
    sys::close(ends[1]);
    if (child >= 0) return ends[0];
    sys::close(ends[0]);
    return child;
}

}  // namespace quire::shell
