// What programs do to their files, as data: scripts that can be made at random, printed, read back
// in and shortened while they still show a failure.
//
//     random / parse --> FileScript --> FileJudge (tests/host/file_judge.h)
//                           |   ^
//                     print v   | shorten
//
// A step names directories, files and names by number, counted among those that there are when it
// is carried out (modulo their number); one that makes no sense is skipped. So any subset of a
// script is a script. The text has one step a line, numbers in decimal, and leaves out what is 0:
//
//     create who=2 name=17 value=1
//     write who=3 at=5000 size=700 value=9
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/host/memory_script.h"

namespace quire::test {

enum class FileCall : std::uint8_t {
    Create,      // a node of kind `value` (kCreatable) called `name` in directory `who`
    Write,       // `size` bytes at `at` of file `who`
    Read,        // the same
    Resize,      // file `who` to `size` bytes
    Link,        // a name `to_name` in directory `to` for file `who`
    Remove,      // `name` of directory `who`; `value` 1: as a directory
    Rename,      // `name` of directory `who` to `to_name` of directory `to`; `value` 1: no_replace
    LookUp,      // `name` in directory `who`
    List,        // directory `who`, `size` entries a call
    Clear,       // removes all but directories from `who`, while listing it
    ReadLink,    // symbolic link `who`
    Attributes,  // of any node
    Change,      // permissions, owner, times of any node
    Open,        // any node into slot `value`
    Close,       // slot `value`
    Sync,        // node `who`; `value` 1: data only
    SyncAll,
    Remount,
    Reclaim,  // of pages: `value` 0 of all that are clean, 1 of some
    Check,    // everything, through the file system itself
};
inline constexpr std::uint32_t kFileCalls = static_cast<std::uint32_t>(FileCall::Check) + 1;
const char* call_name(FileCall call);

/// A call and what it is given; what a call does not use is 0.
struct FileStep {
    FileCall call = FileCall::Check;
    std::uint32_t who = 0;
    std::uint32_t name = 0;
    std::uint32_t to = 0;
    std::uint32_t to_name = 0;
    std::uint32_t at = 0;
    std::uint32_t size = 0;
    std::uint32_t value = 0;

    bool operator==(const FileStep&) const = default;
};

using FileScript = std::vector<FileStep>;

inline constexpr std::uint32_t kSlots = 6;

std::string print(const FileStep& step);
std::string print(const FileScript& script);
/// Empty lines and what follows # is passed over. Nothing, if a line cannot be understood.
std::optional<FileScript> parse_files(std::string_view text);

/// How far a script goes.
struct FileTaste {
    std::uint32_t reach = 300'000;  // bytes: where a file usually ends at most
    std::uint32_t far = 0;          // bytes: where it ends now and then; 0: never
    std::uint32_t names = 40;       // in a directory
    bool remounts = true;
};

/// `steps` steps by chance, with a liking for what is difficult.
FileScript random_files(Choices& choices, std::size_t steps, const FileTaste& taste);

/// The shortest script found for which `fails` is true. Precondition: it is for `script`.
FileScript shorten(FileScript script, const std::function<bool(const FileScript&)>& fails);

/// The name with this number: most are short, some have 100 or 255 bytes.
std::string file_name(std::uint32_t number);

}  // namespace quire::test
