#include "user/tools/mode_text.h"

#include <sys/stat.h>

namespace quire::tools {
namespace {

struct Kind {
    mode_t mode;
    char letter;
    const char* text;
};
constexpr Kind kKinds[] = {
    {S_IFREG, '-', "regular file"},
    {S_IFDIR, 'd', "directory"},
    {S_IFLNK, 'l', "symbolic link"},
    {S_IFCHR, 'c', "character special file"},
    {S_IFBLK, 'b', "block special file"},
    {S_IFIFO, 'p', "fifo"},
    {S_IFSOCK, 's', "socket"},
};

const Kind& kind_of(mode_t mode) {
    for (const Kind& kind : kKinds)
        if (kind.mode == (mode & S_IFMT)) return kind;
    return kKinds[0];
}

/// The x of one of the three, which also tells a special bit: 's' or 'S' without the right itself.
void set_special(char& place, bool is_set, char letter) {
    constexpr char kToCapital = 'a' - 'A';
    if (is_set) place = place == 'x' ? letter : static_cast<char>(letter - kToCapital);
}

}  // namespace

ModeText mode_text(mode_t mode) {
    ModeText text{};
    text[0] = kind_of(mode).letter;
    for (unsigned i = 0; i < 9; ++i)
        text[i + 1] = (mode >> (8 - i) & 1) != 0 ? "rwxrwxrwx"[i] : '-';
    set_special(text[3], (mode & S_ISUID) != 0, 's');
    set_special(text[6], (mode & S_ISGID) != 0, 's');
    set_special(text[9], (mode & S_ISVTX) != 0, 't');
    return text;
}

const char* kind_text(mode_t mode, bool is_empty) {
    return S_ISREG(mode) && is_empty ? "regular empty file" : kind_of(mode).text;
}

}  // namespace quire::tools
