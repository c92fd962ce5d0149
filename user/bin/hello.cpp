// hello: the smallest program that shows that programs run.
#include "user/output.h"
#include "user/system.h"

int main(int argc, char** argv, char**) {
    quire::say("Hello from process %ld.\n", quire::sys::process_id());
    for (int i = 1; i < argc; ++i)
        quire::say("argument %d: %s\n", i, argv[i]);
    return 0;
}
