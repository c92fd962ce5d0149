// cat [FILE...]: what is in the files, or comes from the standard input ("-").
#include <array>

#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace {

using namespace quire;
std::array<char, 16384> room;

/// 0, or -errno of reading. A reader that has gone away ends cat by SIGPIPE.
long copy(int file) {
    long got = 0;
    while ((got = sys::read(file, room.data(), room.size())) > 0)
        if (const long error = write_all(sys::kOutput, room.data(), static_cast<std::size_t>(got)))
            return error;
    return got;
}

int show(const char* path) {
    const bool is_input = strcmp(path, "-") == 0;
    const long file = is_input ? sys::kInput : sys::open(path, abi::kOpenReadOnly);
    const long error = file < 0 ? file : copy(static_cast<int>(file));
    if (file > 0) sys::close(static_cast<int>(file));
    if (error < 0) complain("cat: %s: %s\n", path, error_text(error));
    return error < 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv, char**) {
    if (argc < 2) return show("-");
    int result = 0;
    for (int i = 1; i < argc; ++i)
        result |= show(argv[i]);
    return result;
}
