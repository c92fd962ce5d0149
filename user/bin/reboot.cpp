// reboot: writes all files back and starts the machine anew.
#include "user/output.h"
#include "user/power.h"

int main(int, char**, char**) {
    const long error = quire::end_machine(quire::kRestart);
    quire::complain("reboot: %s\n", quire::error_text(error));
    return 1;
}
