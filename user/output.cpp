#include "user/output.h"

#include <algorithm>

#include "kernel/abi/errno.h"
#include "libc/format.h"
#include "libc/string.h"
#include "user/system.h"

namespace quire {
namespace {

long output_error = 0;

}  // namespace

long take_output_error() {
    const long error = output_error;
    output_error = 0;
    return error;
}

void Output::put(const char* text, std::size_t bytes) {
    while (bytes > 0) {
        if (used_ == kRoom) flush();
        const std::size_t step = std::min(bytes, kRoom - used_);
        memcpy(room_.data() + used_, text, step);
        used_ += step;
        text += step;
        bytes -= step;
    }
}

bool Output::flush() {
    const long error = write_all(file_, room_.data(), used_);
    if (error < 0) failed_ = true;
    if (error < 0 && file_ == sys::kOutput && output_error == 0) output_error = error;
    used_ = 0;
    return !failed_;
}

void Output::print_arguments(const char* format, std::va_list arguments) {
    const auto writer = [](void* output, const char* text, std::size_t bytes) {
        static_cast<Output*>(output)->put(text, bytes);
    };
    libc::format_to(writer, this, format, arguments);
}

void Output::print(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
}

void say(const char* format, ...) {
    Output output(sys::kOutput);
    std::va_list arguments;
    va_start(arguments, format);
    output.print_arguments(format, arguments);
    va_end(arguments);
}

void complain(const char* format, ...) {
    Output output(sys::kErrors);
    std::va_list arguments;
    va_start(arguments, format);
    output.print_arguments(format, arguments);
    va_end(arguments);
}

long write_all(int file, const char* text, std::size_t bytes) {
    while (bytes > 0) {
        const long done = sys::write(file, text, bytes);
        if (done == -abi::kEintr) continue;
        if (done < 0) return done;
        text += done;
        bytes -= static_cast<std::size_t>(done);
    }
    return 0;
}

const char* error_text(long result) {
    switch (-result) {
    case abi::kEperm:
        return "Operation not permitted";
    case abi::kEnoent:
        return "No such file or directory";
    case abi::kEsrch:
        return "No such process";
    case abi::kEintr:
        return "Interrupted system call";
    case abi::kEio:
        return "Input/output error";
    case abi::kE2big:
        return "Argument list too long";
    case abi::kEnoexec:
        return "Exec format error";
    case abi::kEbadf:
        return "Bad file descriptor";
    case abi::kEchild:
        return "No child processes";
    case abi::kEagain:
        return "Resource temporarily unavailable";
    case abi::kEnomem:
        return "Cannot allocate memory";
    case abi::kEacces:
        return "Permission denied";
    case abi::kEfault:
        return "Bad address";
    case abi::kEbusy:
        return "Device or resource busy";
    case abi::kEexist:
        return "File exists";
    case abi::kExdev:
        return "Invalid cross-device link";
    case abi::kEnodev:
        return "No such device";
    case abi::kEnotdir:
        return "Not a directory";
    case abi::kEisdir:
        return "Is a directory";
    case abi::kEinval:
        return "Invalid argument";
    case abi::kEmfile:
        return "Too many open files";
    case abi::kEnotty:
        return "Inappropriate ioctl for device";
    case abi::kEtxtbsy:
        return "Text file busy";
    case abi::kEfbig:
        return "File too large";
    case abi::kEnospc:
        return "No space left on device";
    case abi::kEspipe:
        return "Illegal seek";
    case abi::kErofs:
        return "Read-only file system";
    case abi::kEpipe:
        return "Broken pipe";
    case abi::kEnametoolong:
        return "File name too long";
    case abi::kEnosys:
        return "Function not implemented";
    case abi::kEnotempty:
        return "Directory not empty";
    case abi::kEloop:
        return "Too many levels of symbolic links";
    default:
        break;
    }
    static std::array<char, 24> unknown;
    snprintf(unknown.data(), unknown.size(), "error %ld", -result);
    return unknown.data();
}

}  // namespace quire
