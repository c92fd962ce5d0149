#include "libc/standard/scan.h"

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

namespace quire::libc {
namespace {

enum class Length { Char, Short, Int, Long, LongLong };

struct Conversion {
    bool is_stored = true;
    int width = 0;  // 0: none given
    Length length = Length::Int;
    char letter = '\0';
    const char* set = nullptr;  // of %[, behind the [ and the ^
    const char* set_end = nullptr;
    bool set_is_negated = false;
};

enum class Outcome { Matched, Failed, Ended };

class Scanner {
  public:
    Scanner(ScanSource& source, va_list arguments) : source_(source) {
        va_copy(arguments_, arguments);
    }
    ~Scanner() { va_end(arguments_); }
    Scanner(const Scanner&) = delete;
    Scanner& operator=(const Scanner&) = delete;

    int run(const char* format) {
        for (Outcome outcome = Outcome::Matched; *format != '\0';) {
            if (isspace(static_cast<unsigned char>(*format)) != 0) {
                skip_space();
                ++format;
                continue;
            }
            if (*format != '%') {
                outcome = literal(*format++);
            } else {
                const Conversion conversion = parse(format);
                outcome = convert(conversion);
            }
            if (outcome == Outcome::Ended && stored_ == 0) return EOF;
            if (outcome != Outcome::Matched) break;
        }
        return stored_;
    }

  private:
    int take() {
        const int character = source_.next();
        if (character != EOF) ++taken_;
        return character;
    }
    void give_back(int character) {
        if (character == EOF) return;
        source_.back(character);
        --taken_;
    }
    void skip_space() {
        int character = 0;
        do
            character = take();
        while (character != EOF && isspace(character) != 0);
        give_back(character);
    }

    Outcome literal(char wanted) {
        const int character = take();
        if (character == static_cast<unsigned char>(wanted)) return Outcome::Matched;
        give_back(character);
        return character == EOF ? Outcome::Ended : Outcome::Failed;
    }

    static Conversion parse(const char*& format);
    Outcome convert(const Conversion& conversion);
    Outcome number(const Conversion& conversion, int base);
    Outcome word(const Conversion& conversion);
    Outcome characters(const Conversion& conversion);
    void store(const Conversion& conversion, bool is_signed, bool is_negative, bool has_overflown,
               unsigned long long magnitude);
    void store_bits(Length length, unsigned long long value);

    ScanSource& source_;
    va_list arguments_;
    int taken_ = 0;
    int stored_ = 0;
};

Length parse_length(const char*& format) {
    const char letter = *format;
    if (letter != '\0' && strchr("hljzt", letter) != nullptr) ++format;
    const bool is_double = (letter == 'h' || letter == 'l') && *format == letter;
    if (is_double) ++format;
    if (letter == 'h') return is_double ? Length::Char : Length::Short;
    if (letter == 'l') return is_double ? Length::LongLong : Length::Long;
    if (letter == 'j') return Length::LongLong;
    return letter == 'z' || letter == 't' ? Length::Long : Length::Int;
}

Conversion Scanner::parse(const char*& format) {
    Conversion conversion;
    ++format;
    if (*format == '*') {
        conversion.is_stored = false;
        ++format;
    }
    for (; isdigit(static_cast<unsigned char>(*format)) != 0; ++format)
        if (conversion.width < INT_MAX / 10 - 1)
            conversion.width = conversion.width * 10 + (*format - '0');
    conversion.length = parse_length(format);
    conversion.letter = *format;
    if (*format != '\0') ++format;
    if (conversion.letter != '[') return conversion;
    conversion.set_is_negated = *format == '^';
    if (conversion.set_is_negated) ++format;
    conversion.set = format;
    if (*format == ']') ++format;  // the first one is a member
    format = strchrnul(format, ']');
    conversion.set_end = format;
    if (*format != '\0') ++format;
    return conversion;
}

/// Whether a set of %[ has it; "a-z" is a range.
bool is_in_set(const Conversion& conversion, int character) {
    bool found = false;
    for (const char* place = conversion.set; place < conversion.set_end && !found; ++place) {
        const auto first = static_cast<unsigned char>(*place);
        auto last = first;
        if (place + 2 < conversion.set_end && place[1] == '-') {
            last = static_cast<unsigned char>(place[2]);
            place += 2;
        }
        found = character >= first && character <= last;
    }
    return found != conversion.set_is_negated;
}

Outcome Scanner::convert(const Conversion& conversion) {
    const char letter = conversion.letter;
    if (letter == 'c') return characters(conversion);
    if (letter == '[') return word(conversion);
    if (letter == 'n') {
        if (conversion.is_stored)
            store_bits(conversion.length, static_cast<unsigned long long>(taken_));
        return Outcome::Matched;
    }
    skip_space();
    switch (letter) {
    case '%':
        return literal('%');
    case 's':
        return word(conversion);
    case 'd':
    case 'u':
        return number(conversion, 10);
    case 'i':
        return number(conversion, 0);
    case 'o':
        return number(conversion, 8);
    case 'x':
    case 'X':
    case 'p':
        return number(conversion, 16);
    default:
        return Outcome::Failed;
    }
}

int digit_value(int character) {
    if (isdigit(character) != 0) return character - '0';
    return isalpha(character) != 0 ? tolower(character) - 'a' + 10 : 36;
}

/// The characters of one number, as long as its width lasts.
class NumberReader {
  public:
    explicit NumberReader(int width) : left_(width > 0 ? width : INT_MAX) {}

