// uname [-asnrvmo]: what the system and the machine are called.
#include <sys/utsname.h>

#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "asnrvmo", "[-asnrvmo]");
    options.need(0, 0);
    struct utsname told;
    if (uname(&told) != 0) return complain("uname");
    const bool tells_all = options.has('a');
    const bool tells_name = tells_all || options.has('s') || options.last_of("nrvmo") == '\0';
    const struct {
        bool is_told;
        const char* text;
    } parts[] = {{tells_name, told.sysname},
                 {tells_all || options.has('n'), told.nodename},
                 {tells_all || options.has('r'), told.release},
                 {tells_all || options.has('v'), told.version},
                 {tells_all || options.has('m'), told.machine},
                 {tells_all || options.has('o'), told.sysname}};
    const char* before = "";
    for (const auto& part : parts) {
        if (!part.is_told) continue;
        printf("%s%s", before, part.text);
        before = " ";
    }
    putchar('\n');
    return finish(0);
}
