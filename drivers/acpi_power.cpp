#include "drivers/acpi_power.h"

#include <array>

#include "libc/string.h"

namespace quire::drivers {

namespace {

constexpr std::uint32_t kHeaderBytes = 36;
constexpr std::uint32_t kMostTableBytes = 1 << 20;
constexpr std::uint32_t kPieceBytes = 256;

std::uint32_t number_at(const std::uint8_t* bytes) {
    return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
           std::uint32_t{bytes[3]} << 24;
}

bool adds_up(std::span<const std::uint8_t> bytes) {
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : bytes)
        sum = static_cast<std::uint8_t>(sum + byte);
    return sum == 0;
}

struct Table {
    std::uint32_t address = 0;
    std::uint32_t bytes = 0;
};

// A table with this signature, whose bytes add up to 0.
std::optional<Table> table_at(PhysicalReader& memory, std::uint32_t address, const char* name) {
    std::array<std::uint8_t, kHeaderBytes> header;
    if (!memory.read(address, header) || memcmp(header.data(), name, 4) != 0) return {};
    const Table table{address, number_at(&header[4])};
    if (table.bytes < kHeaderBytes || table.bytes > kMostTableBytes || address > ~0U - table.bytes)
        return {};
    std::uint8_t sum = 0;
    std::array<std::uint8_t, kPieceBytes> piece;
    for (std::uint32_t at = 0; at < table.bytes; at += kPieceBytes) {
        const std::uint32_t left = table.bytes - at;
        const auto part = std::span(piece).first(left < kPieceBytes ? left : kPieceBytes);
        if (!memory.read(address + at, part)) return {};
        for (const std::uint8_t byte : part)
            sum = static_cast<std::uint8_t>(sum + byte);
    }
    if (sum != 0) return {};
    return table;
}

// --- From the RSDP to the FADT ---

constexpr std::uint32_t kPointerBytes = 20;

// The address of the RSDT, if an RSDP lies at `address`.
std::optional<std::uint32_t> root_table_by(PhysicalReader& memory, std::uint32_t address) {
    std::array<std::uint8_t, kPointerBytes> bytes;
    if (!memory.read(address, bytes) || memcmp(bytes.data(), "RSD PTR ", 8) != 0 || !adds_up(bytes))
        return {};
    return number_at(&bytes[16]);
}

// It lies on a boundary of 16 bytes: in the first KiB of the EBDA, or in the BIOS.
std::optional<std::uint32_t> find_root_table(PhysicalReader& memory) {
    constexpr std::uint32_t kSegmentOfEbda = 0x40E;
    constexpr std::uint32_t kKiB = 1024;
    constexpr std::uint32_t kBios = 0xE0000;
    constexpr std::uint32_t kBiosEnd = 0x100000;
    constexpr std::uint32_t kStep = 16;
    std::array<std::uint8_t, 2> segment{};
    std::uint32_t ebda = 0;
    if (memory.read(kSegmentOfEbda, segment))
        ebda = (segment[0] | std::uint32_t{segment[1]} << 8) << 4;
    if (ebda != 0) {
        for (std::uint32_t at = ebda; at < ebda + kKiB; at += kStep)
            if (const auto found = root_table_by(memory, at)) return found;
    }
    for (std::uint32_t at = kBios; at < kBiosEnd; at += kStep)
        if (const auto found = root_table_by(memory, at)) return found;
    return {};
}

std::optional<Table> find_fixed_table(PhysicalReader& memory, std::uint32_t root) {
    const auto list = table_at(memory, root, "RSDT");
    if (!list.has_value()) return {};
    for (std::uint32_t at = kHeaderBytes; at + 4 <= list->bytes; at += 4) {
        std::array<std::uint8_t, 4> entry;
        if (!memory.read(list->address + at, entry)) return {};
        if (const auto table = table_at(memory, number_at(entry.data()), "FACP")) return table;
    }
    return {};
}

// --- The package \_S5 ---

// What a number or a package looks like in AML (ACPI 20.2).
constexpr std::uint8_t kZero = 0x00, kOne = 0x01, kByte = 0x0A, kWord = 0x0B, kDouble = 0x0C;
constexpr std::uint8_t kName = 0x08, kRootPrefix = 0x5C, kPackage = 0x12;

// Reads AML from the start of a window of it; what would be behind the window reads as nothing.
class AmlWindow {
  public:
    explicit AmlWindow(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    std::optional<std::uint8_t> next() {
        if (at_ >= bytes_.size()) return {};
        return bytes_[at_++];
    }
    bool skip(std::size_t count) {
        at_ += count;
        return at_ <= bytes_.size();
    }
    // The low byte of a number.
    std::optional<std::uint8_t> number() {
        const auto kind = next();
        if (!kind.has_value()) return {};
        if (*kind == kZero || *kind == kOne) return *kind;
        const std::size_t bytes = *kind == kByte     ? 1
                                  : *kind == kWord   ? 2
                                  : *kind == kDouble ? 4
                                                     : 0;
        if (bytes == 0) return {};
        const auto low = next();
        if (!low.has_value() || !skip(bytes - 1)) return {};
        return low;
    }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

struct SleepTypes {
    std::uint8_t a, b;
};

// The window begins where `_S5_` may stand: Name (_S5_, Package () { a, b, ... }).
std::optional<SleepTypes> sleep_types_at(std::span<const std::uint8_t> window) {
    if (window.size() < 4 || memcmp(window.data(), "_S5_", 4) != 0) return {};
    AmlWindow code(window.subspan(4));
    if (code.next() != kPackage) return {};
    const auto length = code.next();  // its top two bits: how many bytes of it follow
    if (!length.has_value() || !code.skip(*length >> 6)) return {};
    const auto count = code.next();
    if (!count.has_value() || *count == 0) return {};
    const auto a = code.number();
    const auto b = *count > 1 ? code.number() : a;
    if (!a.has_value() || !b.has_value()) return {};
    constexpr std::uint8_t kTypeMask = 7;
    return SleepTypes{static_cast<std::uint8_t>(*a & kTypeMask),
                      static_cast<std::uint8_t>(*b & kTypeMask)};
}

// The table goes by in pieces, each with what came before it and what comes after.
std::optional<SleepTypes> find_sleep_types(PhysicalReader& memory, const Table& table) {
    constexpr std::uint32_t kBefore = 2;
    constexpr std::uint32_t kAfter = 24;
    std::array<std::uint8_t, kBefore + kPieceBytes + kAfter> room;
    for (std::uint32_t at = kHeaderBytes; at < table.bytes; at += kPieceBytes) {
        const std::uint32_t left = table.bytes - at + kBefore;
        const auto window = std::span(room).first(
            left < room.size() ? left : static_cast<std::uint32_t>(room.size()));
        if (!memory.read(table.address + at - kBefore, window)) return {};
        for (std::uint32_t i = kBefore; i < kBefore + kPieceBytes && i < window.size(); ++i) {
            const bool named =
                window[i - 1] == kName || (window[i - 1] == kRootPrefix && window[i - 2] == kName);
            if (!named) continue;
            if (const auto types = sleep_types_at(window.subspan(i))) return types;
        }
    }
    return {};
}

}  // namespace

std::optional<PowerOff> find_power_off(PhysicalReader& memory) {
    constexpr std::uint32_t kDsdt = 40;
    constexpr std::uint32_t kCommand = 48;
    constexpr std::uint32_t kEnable = 52;
    constexpr std::uint32_t kControlA = 64;
    constexpr std::uint32_t kControlB = 68;
    constexpr std::uint32_t kBytesNeeded = 90;
    constexpr std::uint32_t kMostPort = 0xFFFF;
    constexpr std::uint16_t kSleepEnable = 1 << 13;
    constexpr unsigned kTypeShift = 10;
    const auto root = find_root_table(memory);
    if (!root.has_value()) return {};
    const auto fixed = find_fixed_table(memory, *root);
    std::array<std::uint8_t, kBytesNeeded> bytes;
    if (!fixed.has_value() || fixed->bytes < kBytesNeeded || !memory.read(fixed->address, bytes))
        return {};
    const auto code = table_at(memory, number_at(&bytes[kDsdt]), "DSDT");
    if (!code.has_value()) return {};
    const auto types = find_sleep_types(memory, *code);
    const std::uint32_t a = number_at(&bytes[kControlA]);
    const std::uint32_t b = number_at(&bytes[kControlB]);
    const std::uint32_t command = number_at(&bytes[kCommand]);
    if (!types.has_value() || a == 0 || a > kMostPort || b > kMostPort || command > kMostPort)
        return {};
    const auto value = [](std::uint8_t type) {
        return static_cast<std::uint16_t>(type << kTypeShift | kSleepEnable);
    };
    const bool enables = command != 0 && bytes[kEnable] != 0;
    return PowerOff{.command_port = static_cast<std::uint16_t>(enables ? command : 0),
                    .enable = bytes[kEnable],
                    .control_a = static_cast<std::uint16_t>(a),
                    .value_a = value(types->a),
                    .control_b = static_cast<std::uint16_t>(b),
                    .value_b = value(types->b)};
}

}  // namespace quire::drivers
