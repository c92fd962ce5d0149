// What sort compares of two lines.
//
//      with -t:    one:two:three            without:    one  two three
//      field        1   2   3               field       1   |2   |3       blanks belong to what
//      follows
#pragma once

#include <stddef.h>

#include <span>

namespace quire::tools {

/// A text that may have NULs in it, and has one behind it.
using Text = std::span<const char>;
/// As strcmp.
[[nodiscard]] int compare_texts(Text left, Text right);

struct SortKey {
    bool has_separator = false;  // else fields begin where blanks do
    char separator = '\0';

    /// How fields are compared if the key says nothing itself: takes the letter of an option.
    void set_usual(char letter) { set(letter); }
    /// "2", "2,3", "2.4,3.1n"; false if it is none.
    bool parse(const char* text);
    /// As strcmp.
    [[nodiscard]] int compare(Text left, Text right) const;

  private:
    void set(char letter);
    bool parse_place(const char*& text, size_t& field, size_t& character);
    [[nodiscard]] const char* skip_field(const char* place, const char* end,
                                         bool with_separator) const;
    [[nodiscard]] Text piece_of(Text line) const;

    size_t first_ = 1, first_character_ = 1;
    size_t last_ = 0, last_character_ = 0;  // 0: to the end of the line; of the field
    bool by_number_ = false, by_size_ = false, reverses_ = false, ignores_case_ = false,
         skips_blanks_ = false;
    bool has_letters_ = false;
};

}  // namespace quire::tools
