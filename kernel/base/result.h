// Result<T>: a value, or the Error that took its place. The kernel has no exceptions.
//
//     Result<OwnedFrame> frame = allocator.allocate();     // ask ok() before value()
//     OwnedFrame frame = TRY(allocator.allocate());        // or hand the error to our caller
//
// Error names causes in our own words; the errno of Linux exists only at the system-call edge.
// A Result that is dropped unread is a compile-time warning, hence an error.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "kernel/base/assert.h"

namespace quire {

enum class Error : unsigned char {
    OutOfMemory,      // no frame, no heap block, no room in the address space
    InvalidArgument,  // a value outside what the operation accepts
    AlreadyExists,    // the place is taken
    NotFound,         // nothing is there
    NotPermitted,     // it is there, but this may not be done to it
    BadAddress,       // an address outside what the caller may use
    LimitReached,     // a configured limit, not memory, says no
    IoError,          // the device reported failure
    TimedOut,         // the device did not answer in time
    NotSupported,     // this machine or build cannot do it
    Busy,             // in use; trying again later may work
    TryAgain,         // a limit that may move says no for now (EAGAIN)
    AccessDenied,     // the file was not opened for this (EACCES)
    Overflow,         // a position past what its type can hold (EOVERFLOW)
    BadDescriptor,    // no open file has this number (EBADF)
    NotMappable,      // a file that has no pages: a pipe, a terminal (ENODEV)
    NotDirectory,     // a name in the middle of a path is no directory (ENOTDIR)
    IsDirectory,      // a directory where none may be (EISDIR)
    NotEmpty,         // a directory with names in it (ENOTEMPTY)
    NameTooLong,      // a name or a path past its limit (ENAMETOOLONG)
    LinkLimit,        // no more names for this node (EMLINK)
    LinkLoop,         // too many symbolic links on the way (ELOOP)
    CrossDevice,      // two names on different file systems (EXDEV)
    ReadOnly,         // a file system that may not be written (EROFS)
    NoSpace,          // the disk, or its inodes, are used up (ENOSPC)
    FileTooBig,       // past what a file can hold (EFBIG)
    Corrupted,        // the disk holds what no file system writes (EUCLEAN)
    BrokenPipe,       // nobody will ever read this (EPIPE)
    NotSeekable,      // a pipe or a terminal has no offset (ESPIPE)
    NoDevice,         // a device node that stands for nothing here (ENXIO)
    NotBlockDevice,   // a disk was asked for (ENOTBLK)
    TooManyFiles,     // the table of open files is full (EMFILE, ENFILE)
    NotTerminal,      // a terminal was asked for (ENOTTY)
    Interrupted,      // a signal came while waiting (EINTR)
    NotExecutable,    // no program is in this file (ENOEXEC)
    TextBusy,         // a program runs from this file (ETXTBSY)
    NoSuchProcess,    // nobody has this number (ESRCH)
    NoChild,          // there is nobody to wait for (ECHILD)
    ListTooLong,      // more arguments than a program can be given (E2BIG)
    BadLibrary,       // what a program names as its interpreter is none (ELIBBAD)
};

/// The enumerator's own name, for logs and tests.
constexpr const char* error_name(Error error) {
    constexpr const char* kNames[] = {
        "OutOfMemory",    "InvalidArgument", "AlreadyExists", "NotFound",    "NotPermitted",
        "BadAddress",     "LimitReached",    "IoError",       "TimedOut",    "NotSupported",
        "Busy",           "TryAgain",        "AccessDenied",  "Overflow",    "BadDescriptor",
        "NotMappable",    "NotDirectory",    "IsDirectory",   "NotEmpty",    "NameTooLong",
        "LinkLimit",      "LinkLoop",        "CrossDevice",   "ReadOnly",    "NoSpace",
        "FileTooBig",     "Corrupted",       "BrokenPipe",    "NotSeekable", "NoDevice",
        "NotBlockDevice", "TooManyFiles",    "NotTerminal",   "Interrupted", "NotExecutable",
        "TextBusy",       "NoSuchProcess",   "NoChild",       "ListTooLong", "BadLibrary",
    };
    static_assert(sizeof(kNames) / sizeof(kNames[0]) ==
                  static_cast<unsigned>(Error::BadLibrary) + 1);
    const auto index = static_cast<unsigned>(error);
    return index < sizeof(kNames) / sizeof(kNames[0]) ? kNames[index] : "?";
}

// Where a Result keeps its value or error. The trivial kind is copied and returned in registers.
template <typename T, bool = std::is_trivially_copyable_v<T>>
struct ResultStorage {
    constexpr explicit ResultStorage(T value) : value_(value), ok_(true) {}
    constexpr explicit ResultStorage(Error error) : error_(error), ok_(false) {}

