#include "user/sh/read_file.h"

#include "kernel/abi/errno.h"
#include "user/system.h"

namespace quire::shell {

long read_all(int file, TextBuilder& to) {
    for (;;) {
        constexpr std::size_t kStep = 1024;
        const std::span<char> room = to.space(kStep);
        const long got = sys::read(file, room.data(), room.size());
        if (got == -abi::kEintr) continue;
        if (got <= 0) return got;
        to.added(static_cast<std::size_t>(got));
    }
}

long read_file(const char* path, TextBuilder& to) {
    const long file = sys::open(path, abi::kOpenReadOnly | abi::kOpenCloseOnExec);
    if (file < 0) return file;
    const long error = read_all(static_cast<int>(file), to);
    sys::close(static_cast<int>(file));
    return error;
}

}  // namespace quire::shell
