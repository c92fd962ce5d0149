#include "fs/devfs.h"

namespace quire::fs {

Result<void> make_device_nodes(Tmpfs& dev, DeviceTable& devices) {
    const NodeRef root = TRY(dev.root());
    Result<void> result;
    devices.walk([&](const Device& device) {
        if (!result.ok()) return;
        NewNode what;
        what.kind = device.kind();
        what.permissions = device.permissions();
        what.device = device.number();
        const Result<NodeRef> made = root->create(device.name(), what);
        if (!made.ok()) result = made.error();
    });
    TRY(result);
    NewNode shm;
    shm.kind = NodeKind::Directory;
    shm.permissions = 01777;
    TRY(root->create("shm", shm));
    return {};
}

}  // namespace quire::fs
