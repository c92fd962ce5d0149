// cp [-rRapPdfT] FROM... TO: copies files; more than one, or any into a folder, if TO is one. -r:
// folders with all that is in them; -p: times, owner and mode, too; -P: links as links; -a: all of
// these; -f: removes a target that cannot be written.

#include "user/tools/copy.h"
#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "rRapPdf", "[-rapPf] FROM... TO");
    const bool has_all = options.has('a');
    CopyHow how;
    how.with_folders = has_all || options.has('r') || options.has('R');
    how.keeps_links = has_all || options.has('P') || options.has('d');
    how.keeps_attributes = has_all || options.has('p');
    how.is_forced = options.has('f');
    return for_each_target(
        options, [&](const char* from, const char* target) { return copy(from, target, how); });
}
