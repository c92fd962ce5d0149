// Devices by number: what a device node, on whatever file system, stands for.
//
//     /dev/null (a node of tmpfs or ext2: "character device 1:3") --> DeviceTable --> NullDevice
//
// open(2) of such a node finds the device here and reads and writes that; stat(2) and permissions
// are the node's. The table is also the file system that the devices' own nodes belong to, which is
// never mounted. It owns nothing. Locking is the caller's.
#pragma once

#include <cstdint>

#include "fs/node.h"
#include "kernel/base/intrusive_list.h"

namespace quire::fs {

class DeviceTable;

/// major << 8 | minor, as in Attributes::device.
constexpr std::uint32_t device_number(std::uint32_t major, std::uint32_t minor) {
    return major << 8 | minor;
}

class Device : public Node {
  public:
    /// `kind`: CharacterDevice or BlockDevice. `name`, as in /dev, must stay.
    Device(DeviceTable& table, NodeKind kind, std::uint32_t number, const char* name,
           std::uint16_t permissions);

    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] const char* name() const { return name_; }
    /// Those of its node in /dev.
    [[nodiscard]] std::uint16_t permissions() const { return permissions_; }

    Result<Attributes> attributes() override;
    Result<void> change(const AttributeChange&) override { return Error::NotPermitted; }

    ListHook table_hook;

  protected:
    /// Leaves the table. Precondition: nobody has it open.
    ~Device();
    void last_user_gone() override {}

  private:
    std::uint32_t number_;
    const char* name_;
    std::uint16_t permissions_;
};

class DeviceTable final : public FileSystem {
  public:
    /// The device, or nullptr: nothing here has that number.
    [[nodiscard]] Device* find(NodeKind kind, std::uint32_t number);

    /// Calls visit(device) for each device, in the order in which they were made.
    template <typename Visitor>
    void walk(Visitor visit) {
        for (Device& device : devices_)
            visit(device);
    }

    // Of a file system that is never mounted.
    [[nodiscard]] const char* type() const override { return "devices"; }
    [[nodiscard]] Result<NodeRef> root() override { return Error::NotFound; }
    [[nodiscard]] FileSystemFigures figures() override { return {}; }
    [[nodiscard]] bool read_only() const override { return false; }
    Result<void> sync() override { return {}; }

    /// No two devices of one kind have one number.
    void check_invariants();

  private:
    friend class Device;
    IntrusiveList<Device, &Device::table_hook> devices_;
};

}  // namespace quire::fs
