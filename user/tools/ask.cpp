#include "user/tools/ask.h"

#include "user/tools/tool.h"

namespace quire::tools {

bool ask(const char* what, const char* name) {
    fflush(stdout);
    fprintf(stderr, "%s: %s '%s'? ", tool_name(), what, name);
    const int first = getchar();
    for (int character = first; character != '\n' && character != EOF;)
        character = getchar();
    return first == 'y' || first == 'Y';
}

}  // namespace quire::tools
