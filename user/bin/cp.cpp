// cp [-rRapPdLfvniu] FROM... TO: copies files; more than one, or any into a folder, if TO is one.
// -r: folders with all that is in them, and links as links; -p: times, owner and mode, too; -P:
// links as links, -L: what they lead to; -a: -rpP; -f: removes a target that cannot be written; -n,
// -i, -u: of a target that is there: leaves it, asks, replaces it if it is older; -v: shows the
// names.

#include "user/tools/copy.h"
#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "rRapPdLfvniu", "[-rapPLfvniu] FROM... TO", 1,
                          "recursive=r archive=a preserve=p no-dereference=P dereference=L force=f "
                          "verbose=v no-clobber=n interactive=i update=u");
    const bool has_all = options.has('a');
    CopyHow how;
    how.with_folders = has_all || options.has('r') || options.has('R');
    // Of -P and -L the last one counts; whole trees are copied with their links.
    const char links = options.last_of("aPdL");
    how.keeps_links = links == '\0' ? how.with_folders : links != 'L';
    how.keeps_attributes = has_all || options.has('p');
    how.is_forced = options.has('f');
    how.is_told = options.has('v');
    how.replace = replace_of(options);
    return finish(for_each_target(
        options, [&](const char* from, const char* target) { return copy(from, target, how); }));
}