    template <typename Take>
    int next(Take take) {
        return left_-- > 0 ? take() : EOF;
    }
    [[nodiscard]] bool is_over() const { return left_ < 0; }

  private:
    int left_;
};

Outcome Scanner::number(const Conversion& conversion, int base) {
    NumberReader reader(conversion.width);
    const auto next = [&] { return reader.next([&] { return take(); }); };
    int character = next();
    if (character == EOF) return Outcome::Ended;
    const bool is_negative = character == '-';
    if (character == '-' || character == '+') character = next();
    bool has_digits = false;
    if (character == '0') {
        has_digits = true;
        character = next();
        const bool has_prefix = (base == 0 || base == 16) && (character == 'x' || character == 'X');
        if (base == 0) base = has_prefix ? 16 : 8;
        if (has_prefix) {
            has_digits = false;
            character = next();
        }
    }
    if (base == 0) base = 10;
    unsigned long long magnitude = 0;
    bool has_overflown = false;
    for (; character != EOF && digit_value(character) < base; character = next()) {
        has_digits = true;
        has_overflown |=
            __builtin_mul_overflow(magnitude, static_cast<unsigned>(base), &magnitude) ||
            __builtin_add_overflow(magnitude, static_cast<unsigned>(digit_value(character)),
                                   &magnitude);
    }
    give_back(character);
    if (!has_digits) return Outcome::Failed;
    if (conversion.is_stored) {
        const bool is_signed = conversion.letter == 'd' || conversion.letter == 'i';
        store(conversion, is_signed, is_negative, has_overflown, magnitude);
        ++stored_;
    }
    return Outcome::Matched;
}

// What is too large becomes the limit, as strtol and its kin have it.
void Scanner::store(const Conversion& conversion, bool is_signed, bool is_negative,
                    bool has_overflown, unsigned long long magnitude) {
    if (conversion.letter == 'p') {
        *va_arg(arguments_, void**) = reinterpret_cast<void*>(static_cast<uintptr_t>(magnitude));
        return;
    }
    const bool is_long_long = conversion.length == Length::LongLong;
    const unsigned long long most_signed =
        is_long_long ? LLONG_MAX : static_cast<unsigned long long>(LONG_MAX);
    const unsigned long long most = is_signed      ? most_signed + (is_negative ? 1 : 0)
                                    : is_long_long ? ULLONG_MAX
                                                   : static_cast<unsigned long long>(ULONG_MAX);
    const bool is_cut = has_overflown || magnitude > most;
    if (is_cut) magnitude = most;
    const bool is_turned = is_negative && (is_signed || !is_cut);
    store_bits(conversion.length, is_turned ? 0 - magnitude : magnitude);
}

void Scanner::store_bits(Length length, unsigned long long value) {
    switch (length) {
    case Length::Char:
        *va_arg(arguments_, unsigned char*) = static_cast<unsigned char>(value);
        break;
    case Length::Short:
        *va_arg(arguments_, unsigned short*) = static_cast<unsigned short>(value);
        break;
    case Length::Int:
        *va_arg(arguments_, unsigned*) = static_cast<unsigned>(value);
        break;
    case Length::Long:
        *va_arg(arguments_, unsigned long*) = static_cast<unsigned long>(value);
        break;
    case Length::LongLong:
        *va_arg(arguments_, unsigned long long*) = value;
        break;
    }
}

/// %s and %[: what is not space, or what is in the set.
Outcome Scanner::word(const Conversion& conversion) {
    char* to = conversion.is_stored ? va_arg(arguments_, char*) : nullptr;
    int left = conversion.width > 0 ? conversion.width : INT_MAX;
    bool has_any = false;
    int character = EOF;
    for (; left > 0; --left) {
        character = take();
        if (character == EOF) break;
        const bool belongs =
            conversion.letter == 's' ? isspace(character) == 0 : is_in_set(conversion, character);
        if (!belongs) {
            give_back(character);
            break;
        }
        has_any = true;
        if (to != nullptr) *to++ = static_cast<char>(character);
    }
    if (!has_any) return character == EOF ? Outcome::Ended : Outcome::Failed;
    if (to != nullptr) {
        *to = '\0';
        ++stored_;
    }
    return Outcome::Matched;
}

/// %c: as many as its width, space as well, and no NUL behind them.
Outcome Scanner::characters(const Conversion& conversion) {
    char* to = conversion.is_stored ? va_arg(arguments_, char*) : nullptr;
    const int count = conversion.width > 0 ? conversion.width : 1;
    for (int i = 0; i < count; ++i) {
        const int character = take();
        if (character == EOF && i == 0) return Outcome::Ended;
        if (character == EOF) break;
        if (to != nullptr) *to++ = static_cast<char>(character);
    }
    if (to != nullptr) ++stored_;
    return Outcome::Matched;
}

class TextSource final : public ScanSource {
  public:
    explicit TextSource(const char* text) : next_(text) {}
    int next() override { return *next_ != '\0' ? static_cast<unsigned char>(*next_++) : EOF; }
    void back(int) override { --next_; }

  private:
    const char* next_;
};

}  // namespace

int scan(ScanSource& source, const char* format, va_list arguments) {
    return Scanner(source, arguments).run(format);
}

}  // namespace quire::libc

int vsscanf(const char* text, const char* format, va_list arguments) {
    quire::libc::TextSource source(text);
    return quire::libc::scan(source, format, arguments);
}

int sscanf(const char* text, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int stored = vsscanf(text, format, arguments);
    va_end(arguments);
    return stored;
}
