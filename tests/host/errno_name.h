// What a call answered as Linux would have told: "OK" or the name of the errno.
#pragma once

#include <string>

#include "kernel/errno_of.h"

namespace quire::test {

inline std::string errno_name(std::int32_t number) {
    switch (number) {
    case abi::kEperm:
        return "EPERM";
    case abi::kEnoent:
        return "ENOENT";
    case abi::kEsrch:
        return "ESRCH";
    case abi::kEintr:
        return "EINTR";
    case abi::kEio:
        return "EIO";
    case abi::kEnxio:
        return "ENXIO";
    case abi::kE2big:
        return "E2BIG";
    case abi::kElibbad:
        return "ELIBBAD";
    case abi::kEnoexec:
        return "ENOEXEC";
    case abi::kEbadf:
        return "EBADF";
    case abi::kEchild:
        return "ECHILD";
    case abi::kEagain:
        return "EAGAIN";
    case abi::kEnomem:
        return "ENOMEM";
    case abi::kEacces:
        return "EACCES";
    case abi::kEfault:
        return "EFAULT";
    case abi::kEnotblk:
        return "ENOTBLK";
    case abi::kEbusy:
        return "EBUSY";
    case abi::kEexist:
        return "EEXIST";
    case abi::kExdev:
        return "EXDEV";
    case abi::kEnodev:
        return "ENODEV";
    case abi::kEnotdir:
        return "ENOTDIR";
    case abi::kEisdir:
        return "EISDIR";
    case abi::kEinval:
        return "EINVAL";
    case abi::kEmfile:
        return "EMFILE";
    case abi::kEnotty:
        return "ENOTTY";
    case abi::kEtxtbsy:
        return "ETXTBSY";
    case abi::kEfbig:
        return "EFBIG";
    case abi::kEnospc:
        return "ENOSPC";
    case abi::kEspipe:
        return "ESPIPE";
    case abi::kErofs:
        return "EROFS";
    case abi::kEmlink:
        return "EMLINK";
    case abi::kEpipe:
        return "EPIPE";
    case abi::kEnametoolong:
        return "ENAMETOOLONG";
    case abi::kEnotempty:
        return "ENOTEMPTY";
    case abi::kEloop:
        return "ELOOP";
    case abi::kEoverflow:
        return "EOVERFLOW";
    case abi::kEopnotsupp:
        return "EOPNOTSUPP";
    case abi::kEuclean:
        return "EUCLEAN";
    default:
        return "errno " + std::to_string(number);
    }
}

template <typename T>
std::string answer(const Result<T>& result) {
    return result.ok() ? "OK" : errno_name(kernel::errno_of(result.error()));
}

}  // namespace quire::test
