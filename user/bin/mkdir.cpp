// mkdir FOLDER...: makes folders.
#include "user/output.h"
#include "user/system.h"

int main(int argc, char** argv, char**) {
    using namespace quire;
    int result = 0;
    for (int i = 1; i < argc; ++i) {
        const long error = sys::make_directory(argv[i], 0777);
        if (error == 0) continue;
        complain("mkdir: %s: %s\n", argv[i], error_text(error));
        result = 1;
    }
    return result;
}