    union {
        T value_;
        Error error_;
    };
    bool ok_;
};

template <typename T>
struct ResultStorage<T, false> {
    constexpr explicit ResultStorage(T&& value) : value_(std::move(value)), ok_(true) {}
    constexpr explicit ResultStorage(Error error) : error_(error), ok_(false) {}
    constexpr ResultStorage(ResultStorage&& other) noexcept : error_(), ok_(other.ok_) {
        if (ok_) {
            new (&value_) T(std::move(other.value_));
        } else {
            error_ = other.error_;
        }
    }
    ResultStorage(const ResultStorage&) = delete;
    ResultStorage& operator=(const ResultStorage&) = delete;
    ResultStorage& operator=(ResultStorage&&) = delete;
    constexpr ~ResultStorage() {
        if (ok_) value_.~T();
    }

    union {
        T value_;
        Error error_;
    };
    bool ok_;
};

template <typename T>
class [[nodiscard]] Result {
  public:
    // Implicit on purpose: `return value;` and `return Error::NotFound;` read as what they are.
    constexpr Result(T value) : storage_(std::move(value)) {}
    constexpr Result(Error error) : storage_(error) {}

    [[nodiscard]] constexpr bool ok() const { return storage_.ok_; }

    /// Precondition: !ok().
    [[nodiscard]] constexpr Error error() const {
        ASSERT(!storage_.ok_);
        return storage_.error_;
    }

    /// Precondition: ok().
    [[nodiscard]] constexpr T& value() & {
        ASSERT(storage_.ok_);
        return storage_.value_;
    }
    [[nodiscard]] constexpr const T& value() const& {
        ASSERT(storage_.ok_);
        return storage_.value_;
    }
    /// The value, moved out. Who asks only for the error leaves it: `TRY(split(...));`.
    /// Precondition: ok().
    constexpr T take() {
        ASSERT(storage_.ok_);
        return std::move(storage_.value_);
    }

  private:
    // No base class: what follows a base may lie in its padding, so that the ABI hands such a class
    // over in memory, and this one is to fit into two registers.
    ResultStorage<T> storage_;
};

/// Success without a value.
struct Nothing {};

template <>
class [[nodiscard]] Result<void> {
  public:
    constexpr Result() = default;
    constexpr Result(Error error) : error_(error), ok_(false) {}

    [[nodiscard]] constexpr bool ok() const { return ok_; }
    [[nodiscard]] constexpr Error error() const {
        ASSERT(!ok_);
        return error_;
    }
    constexpr Nothing take() {
        ASSERT(ok_);
        return {};
    }

  private:
    Error error_{};
    bool ok_ = true;
};

}  // namespace quire

static_assert(std::is_trivially_copyable_v<quire::Result<int>>);

/// Evaluates to the value of `expression`, or returns its Error from the enclosing function.
#define TRY(expression)                                    \
    __extension__({                                        \
        auto try_result_ = (expression);                   \
        if (!try_result_.ok()) return try_result_.error(); \
        try_result_.take();                                \
    })
