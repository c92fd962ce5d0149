// poweroff: writes all files back and switches the machine off.
#include "user/output.h"
#include "user/power.h"

int main(int, char**, char**) {
    const long error = quire::end_machine(quire::kPowerOff);
    quire::complain("poweroff: %s\n", quire::error_text(error));
    return 1;
}
