// <pwd.h> and <grp.h>: lines of /etc/passwd and /etc/group, fields between colons.
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

constexpr size_t kMostFields = 7;
constexpr size_t kNumber = 2;  // the field of the user's or group's number

struct Line {
    char text[512];
    char* fields[kMostFields];
};

/// Whether the line has its first `count` fields; they are cut apart.
bool cut(Line& line, size_t count) {
    line.text[strcspn(line.text, "\n")] = '\0';
    char* rest = line.text;
    for (size_t i = 0; i < count; ++i) {
        line.fields[i] = strsep(&rest, ":");
        if (line.fields[i] == nullptr) return false;
    }
    return true;
}

/// Reads up to the line with that name; with name nullptr: with that number.
bool find(Line& line, const char* path, size_t count, const char* name, unsigned number) {
    FILE* const file = fopen(path, "r");
    if (file == nullptr) return false;
    bool found = false;
    while (!found && fgets(line.text, sizeof line.text, file) != nullptr) {
        found = cut(line, count) &&
                (name != nullptr ? strcmp(line.fields[0], name) == 0
                                 : strtoul(line.fields[kNumber], nullptr, 10) == number);
    }
    fclose(file);
    return found;
}

unsigned number_of(const Line& line, size_t field) {
    return static_cast<unsigned>(strtoul(line.fields[field], nullptr, 10));
}

struct passwd* user_of(const char* name, uid_t number) {
    static Line line;
    static struct passwd user;
    if (!find(line, "/etc/passwd", 7, name, number)) return nullptr;
    user = {line.fields[0],     line.fields[1], number_of(line, kNumber),
            number_of(line, 3), line.fields[4], line.fields[5],
            line.fields[6]};
    return &user;
}

struct group* group_of(const char* name, gid_t number) {
    static Line line;
    static struct group group;
    if (!find(line, "/etc/group", 3, name, number)) return nullptr;
    group = {line.fields[0], line.fields[1], number_of(line, kNumber)};
    return &group;
}

}  // namespace

struct passwd* getpwnam(const char* name) {
    return user_of(name, 0);
}
struct passwd* getpwuid(uid_t user) {
    return user_of(nullptr, user);
}
struct group* getgrnam(const char* name) {
    return group_of(name, 0);
}
struct group* getgrgid(gid_t group) {
    return group_of(nullptr, group);
}
