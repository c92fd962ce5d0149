// The boot command line: words separated by space, each `key` or `key=value`.
//
//     log=debug test="paging frames" mem=64M quiet
//
// A value may stand in double quotes to hold spaces; a quote that is never closed lasts to the end.
// Where a key comes twice the later word wins, so that what is typed last overrides. The class
// keeps a view of the text and nothing else: asking walks it, which is done a few times at boot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/result.h"

namespace quire::kernel {

/// A number of digits in `base` (up to 16) and nothing else.
/// Errors: InvalidArgument (no digit, another character, above 32 bits).
Result<std::uint32_t> parse_digits(std::string_view digits, std::uint32_t base);

/// A number as a person writes it: decimal or 0x, and one of the units K, M, G (of 1024) if wanted.
/// Errors: InvalidArgument (no number, or above 32 bits).
Result<std::uint32_t> parse_number(std::string_view text);

class CommandLine {
  public:
    struct Word {
        std::string_view key;
        std::string_view value;  // empty without a '=', and without its quotes
        bool has_value = false;  // whether there was a '='

        bool operator==(const Word&) const = default;
    };

    class Iterator {
      public:
        explicit Iterator(std::string_view rest) : rest_(rest) { take_word(); }
        const Word& operator*() const { return word_; }
        const Word* operator->() const { return &word_; }
        Iterator& operator++() {
            take_word();
            return *this;
        }
        bool operator==(std::nullptr_t) const { return at_end_; }

      private:
        void take_word();

        std::string_view rest_;
        Word word_;
        bool at_end_ = false;
    };

    /// `text` must outlive this object and all views it hands out.
    constexpr explicit CommandLine(std::string_view text) : text_(text) {}

    [[nodiscard]] Iterator begin() const { return Iterator(text_); }
    [[nodiscard]] std::nullptr_t end() const { return nullptr; }

    /// The value of the last word with this key (empty for a bare `key`), if there is one.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return find(key).has_value(); }

    /// The value as parse_number() reads it.
    /// Errors: NotFound (no such key), InvalidArgument (no number, or above 32 bits).
    [[nodiscard]] Result<std::uint32_t> number(std::string_view key) const;

  private:
    std::string_view text_;
};

}  // namespace quire::kernel
