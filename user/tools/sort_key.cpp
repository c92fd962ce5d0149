#include "user/tools/sort_key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

namespace quire::tools {
namespace {

bool is_blank(char character) {
    return character == ' ' || character == '\t';
}

/// A decimal number of any length as its parts: sign, digits before and behind the point.
struct Number {
    Number(const char* start, const char* end) {
        while (start < end && is_blank(*start))
            ++start;
        is_negative = start < end && *start == '-';
        if (is_negative) ++start;
        while (start < end && *start == '0')
            ++start;
        digits = start;
        while (start < end && isdigit(static_cast<unsigned char>(*start)) != 0)
            ++start;
        count = static_cast<size_t>(start - digits);
        if (start < end && *start != '.') unit = *start;
        if (start == end || *start != '.') return;
        fraction = start + 1;
        const char* last = fraction;
        while (last < end && isdigit(static_cast<unsigned char>(*last)) != 0)
            ++last;
        if (last < end) unit = *last;
        while (last > fraction && last[-1] == '0')
            --last;
        fraction_count = static_cast<size_t>(last - fraction);
    }
    [[nodiscard]] bool is_zero() const { return count == 0 && fraction_count == 0; }

    /// K is less than M whatever stands before them.
    [[nodiscard]] int rank() const {
        constexpr char kUnits[] = "KMGTPEZY";
        const char* const known = unit == 'k' ? kUnits : strchr(kUnits, unit);
        return unit == '\0' || known == nullptr || is_zero() ? 0
                                                             : static_cast<int>(known - kUnits) + 1;
    }

    bool is_negative = false;
    char unit = '\0';  // what follows the number
    const char* digits = "";
    size_t count = 0;
    const char* fraction = "";
    size_t fraction_count = 0;
};

int compare_texts(const char* left, size_t left_length, const char* right, size_t right_length) {
    const size_t shorter = left_length < right_length ? left_length : right_length;
    const int order = memcmp(left, right, shorter);
    if (order != 0 || left_length == right_length) return order;
    return left_length < right_length ? -1 : 1;
}

int compare_sizes(const Number& left, const Number& right) {
    if (left.count != right.count) return left.count < right.count ? -1 : 1;
    const int order = memcmp(left.digits, right.digits, left.count);
    if (order != 0) return order;
    return compare_texts(left.fraction, left.fraction_count, right.fraction, right.fraction_count);
}

int compare_numbers(const Number& left, const Number& right, bool with_units) {
    const bool left_below = left.is_negative && !left.is_zero();
    const bool right_below = right.is_negative && !right.is_zero();
    if (left_below != right_below) return left_below ? -1 : 1;
    if (with_units && left.rank() != right.rank())
        return (left.rank() < right.rank()) != left_below ? -1 : 1;
    return left_below ? compare_sizes(right, left) : compare_sizes(left, right);
}

int compare_without_case(const char* left, size_t left_length, const char* right,
                         size_t right_length) {
    for (size_t i = 0; i < left_length && i < right_length; ++i) {
        const int order = toupper(static_cast<unsigned char>(left[i])) -
                          toupper(static_cast<unsigned char>(right[i]));
        if (order != 0) return order;
    }
    return left_length < right_length ? -1 : left_length > right_length ? 1 : 0;
}

}  // namespace

void SortKey::set(char letter) {
    by_number_ |= letter == 'n';
    by_size_ |= letter == 'h';
    reverses_ |= letter == 'r';
    ignores_case_ |= letter == 'f';
    skips_blanks_ |= letter == 'b';
}

bool SortKey::parse_place(const char*& text, size_t& field, size_t& character) {
    char* end = nullptr;
    field = strtoul(text, &end, 10);
    if (end == text) return false;
    text = end;
    if (*text == '.') {
        character = strtoul(text + 1, &end, 10);
        if (end == text + 1) return false;
        text = end;
    }
    for (; *text != '\0' && strchr("nhrfb", *text) != nullptr; ++text) {
        if (!has_letters_)
            by_number_ = by_size_ = reverses_ = ignores_case_ = skips_blanks_ = false;
        has_letters_ = true;
        set(*text);
    }
    return true;
}

bool SortKey::parse(const char* text) {
    if (!parse_place(text, first_, first_character_) || first_ == 0) return false;
    if (*text == ',') {
        ++text;
        if (!parse_place(text, last_, last_character_) || last_ == 0) return false;
    }
    return *text == '\0';
}

const char* SortKey::skip_field(const char* place, bool with_separator) const {
    if (has_separator) {
        const char* const end = strchrnul(place, separator);
        return with_separator && *end != '\0' ? end + 1 : end;
    }
    while (is_blank(*place))
        ++place;
    while (*place != '\0' && !is_blank(*place))
        ++place;
    return place;
}

SortKey::Piece SortKey::piece_of(const char* line) const {
    const char* const end_of_line = line + strlen(line);
    const auto move_on = [&](const char* place, size_t characters) {
        if (skips_blanks_)
            while (is_blank(*place))
                ++place;
        const auto left = static_cast<size_t>(end_of_line - place);
        return place + (characters < left ? characters : left);
    };
    const char* start = line;
    for (size_t field = 1; field < first_; ++field)
        start = skip_field(start, true);
    start = move_on(start, first_character_ > 0 ? first_character_ - 1 : 0);
    if (last_ == 0) return {start, end_of_line};
    const char* end = line;
    for (size_t field = 1; field < last_; ++field)
        end = skip_field(end, true);
    end = last_character_ > 0 ? move_on(end, last_character_) : skip_field(end, false);
    return {start, end < start ? start : end};
}

int SortKey::compare(const char* left, const char* right) const {
    const Piece a = piece_of(left), b = piece_of(right);
    const auto length_a = static_cast<size_t>(a.end - a.start);
    const auto length_b = static_cast<size_t>(b.end - b.start);
    int order = 0;
    if (by_number_ || by_size_)
        order = compare_numbers({a.start, a.end}, {b.start, b.end}, by_size_);
    else if (ignores_case_)
        order = compare_without_case(a.start, length_a, b.start, length_b);
    else
        order = compare_texts(a.start, length_a, b.start, length_b);
    return reverses_ ? -order : order;
}

}  // namespace quire::tools
