// From our own words for what went wrong to the numbers that programs know: the one place.
#pragma once

#include <cstdint>

#include "kernel/abi/errno.h"
#include "kernel/base/result.h"

namespace quire::kernel {

/// The errno of Linux for `error`, positive. A call that Linux answers otherwise says so itself.
// NOLINTNEXTLINE(readability-function-size) one line for each error
constexpr std::int32_t errno_of(Error error) {
    switch (error) {
    case Error::OutOfMemory:
    case Error::LimitReached:
        return abi::kEnomem;
    case Error::InvalidArgument:
        return abi::kEinval;
    case Error::AlreadyExists:
        return abi::kEexist;
    case Error::NotFound:
        return abi::kEnoent;
    case Error::NotPermitted:
        return abi::kEperm;
    case Error::BadAddress:
        return abi::kEfault;
    case Error::IoError:
    case Error::TimedOut:  // a disk that does not answer is a broken disk
        return abi::kEio;
    case Error::NotSupported:
        return abi::kEopnotsupp;
    case Error::Busy:
        return abi::kEbusy;
    case Error::TryAgain:
        return abi::kEagain;
    case Error::AccessDenied:
        return abi::kEacces;
    case Error::Overflow:
        return abi::kEoverflow;
    case Error::BadDescriptor:
        return abi::kEbadf;
    case Error::NotMappable:
        return abi::kEnodev;
    case Error::NotDirectory:
        return abi::kEnotdir;
    case Error::IsDirectory:
        return abi::kEisdir;
    case Error::NotEmpty:
        return abi::kEnotempty;
    case Error::NameTooLong:
        return abi::kEnametoolong;
    case Error::LinkLimit:
        return abi::kEmlink;
    case Error::LinkLoop:
        return abi::kEloop;
    case Error::CrossDevice:
        return abi::kExdev;
    case Error::ReadOnly:
        return abi::kErofs;
    case Error::NoSpace:
        return abi::kEnospc;
    case Error::FileTooBig:
        return abi::kEfbig;
    case Error::Corrupted:
        return abi::kEuclean;
    case Error::BrokenPipe:
        return abi::kEpipe;
    case Error::NotSeekable:
        return abi::kEspipe;
    case Error::NoDevice:
        return abi::kEnxio;
    case Error::NotBlockDevice:
        return abi::kEnotblk;
    case Error::TooManyFiles:
        return abi::kEmfile;
    case Error::NotTerminal:
        return abi::kEnotty;
    case Error::Interrupted:
        return abi::kEintr;
    case Error::NotExecutable:
        return abi::kEnoexec;
    case Error::TextBusy:
        return abi::kEtxtbsy;
    case Error::NoSuchProcess:
        return abi::kEsrch;
    case Error::NoChild:
        return abi::kEchild;
    case Error::ListTooLong:
        return abi::kE2big;
    case Error::BadLibrary:
        return abi::kElibbad;
    }
    return abi::kEio;
}

}  // namespace quire::kernel
