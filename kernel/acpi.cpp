#include "kernel/acpi.h"

#include "cpu/ports.h"
#include "drivers/acpi_power.h"
#include "kernel/memory.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::kernel {
namespace {

using mm::FrameNumber;
using mm::FrameRange;

// What is not in the window, as tables at the top of RAM may be, is mapped while it is copied.
class KernelReader final : public drivers::PhysicalReader {
  public:
    explicit KernelReader(Memory& memory) : memory_(memory) {}

    bool read(std::uint32_t address, std::span<std::uint8_t> to) override {
        while (!to.empty()) {
            const std::uint32_t offset = address % mm::kPageSize;
            const std::size_t left = mm::kPageSize - offset;
            const auto part = to.first(left < to.size() ? left : to.size());
            if (!copy(FrameNumber(address >> mm::kPageShift), offset, part)) return false;
            to = to.subspan(part.size());
            address += static_cast<std::uint32_t>(part.size());
        }
        return true;
    }

  private:
    bool copy(FrameNumber frame, std::uint32_t offset, std::span<std::uint8_t> to) {
        if (memory_.frames().table().covers(frame)) {
            memcpy(to.data(), mm::frame_bytes(frame) + offset, to.size());
            return true;
        }
        mm::DynamicRange range;
        mm::DynamicArea& area = memory_.dynamic_area();
        const FrameRange frames = FrameRange::of(frame, mm::PageCount(1));
        if (!area.map_device(range, frames, "ACPI table").ok()) return false;
        const std::uint32_t place = mm::start_of(range.pages().first).raw() + offset;
        memcpy(to.data(), reinterpret_cast<const void*>(place), to.size());
        area.unmap(range);
        return true;
    }

    Memory& memory_;
};

// The chipset obeys its sleep bits only after the firmware was told who uses them. (ACPI 4.7.2.5.)
void switch_acpi_on(System& system, const drivers::PowerOff& how) {
    constexpr std::uint64_t kMostMilliseconds = 3000;
    const auto is_on = [&] {
        return (cpu::in16(how.control_a) & drivers::PowerOff::kAcpiIsOn) != 0;
    };
    if (how.command_port == 0 || is_on()) return;
    cpu::out8(how.command_port, how.enable);
    const std::uint64_t end = system.clock.milliseconds() + kMostMilliseconds;
    while (!is_on() && system.clock.milliseconds() < end) {
    }
}

void write_control(std::uint16_t port, std::uint16_t value) {
    const auto kept = static_cast<std::uint16_t>(cpu::in16(port) & ~drivers::PowerOff::kSleepMask);
    cpu::out16(port, static_cast<std::uint16_t>(kept | value));
}

}  // namespace

void power_off_by_acpi(System& system) {
    KernelReader reader(*system.memory);
    const auto how = drivers::find_power_off(reader);
    if (!how.has_value()) return;
    system.console.print("power off: ACPI, port %Xh\n", unsigned{how->control_a});
    switch_acpi_on(system, *how);
    write_control(how->control_a, how->value_a);
    if (how->control_b != 0) write_control(how->control_b, how->value_b);
}

}  // namespace quire::kernel
