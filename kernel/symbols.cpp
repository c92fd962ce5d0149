// Reading the symbol blob. Numbers are copied out, because nothing aligns the blob for us.
#include "kernel/symbols.h"

#include "libc/string.h"

namespace quire::kernel {

namespace {

constexpr std::size_t kWord = sizeof(std::uint32_t);
constexpr std::size_t kHeaderSize = 2 * kWord;
constexpr std::uint32_t kScopeSize = sizeof(std::uint16_t);  // in front of each name

std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t index) {
    std::uint32_t word = 0;
    memcpy(&word, bytes.data() + index * kWord, kWord);
    return word;
}

}  // namespace

std::optional<SymbolTable> SymbolTable::parse(std::span<const std::byte> blob) {
    if (blob.size() < kHeaderSize || word_at(blob, 0) != kMagic) return std::nullopt;
    const std::uint32_t count = word_at(blob, 1);
    if (count > (blob.size() - kHeaderSize) / (2 * kWord)) return std::nullopt;
    const SymbolTable table(blob, count);
    if (!table.is_sound()) return std::nullopt;
    return table;
}

SymbolTable::SymbolTable(std::span<const std::byte> blob, std::uint32_t count)
    : addresses_(blob.subspan(kHeaderSize, count * kWord)),
      name_offsets_(blob.subspan(kHeaderSize + count * kWord, count * kWord)),
      text_(blob.subspan(kHeaderSize + 2 * count * kWord)),
      count_(count) {}

bool SymbolTable::is_sound() const {
    if (count_ > 0 && (text_.size() <= kScopeSize || text_.back() != std::byte{0})) return false;
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (name_offset_at(i) >= text_.size() - kScopeSize) return false;
        if (scope_offset_at(i) >= text_.size()) return false;
        if (i > 0 && address_at(i - 1) >= address_at(i)) return false;
    }
    return true;
}

std::optional<SymbolTable::Found> SymbolTable::find(std::uint32_t address) const {
    // The symbols below `low` are at or below the address, those from `high` on are above it.
    std::uint32_t low = 0;
    std::uint32_t high = count_;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (address_at(middle) <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) return std::nullopt;
    return Found{name_at(low - 1), address - address_at(low - 1)};
}

std::optional<std::uint32_t> SymbolTable::address_of(std::string_view name) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (name_at(i) == name) return address_at(i);
    }
    return std::nullopt;
}

std::uint32_t SymbolTable::address_at(std::uint32_t index) const {
    return word_at(addresses_, index);
}

std::uint32_t SymbolTable::name_offset_at(std::uint32_t index) const {
    return word_at(name_offsets_, index);
}

std::uint32_t SymbolTable::scope_offset_at(std::uint32_t index) const {
    std::uint16_t offset = 0;
    memcpy(&offset, text_.data() + name_offset_at(index), sizeof offset);
    return offset;
}

std::string_view SymbolTable::text_at(std::uint32_t offset) const {
    const char* text = reinterpret_cast<const char*>(text_.data() + offset);
    return {text, strlen(text)};
}

SymbolName SymbolTable::name_at(std::uint32_t index) const {
    return {text_at(scope_offset_at(index)), text_at(name_offset_at(index) + kScopeSize)};
}

}  // namespace quire::kernel
