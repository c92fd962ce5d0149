// true: all is well.
#include "user/tools/main.h"

int main(int, char**) {
    return 0;
}
