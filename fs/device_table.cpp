#include "fs/device_table.h"

namespace quire::fs {

Device::Device(DeviceTable& table, NodeKind kind, std::uint32_t number, const char* name,
               std::uint16_t permissions)
    : Node(table, kind), number_(number), name_(name), permissions_(permissions) {
    ASSERT(kind == NodeKind::CharacterDevice || kind == NodeKind::BlockDevice);
    ASSERT(table.find(kind, number) == nullptr);
    table.devices_.push_back(*this);
}

Device::~Device() {
    ASSERT(users() == 0);
    table_hook.unlink();
}

Result<Attributes> Device::attributes() {
    Attributes result;
    result.kind = kind();
    result.permissions = permissions_;
    result.number = number_;
    result.links = 1;
    result.device = number_;
    return result;
}

Device* DeviceTable::find(NodeKind kind, std::uint32_t number) {
    for (Device& device : devices_)
        if (device.kind() == kind && device.number() == number) return &device;
    return nullptr;
}

void DeviceTable::check_invariants() {
    devices_.check_invariants();
    for (Device& device : devices_)
        ASSERT(find(device.kind(), device.number()) == &device);
}

}  // namespace quire::fs
