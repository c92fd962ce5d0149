// The kernel's symbol table: from an address to "function + offset", and from a name back.
//
// tools/make_symbols.py makes the blob from the linked kernel, in this layout (little-endian):
//
//     u32 magic "QSYM"   u32 count   u32 address[count]   u32 name[count]   char text[]
//
//     text[]    quire::kernel::\0 quire::mm::\0 ... | 0 0 | panic \0 | 0 0 | Threads::idle \0 ...
//               scopes                               u16: where its scope is; the rest of the name
//
// A few hundred scopes begin all names, so each is there once. Addresses ascend strictly; name[i]
// is an offset into text[], which ends with a NUL. parse() checks all of that once, so the lookups,
// which run in a panic, can rely on it and never read outside the blob.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace quire::kernel {

/// A qualified name in two parts: "quire::mm::FrameTable::" and "check".
struct SymbolName {
    std::string_view scope;
    std::string_view name;

    bool operator==(std::string_view whole) const {
        return whole.size() == scope.size() + name.size() && whole.starts_with(scope) &&
               whole.ends_with(name);
    }
};

class SymbolTable {
  public:
    static constexpr std::uint32_t kMagic = 0x4D595351;  // "QSYM"

    struct Found {
        SymbolName name;
        std::uint32_t offset;  // of the address asked for, from the symbol's own
    };

    /// Checks `blob`, which must outlive the table and all names it hands out; nullopt when it is
    /// not a whole and sound symbol table. Cost: linear in the number of symbols.
    [[nodiscard]] static std::optional<SymbolTable> parse(std::span<const std::byte> blob);

    /// The last symbol at or below `address`; nullopt below the first. The table does not know
    /// where the last function ends: ask only for addresses inside the kernel's text.
    [[nodiscard]] std::optional<Found> find(std::uint32_t address) const;

    /// The address of the first symbol with exactly this name. Cost: linear.
    [[nodiscard]] std::optional<std::uint32_t> address_of(std::string_view name) const;

    [[nodiscard]] std::uint32_t size() const { return count_; }

  private:
    SymbolTable(std::span<const std::byte> blob, std::uint32_t count);

    [[nodiscard]] bool is_sound() const;
    [[nodiscard]] std::uint32_t address_at(std::uint32_t index) const;
    [[nodiscard]] std::uint32_t name_offset_at(std::uint32_t index) const;
    [[nodiscard]] std::uint32_t scope_offset_at(std::uint32_t index) const;
    [[nodiscard]] std::string_view text_at(std::uint32_t offset) const;
    [[nodiscard]] SymbolName name_at(std::uint32_t index) const;

    std::span<const std::byte> addresses_;
    std::span<const std::byte> name_offsets_;
    std::span<const std::byte> text_;
    std::uint32_t count_;
};

}  // namespace quire::kernel
