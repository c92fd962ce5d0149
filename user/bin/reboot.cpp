// reboot: writes all files back and starts the machine anew.
#include <string.h>

#include "user/tools/power.h"
#include "user/tools/tool.h"

int main(int argc, char** argv) {
    const quire::tools::Options options(argc, argv, "", "");
    const long error = quire::tools::end_machine(quire::abi::kRebootRestart);
    return quire::tools::complain("the kernel refuses", strerror(static_cast<int>(-error)));
}
