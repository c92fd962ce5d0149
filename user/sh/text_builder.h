// A text that grows in the arena of the line. What it outgrows stays behind until the arena is
// released.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "user/arena.h"

namespace quire::shell {

class TextBuilder {
  public:
    explicit TextBuilder(Arena& arena) : arena_(&arena) {}

    void put(char c) {
        if (used_ == room_.size()) grow(1);
        room_[used_++] = c;
    }
    void put(std::string_view text) {
        if (text.size() > room_.size() - used_) grow(text.size());
        std::copy(text.begin(), text.end(), room_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += text.size();
    }
    /// At least so many bytes to write to; added() says how many were.
    [[nodiscard]] std::span<char> space(std::size_t bytes) {
        if (bytes > room_.size() - used_) grow(bytes);
        return room_.subspan(used_);
    }
    void added(std::size_t bytes) { used_ += bytes; }

    [[nodiscard]] std::span<char> bytes() { return room_.first(used_); }
    [[nodiscard]] std::string_view view() const { return {room_.data(), used_}; }
    [[nodiscard]] std::size_t size() const { return used_; }
    void cut(std::size_t size) { used_ = size; }
    /// What was put so far; the next character begins another text.
    [[nodiscard]] std::string_view take() {
        const std::string_view text = view();
        room_ = room_.subspan(used_);
        used_ = 0;
        return text;
    }
    /// The text with a NUL behind it. The next character begins another text.
    [[nodiscard]] char* take_string() {
        put('\0');
        return const_cast<char*>(take().data());
    }

  private:
    void grow(std::size_t bytes) {
        const std::span<char> larger = arena_->make_array<char>((used_ + bytes) * 2 + 32);
        std::copy_n(room_.begin(), used_, larger.begin());
        room_ = larger;
    }

    Arena* arena_;
    std::span<char> room_;
    std::size_t used_ = 0;
};

}  // namespace quire::shell
