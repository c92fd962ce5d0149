// true: all is well.
#include "user/system.h"

int main(int, char**, char**) {
    return 0;
}
