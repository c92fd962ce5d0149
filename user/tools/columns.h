// Texts in columns, as many as fit into a line: what ls shows at a terminal.
//
//     a     long name  x          the order goes down the columns, and each
//     b     c          y          is as wide as its longest text and two blanks
#pragma once

#include <stddef.h>

#include <span>

namespace quire::tools {

/// How many columns such texts take in lines of so many characters.
[[nodiscard]] size_t columns_for(std::span<const size_t> widths, size_t line);

/// From one place in the line to another, with tabs where they reach.
void put_blanks(size_t from, size_t to);
/// The longest of the texts of one column.
[[nodiscard]] size_t column_width(std::span<const size_t> widths, size_t first, size_t rows);
void end_row();

/// print(index) for each text, in rows and columns; `widths` says how much each prints.
template <typename Print>
void show_in_columns(std::span<const size_t> widths, size_t line, Print print) {
    constexpr size_t kGap = 2;
    const size_t columns = columns_for(widths, line);
    const size_t rows = (widths.size() + columns - 1) / columns;
    for (size_t row = 0; row < rows && row < widths.size(); ++row) {
        size_t place = 0;
        for (size_t i = row; i < widths.size(); i += rows) {
            print(i);
            if (i + rows >= widths.size()) break;
            const size_t next = place + column_width(widths, i - row, rows) + kGap;
            put_blanks(place + widths[i], next);
            place = next;
        }
        end_row();
    }
}

}  // namespace quire::tools
