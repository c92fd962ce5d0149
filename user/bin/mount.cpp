// mount: what is mounted where. (The kernel mounts at boot; there is no call to mount more.)
#include "user/tools/mounts.h"
#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    const Options options(argc, argv, "", "");
    options.need(0, 0);
    Mounts mounts;
    if (!mounts.read()) return complain("/proc/mounts");
    for (const Mount& mount : mounts.all())
        printf("%s on %s type %s (%s)\n", mount.device, mount.folder, mount.kind, mount.options);
    return finish(0);
}
