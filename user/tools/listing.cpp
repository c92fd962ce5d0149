#include "user/tools/listing.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "user/tools/columns.h"
#include "user/tools/mode_text.h"
#include "user/tools/sizes.h"

namespace quire::tools {

struct Widths {
    int inode = 0, blocks = 0, links = 0, user = 0, group = 0, size = 0;
    int major = 0, minor = 0;  // of devices, in place of the size
};

namespace {

using NumberText = std::array<char, 24>;

NumberText number_text(unsigned long long number) {
    NumberText text{};
    snprintf(text.data(), text.size(), "%llu", number);
    return text;
}

/// The name of a user or group, or its number.
struct Owner {
    Owner(const char* found, unsigned number) {
        if (found != nullptr)
            strlcpy(text.data(), found, text.size());
        else
            text = number_text(number);
    }
    NumberText text{};
};
Owner user_of(const struct stat& told, bool as_number) {
    const passwd* const user = as_number ? nullptr : getpwuid(told.st_uid);
    return {user != nullptr ? user->pw_name : nullptr, told.st_uid};
}
Owner group_of(const struct stat& told, bool as_number) {
    const group* const found = as_number ? nullptr : getgrgid(told.st_gid);
    return {found != nullptr ? found->gr_name : nullptr, told.st_gid};
}

bool is_device(const struct stat& told) {
    return S_ISCHR(told.st_mode) || S_ISBLK(told.st_mode);
}

NumberText size_of(const struct stat& told, bool readable) {
    return size_in(static_cast<unsigned long long>(told.st_size), 1, readable);
}

constexpr unsigned kBlock = 512;
NumberText blocks_of(const struct stat& told, bool readable) {
    return size_in(static_cast<unsigned long long>(told.st_blocks) * kBlock, 1024, readable);
}

void widen(int& width, const NumberText& text) {
    const auto length = static_cast<int>(strlen(text.data()));
    if (length > width) width = length;
}

/// The year instead of the hour for what is older than half a year, or of the future.
NumberText time_text(time_t time) {
    constexpr time_t kHalfYear = 31556952 / 2;
    const time_t now = ::time(nullptr);
    const bool is_recent = time > now - kHalfYear && time <= now;
    NumberText text{};
    struct tm date;
    localtime_r(&time, &date);
    strftime(text.data(), text.size(), is_recent ? "%b %e %H:%M" : "%b %e  %Y", &date);
    return text;
}

/// $COLUMNS, or what the terminal says.
size_t line_width() {
    constexpr size_t kUsual = 80;
    const char* const told = getenv("COLUMNS");
    const long long columns = told != nullptr ? parse_number(told) : -1;
    if (columns > 0) return static_cast<size_t>(columns);
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

char sort_by = '\0';  // 't', 'S' or neither: qsort hands nothing over

int order(const void* left_place, const void* right_place) {
    const auto& left = *static_cast<const ListedFile*>(left_place);
    const auto& right = *static_cast<const ListedFile*>(right_place);
    if (sort_by == 'S' && left.told.st_size != right.told.st_size) {
        return left.told.st_size > right.told.st_size ? -1 : 1;
    }
    const timespec a = left.told.st_mtim, b = right.told.st_mtim;
    if (sort_by == 't' && a.tv_sec != b.tv_sec) return a.tv_sec > b.tv_sec ? -1 : 1;
    if (sort_by == 't' && a.tv_nsec != b.tv_nsec) return a.tv_nsec > b.tv_nsec ? -1 : 1;
    return strcmp(left.name, right.name);
}

}  // namespace

Listing::Listing(const Options& options)
    : options_(options), is_terminal_(isatty(STDOUT_FILENO) != 0) {}

Listing::~Listing() {
    for (ListedFile& file : files()) {
        free(file.name);
        free(file.path);
    }
}

int Listing::add(const char* folder, const char* name) {
    ListedFile file{};
    file.path =
        *folder == '\0' ? static_cast<char*>(need_memory(strdup(name))) : join_path(folder, name);
    const bool is_there = (options_.has('L') && stat(file.path, &file.told) == 0) ||
                          lstat(file.path, &file.told) == 0;
    if (!is_there) {
        complain(file.path);
        free(file.path);
        return 1;
    }
    file.name = static_cast<char*>(need_memory(strdup(name)));
    files_.add(file);
    return 0;
}

void Listing::sort() {
    if (options_.has('U')) return;
    sort_by = options_.last_of("tS");
    files_.sort(order);
    if (options_.has('r')) files_.reverse();
}

const char* Listing::mark_of(mode_t mode) const {
    if (S_ISDIR(mode)) return options_.has('F') || options_.has('p') ? "/" : "";
    if (!options_.has('F')) return "";
    if (S_ISLNK(mode)) return "@";
    if (S_ISFIFO(mode)) return "|";
    if (S_ISSOCK(mode)) return "=";
    return S_ISREG(mode) && (mode & 0111) != 0 ? "*" : "";
}

/// A terminal could take control characters for something else than a name.
void Listing::show_text(const char* name) const {
    for (; *name != '\0'; ++name)
        putchar(is_terminal_ && iscntrl(static_cast<unsigned char>(*name)) != 0 ? '?' : *name);
}

void Listing::show_name(const ListedFile& file) const {
    show_text(file.name);
    const bool shows_target =
        S_ISLNK(file.told.st_mode) && (options_.has('l') || options_.has('n'));
    if (!shows_target) {
        fputs(mark_of(file.told.st_mode), stdout);
        return;
    }
    char target[4096];
    const ssize_t length = readlink(file.path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    fputs(" -> ", stdout);
    show_text(target);
    struct stat led_to;
    if (stat(file.path, &led_to) == 0) fputs(mark_of(led_to.st_mode), stdout);
}

/// What -i and -s show.
void Listing::show_before(const ListedFile& file, const Widths& widths) const {
    if (options_.has('i')) printf("%*llu ", widths.inode, file.told.st_ino);
    if (options_.has('s'))
        printf("%*s ", widths.blocks, blocks_of(file.told, options_.has('h')).data());
}

void Listing::show_long(const ListedFile& file, const Widths& widths) const {
    const bool as_number = options_.has('n');
    printf("%s %*u %-*s %-*s ", mode_text(file.told.st_mode).data(), widths.links,
           file.told.st_nlink, widths.user, user_of(file.told, as_number).text.data(), widths.group,
           group_of(file.told, as_number).text.data());
    if (is_device(file.told))
        printf("%*u, %*u", widths.size - widths.minor - 2, major(file.told.st_rdev), widths.minor,
               minor(file.told.st_rdev));
    else
        printf("%*s", widths.size, size_of(file.told, options_.has('h')).data());
    printf(" %s ", time_text(file.told.st_mtime).data());
}

void Listing::show_columns(const Widths& widths) const {
    auto* const lengths =
        static_cast<size_t*>(need_memory(calloc(files().size() + 1, sizeof(size_t))));
    const auto before = static_cast<size_t>((options_.has('i') ? widths.inode + 1 : 0) +
                                            (options_.has('s') ? widths.blocks + 1 : 0));
    size_t count = 0;
    for (const ListedFile& file : files())
        lengths[count++] = before + strlen(file.name) + strlen(mark_of(file.told.st_mode));
    show_in_columns({lengths, count}, line_width(), [&](size_t i) {
        show_before(files()[i], widths);
        show_name(files()[i]);
    });
    free(lengths);
}

void Listing::show(bool is_folder) {
    sort();
    const bool is_long = options_.has('l') || options_.has('n');
    const char shape = options_.last_of("C1");
    Widths widths;
    unsigned long long blocks = 0;
    for (const ListedFile& file : files()) {
        widen(widths.inode, number_text(file.told.st_ino));
        widen(widths.blocks, blocks_of(file.told, options_.has('h')));
        blocks += static_cast<unsigned long long>(file.told.st_blocks);
        if (!is_long) continue;
        widen(widths.links, number_text(file.told.st_nlink));
        widen(widths.user, user_of(file.told, options_.has('n')).text);
        widen(widths.group, group_of(file.told, options_.has('n')).text);
        if (is_device(file.told)) {
            widen(widths.major, number_text(major(file.told.st_rdev)));
            widen(widths.minor, number_text(minor(file.told.st_rdev)));
        } else {
            widen(widths.size, size_of(file.told, options_.has('h')));
        }
    }
    const int device = widths.major > 0 ? widths.major + 2 + widths.minor : 0;
    if (device > widths.size) widths.size = device;
    if ((is_long || options_.has('s')) && is_folder)
        printf("total %s\n", size_in(blocks * kBlock, 1024, options_.has('h')).data());
    if (!is_long && (shape == 'C' || (shape == '\0' && is_terminal_))) return show_columns(widths);
    for (const ListedFile& file : files()) {
        show_before(file, widths);
        if (is_long) show_long(file, widths);
        show_name(file);
        putchar('\n');
    }
}

bool is_listed_as_folder(const char* path, const Options& options) {
    struct stat told;
    if (options.has('d')) return false;
    const bool follows = options.has('L') || (!options.has('l') && !options.has('F'));
    if ((follows ? stat(path, &told) : lstat(path, &told)) != 0) return false;
    return S_ISDIR(told.st_mode);
}

}  // namespace quire::tools
