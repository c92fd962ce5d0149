// rm FILE...: removes files; rmdir's work, too: a folder is removed when it is empty.
#include "kernel/abi/errno.h"
#include "user/output.h"
#include "user/system.h"

int main(int argc, char** argv, char**) {
    using namespace quire;
    int result = 0;
    for (int i = 1; i < argc; ++i) {
        long error = sys::remove(argv[i]);
        if (error == -abi::kEisdir) error = sys::remove_directory(argv[i]);
        if (error == 0) continue;
        complain("rm: %s: %s\n", argv[i], error_text(error));
        result = 1;
    }
    return result;
}
