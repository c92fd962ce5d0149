// The shell's variables, one behind the other in a block of fixed size:
//
//     xPATH=/bin:/sbin\0-answer=42\0xHOME=/root\0|   free   |
//     ^ x: exported, -: not
//
// A new value is appended after the old one was closed up, so that nothing is ever lost between
// them. Pure: it is tested on the host.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace quire::shell {

class Variables {
  public:
    static constexpr std::size_t kRoom = 16384;

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    /// Keeps whether it is exported. False: no room; the old value stays.
    bool set(std::string_view name, std::string_view value);
    /// Makes it part of what programs get; empty if it did not exist.
    bool set_exported(std::string_view name);
    void remove(std::string_view name);

    /// Calls visit(text, exported) with the text "NAME=value" of each; a NUL stands behind it.
    template <typename Visitor>
    void for_each(Visitor visit) const {
        for (std::size_t at = 0; at < used_; at += size_at(at))
            visit(std::string_view(room_.data() + at + 1, size_at(at) - 2), room_[at] == 'x');
    }

  private:
    static constexpr std::size_t kNone = ~std::size_t{0};
    [[nodiscard]] std::size_t size_at(std::size_t offset) const;  // of the whole entry
    [[nodiscard]] std::size_t offset_of(std::string_view name) const;
    bool append(char mark, std::string_view name, std::string_view value);
    void erase(std::size_t offset);

    std::array<char, kRoom> room_;
    std::size_t used_ = 0;
};

}  // namespace quire::shell
