// What sort compares of two lines.
//
//      with -t:    one:two:three            without:    one  two three
//      field        1   2   3               field       1   |2   |3       blanks belong to what
//      follows
#pragma once

#include <stddef.h>

namespace quire::tools {

struct SortKey {
    char separator = '\0';      // '\0': fields begin where blanks do
    bool reverses_all = false;  // for lines whose keys are equal

    /// How fields are compared if the key says nothing itself.
    void set_usual(bool by_number, bool reverses, bool ignores_case, bool skips_blanks);
    /// "2", "2,3", "2.4,3.1n"; false if it is none.
    bool parse(const char* text);
    /// As strcmp.
    [[nodiscard]] int compare(const char* left, const char* right) const;

  private:
    struct Piece {
        const char* start;
        const char* end;
    };
    bool parse_place(const char*& text, size_t& field, size_t& character);
    [[nodiscard]] const char* skip_field(const char* place, bool with_separator) const;
    [[nodiscard]] Piece piece_of(const char* line) const;

    size_t first_ = 1, first_character_ = 1;
    size_t last_ = 0, last_character_ = 0;  // 0: to the end of the line; of the field
    bool by_number_ = false, reverses_ = false, ignores_case_ = false, skips_blanks_ = false;
    bool has_letters_ = false;
};

}  // namespace quire::tools
