#include "user/tools/columns.h"

#include <stdio.h>

namespace quire::tools {

size_t column_width(std::span<const size_t> widths, size_t first, size_t rows) {
    size_t widest = 0;
    for (size_t i = first; i < first + rows && i < widths.size(); ++i)
        if (widths[i] > widest) widest = widths[i];
    return widest;
}

size_t columns_for(std::span<const size_t> widths, size_t line) {
    constexpr size_t kGap = 2, kNarrowest = 3;
    const size_t most = line / kNarrowest < widths.size() ? line / kNarrowest : widths.size();
    for (size_t columns = most; columns > 1; --columns) {
        const size_t rows = (widths.size() + columns - 1) / columns;
        size_t length = 0;
        for (size_t first = 0; first < widths.size() && rows > 0; first += rows) {
            const bool is_last = first / rows == columns - 1;
            length += column_width(widths, first, rows) + (is_last ? 0 : kGap);
        }
        if (length < line) return columns;
    }
    return 1;
}

void put_blanks(size_t from, size_t to) {
    constexpr size_t kTab = 8;
    while (from < to) {
        const bool reaches = to / kTab > (from + 1) / kTab;
        putchar(reaches ? '\t' : ' ');
        from = reaches ? (from / kTab + 1) * kTab : from + 1;
    }
}

void end_row() {
    putchar('\n');
}

}  // namespace quire::tools
