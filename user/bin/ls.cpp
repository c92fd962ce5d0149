// ls [-aAdlhinrRStUsFpCL1] [PATH]...: what is in a folder, in order: at a terminal in columns, else
// one name a line.
//
// -l tells kind, rights, links, owner, group, size and time; -h sizes for people, -n owners as
// numbers, -i numbers of inodes, -s blocks of 1 KiB; -F a letter behind the name for its kind, -p
// only for folders; -L: of what links lead to. -a, -A: names that begin with a point, too; -d:
// folders themselves; -R: what is in folders; -t, -S: by time, by size, -U: as it comes; -r: the
// other way round. -C, -1: columns, lines.
#include "user/tools/listing.h"

#include <stdlib.h>
#include <string.h>

#include "user/tools/names.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

int list_folder(const char* path, bool with_title, const Options& options) {
    Names names;
    if (!names.read(path)) return complain(path);
    Listing listing(options);
    int result = 0;
    if (options.has('a')) {
        result |= listing.add(path, ".");
        result |= listing.add(path, "..");
    }
    for (const char* name : names)
        if (name[0] != '.' || options.has('a') || options.has('A'))
            result |= listing.add(path, name);
    if (with_title) printf("%s:\n", path);
    listing.show(true);
    if (!options.has('R')) return result;
    for (const ListedFile& file : listing.files()) {
        if (!file.is_folder() || strcmp(file.name, ".") == 0 || strcmp(file.name, "..") == 0)
            continue;
        char* const inner = join_path(path, file.name);
        putchar('\n');
        result |= list_folder(inner, true, options);
        free(inner);
    }
    return result;
}

/// First what is no folder, all at once, then folder by folder.
int list(Operands paths, const Options& options) {
    Listing files(options);
    Listing folders(options);
    int result = 0;
    for (const char* path : paths) {
        Listing& listing = is_listed_as_folder(path, options) ? folders : files;
        if (listing.add("", path) != 0) result = 2;
    }
    files.show(false);
    folders.sort();
    bool is_first = files.files().empty();
    for (const ListedFile& folder : folders.files()) {
        if (!is_first) putchar('\n');
        is_first = false;
        if (list_folder(folder.name, paths.size() > 1 || options.has('R'), options) != 0)
            result = 2;
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "aAdlhinrRStUsFpCL1", "[-aAdlhinrRStUsFpCL1] [PATH]...", 2,
                          "all=a almost-all=A directory=d human-readable=h inode=i reverse=r "
                          "recursive=R size=s dereference=L classify=F color=");
    static char here[] = ".";
    static char* only[] = {here};
    const Operands paths = options.operands().empty() ? Operands(only) : options.operands();
    const int result = list(paths, options);
    return finish(0) != 0 ? 2 : result;
}
