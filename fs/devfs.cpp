#include "fs/devfs.h"

namespace quire::fs {

namespace {

Result<void> make_links(Node& directory) {
    struct Link {
        std::string_view name, target;
    };
    static constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                                      {"stdin", "/proc/self/fd/0"},
                                      {"stdout", "/proc/self/fd/1"},
                                      {"stderr", "/proc/self/fd/2"}};
    for (const Link& link : kLinks) {
        NewNode what;
        what.kind = NodeKind::SymbolicLink;
        what.permissions = 0777;
        what.target = link.target;
        TRY(directory.create(link.name, what));
    }
    return {};
}

}  // namespace

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
    return make_links(*root);
}

}  // namespace quire::fs
