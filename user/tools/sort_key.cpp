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
    explicit Number(Text text) {
        const char* start = text.data();
        const char* const end = start + text.size();
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

int compare_sizes(const Number& left, const Number& right) {
    if (left.count != right.count) return left.count < right.count ? -1 : 1;
    const int order = memcmp(left.digits, right.digits, left.count);
    if (order != 0) return order;
    return compare_texts({left.fraction, left.fraction_count},
                         {right.fraction, right.fraction_count});
}

int compare_numbers(const Number& left, const Number& right, bool with_units) {
    const bool left_below = left.is_negative && !left.is_zero();
    const bool right_below = right.is_negative && !right.is_zero();
    if (left_below != right_below) return left_below ? -1 : 1;
    if (with_units && left.rank() != right.rank())
        return (left.rank() < right.rank()) != left_below ? -1 : 1;
    return left_below ? compare_sizes(right, left) : compare_sizes(left, right);
}

int compare_without_case(Text left, Text right) {
    for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
        const int order = toupper(static_cast<unsigned char>(left[i])) -
                          toupper(static_cast<unsigned char>(right[i]));
        if (order != 0) return order;
    }
    return left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0;
}

}  // namespace

int compare_texts(Text left, Text right) {
    const size_t shorter = left.size() < right.size() ? left.size() : right.size();
    const int order = memcmp(left.data(), right.data(), shorter);
    if (order != 0 || left.size() == right.size()) return order;
    return left.size() < right.size() ? -1 : 1;
}

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
    if (!parse_place(text, first_, first_character_) || first_ == 0 || first_character_ == 0)
        return false;
    if (*text == ',') {
        ++text;
        if (!parse_place(text, last_, last_character_) || last_ == 0) return false;
    }
    return *text == '\0';
}

const char* SortKey::skip_field(const char* place, const char* end, bool with_separator) const {
    if (has_separator) {
        const auto left = static_cast<size_t>(end - place);
        const auto* const found = static_cast<const char*>(memchr(place, separator, left));
        return found == nullptr ? end : found + (with_separator ? 1 : 0);
    }
    while (is_blank(*place))
        ++place;
    while (place < end && !is_blank(*place))
        ++place;
    return place;
}

Text SortKey::piece_of(Text line) const {
    const char* const end_of_line = line.data() + line.size();
    const auto move_on = [&](const char* place, size_t characters) {
        if (skips_blanks_)
            while (is_blank(*place))
                ++place;
        const auto left = static_cast<size_t>(end_of_line - place);
        return place + (characters < left ? characters : left);
    };
    const auto field = [&](size_t number) {
        const char* place = line.data();
        for (size_t at = 1; at < number && place < end_of_line; ++at)
            place = skip_field(place, end_of_line, true);
        return place;
    };
    const char* const start = move_on(field(first_), first_character_ - 1);
    const char* end = end_of_line;
    if (last_ != 0)
        end = last_character_ > 0 ? move_on(field(last_), last_character_)
                                  : skip_field(field(last_), end_of_line, false);
    return {start, static_cast<size_t>(end < start ? 0 : end - start)};
}

int SortKey::compare(Text left, Text right) const {
    const Text a = piece_of(left), b = piece_of(right);
    int order = 0;
    if (by_number_ || by_size_)
        order = compare_numbers(Number(a), Number(b), by_size_);
    else if (ignores_case_)
        order = compare_without_case(a, b);
    else
        order = compare_texts(a, b);
    return reverses_ ? -order : order;
}

}  // namespace quire::tools
