// How a conversion is printed: parse it into a Conversion, fetch the argument, turn it into a
// Field (prefix, zeros, body), and let one function pad and write that.
//
// Every number goes through one 64-bit path, but only the decimal digits above 32 bits cost a
// 64-bit division.
#include "libc/format.h"

#include <climits>
#include <cstdint>

#include "libc/string.h"

namespace quire::libc {
namespace {

enum class Length { Char, Short, Int, Long, LongLong, Size, Difference, Max };

struct Conversion {
    bool left = false;
    bool plus = false;
    bool space = false;
    bool zero = false;
    bool alternate = false;
    int width = 0;
    int precision = -1;  // below zero: none given
    Length length = Length::Int;
    char letter = '\0';
};

// A va_list is an array on some machines; inside a struct it can be passed by reference anywhere.
struct Arguments {
    std::va_list list;
};

// What one conversion prints: padding, `prefix`, `zeros` times '0', `body`, padding.
struct Field {
    const char* prefix = "";
    std::size_t zeros = 0;
    const char* body = "";
    std::size_t body_length = 0;
};

// Padding is written in chunks.
using Chunk = char[17];
constexpr Chunk kSpaces = "                ";
constexpr Chunk kZeros = "0000000000000000";

class Output {
  public:
    Output(FormatWriter writer, void* context) : writer_(writer), context_(context) {}

    void put(const char* text, std::size_t length) {
        if (length == 0) return;
        writer_(context_, text, length);
        if (length > INT_MAX - written_) {
            overflowed_ = true;
        } else {
            written_ += length;
        }
    }

    void repeat(const Chunk& chunk, std::size_t count) {
        while (count > 0) {
            const std::size_t length = count < sizeof(chunk) - 1 ? count : sizeof(chunk) - 1;
            put(chunk, length);
            count -= length;
        }
    }

    [[nodiscard]] int result() const { return overflowed_ ? -1 : static_cast<int>(written_); }

  private:
    FormatWriter writer_;
    void* context_;
    std::size_t written_ = 0;  // at most INT_MAX
    bool overflowed_ = false;
};

constexpr std::size_t kMostDigits = 64;  // of a 64-bit number in binary

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

// A number in the format itself. It saturates: no one means a width above INT_MAX.
int parse_digits(const char*& place) {
    int number = 0;
    for (; is_digit(*place); ++place) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *place - '0', &number)) {
            number = INT_MAX;
        }
    }
    return number;
}

void parse_flags(const char*& place, Conversion& conversion) {
    for (;; ++place) {
        switch (*place) {
        case '-':
            conversion.left = true;
            break;
        case '+':
            conversion.plus = true;
            break;
        case ' ':
            conversion.space = true;
            break;
        case '0':
            conversion.zero = true;
            break;
        case '#':
            conversion.alternate = true;
            break;
        default:
            return;
        }
    }
}

void parse_width(const char*& place, Conversion& conversion, Arguments& arguments) {
    if (*place != '*') {
        conversion.width = parse_digits(place);
        return;
    }
    ++place;
    const int width = va_arg(arguments.list, int);
    if (width >= 0) {
        conversion.width = width;
        return;
    }
    conversion.left = true;
    conversion.width = width == INT_MIN ? INT_MAX : -width;
}

void parse_precision(const char*& place, Conversion& conversion, Arguments& arguments) {
    if (*place != '.') return;
    ++place;
    if (*place == '*') {
        ++place;
        conversion.precision = va_arg(arguments.list, int);
    } else {
        conversion.precision = parse_digits(place);
    }
}

Length parse_length(const char*& place) {
    const char first = *place;
    const bool doubled = (first == 'h' || first == 'l') && place[1] == first;
    Length length = Length::Int;
    switch (first) {
    case 'h':
        length = doubled ? Length::Char : Length::Short;
        break;
    case 'l':
        length = doubled ? Length::LongLong : Length::Long;
        break;
    case 'z':
        length = Length::Size;
        break;
    case 't':
        length = Length::Difference;
        break;
    case 'j':
        length = Length::Max;
        break;
    default:
        return length;
    }
    place += doubled ? 2 : 1;
    return length;
}

std::int64_t fetch_signed(Length length, Arguments& arguments) {
    switch (length) {
    case Length::Char:
        return static_cast<signed char>(va_arg(arguments.list, int));
    case Length::Short:
        return static_cast<short>(va_arg(arguments.list, int));
    case Length::Int:
        return va_arg(arguments.list, int);
    case Length::Long:
        return va_arg(arguments.list, long);
    case Length::LongLong:
        return va_arg(arguments.list, long long);
    // size_t and ptrdiff_t have the same width, so one serves as the other's signed kind.
    case Length::Size:
        return va_arg(arguments.list, std::ptrdiff_t);
    case Length::Difference:
        return va_arg(arguments.list, std::ptrdiff_t);
    case Length::Max:
        return va_arg(arguments.list, std::intmax_t);
    }
    return 0;
}

std::uint64_t fetch_unsigned(Length length, Arguments& arguments) {
    switch (length) {
    case Length::Char:
        return static_cast<unsigned char>(va_arg(arguments.list, unsigned));
    case Length::Short:
        return static_cast<unsigned short>(va_arg(arguments.list, unsigned));
    case Length::Int:
        return va_arg(arguments.list, unsigned);
    case Length::Long:
        return va_arg(arguments.list, unsigned long);
    case Length::LongLong:
        return va_arg(arguments.list, unsigned long long);
    case Length::Size:
        return va_arg(arguments.list, std::size_t);
    case Length::Difference:
        return va_arg(arguments.list, std::size_t);
    case Length::Max:
        return va_arg(arguments.list, std::uintmax_t);
    }
    return 0;
}

// Both write backwards from `end` and return the first digit; zero has no digits here.
char* write_decimal(char* end, std::uint64_t value) {
    while (value > UINT32_MAX) {
        *--end = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    for (auto low = static_cast<std::uint32_t>(value); low != 0; low /= 10) {
        *--end = static_cast<char>('0' + low % 10);
    }
    return end;
}

char* write_bits(char* end, std::uint64_t value, unsigned bits_per_digit, const char* digits) {
    for (; value != 0; value >>= bits_per_digit) {
        *--end = digits[value & ((1U << bits_per_digit) - 1)];
    }
    return end;
}

char* write_digits(char* end, std::uint64_t value, char letter) {
    switch (letter) {
    case 'b':
        return write_bits(end, value, 1, "01");
    case 'o':
        return write_bits(end, value, 3, "01234567");
    case 'x':
        return write_bits(end, value, 4, "0123456789abcdef");
    case 'X':
        return write_bits(end, value, 4, "0123456789ABCDEF");
    default:
        return write_decimal(end, value);
    }
}

const char* sign_of(const Conversion& conversion, bool negative) {
    if (negative) return "-";
    if (conversion.plus) return "+";
    return conversion.space ? " " : "";
}

// What # puts before a number that is not zero. (Octal gets a digit, not a prefix.)
const char* base_prefix(char letter) {
    switch (letter) {
    case 'b':
        return "0b";
    case 'x':
        return "0x";
    case 'X':
        return "0X";
    default:
        return "";
    }
}

void put_field(Output& output, const Conversion& conversion, const Field& field) {
    const std::size_t prefix_length = strlen(field.prefix);
    const std::size_t length = prefix_length + field.zeros + field.body_length;
    const auto width = static_cast<std::size_t>(conversion.width);
    const std::size_t padding = width > length ? width - length : 0;
    if (!conversion.left) output.repeat(kSpaces, padding);
    output.put(field.prefix, prefix_length);
    output.repeat(kZeros, field.zeros);
    output.put(field.body, field.body_length);
    if (conversion.left) output.repeat(kSpaces, padding);
}

void put_number(Output& output, const Conversion& conversion, std::uint64_t value,
                const char* prefix) {
    char buffer[kMostDigits];
    char* const end = buffer + kMostDigits;
    Field field;
    field.prefix = prefix;
    field.body = write_digits(end, value, conversion.letter);
    field.body_length = static_cast<std::size_t>(end - field.body);

    // The precision is the least number of digits; without one it is 1, or with the flag 0 as
    // many as fill the width.
    std::size_t least_digits = 1;
    if (conversion.precision >= 0) {
        least_digits = static_cast<std::size_t>(conversion.precision);
    } else if (conversion.zero && !conversion.left) {
        const std::size_t prefix_length = strlen(prefix);
        const auto width = static_cast<std::size_t>(conversion.width);
        if (width > prefix_length + 1) least_digits = width - prefix_length;
    }
    if (conversion.letter == 'o' && conversion.alternate && least_digits <= field.body_length) {
        least_digits = field.body_length + 1;
    }
    if (least_digits > field.body_length) field.zeros = least_digits - field.body_length;
    put_field(output, conversion, field);
}

void put_string(Output& output, const Conversion& conversion, const char* text) {
    Field field;
    field.body = text != nullptr ? text : "(null)";
    field.body_length = conversion.precision >= 0
                            ? strnlen(field.body, static_cast<std::size_t>(conversion.precision))
                            : strlen(field.body);
    put_field(output, conversion, field);
}

void put_character(Output& output, const Conversion& conversion, char character) {
    Field field;
    field.body = &character;
    field.body_length = 1;
    put_field(output, conversion, field);
}

void put_pointer(Output& output, Conversion conversion, const void* pointer) {
    conversion.letter = 'x';
    conversion.alternate = false;
    conversion.precision = 2 * sizeof(void*);
    put_number(output, conversion, reinterpret_cast<std::uintptr_t>(pointer), "0x");
}

// Prints the argument `conversion` asks for; false, and nothing done, when its letter is unknown.
bool put_conversion(Output& output, const Conversion& conversion, Arguments& arguments) {
    switch (conversion.letter) {
    case 'd':
    case 'i': {
        const std::int64_t value = fetch_signed(conversion.length, arguments);
        const auto bits = static_cast<std::uint64_t>(value);
        put_number(output, conversion, value < 0 ? 0 - bits : bits, sign_of(conversion, value < 0));
        return true;
    }
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
        const std::uint64_t value = fetch_unsigned(conversion.length, arguments);
        const bool with_prefix = conversion.alternate && value != 0;
        put_number(output, conversion, value, with_prefix ? base_prefix(conversion.letter) : "");
        return true;
    }
    case 'c':
        put_character(output, conversion, static_cast<char>(va_arg(arguments.list, int)));
        return true;
    case 's':
        put_string(output, conversion, va_arg(arguments.list, const char*));
        return true;
    case 'p':
        put_pointer(output, conversion, va_arg(arguments.list, const void*));
        return true;
    case '%':
        output.put("%", 1);
        return true;
    default:
        return false;
    }
}

// Handles the conversion whose '%' is at `place`, and returns where the format goes on.
const char* format_conversion(Output& output, const char* place, Arguments& arguments) {
    const char* const start = place++;
    Conversion conversion;
    parse_flags(place, conversion);
    parse_width(place, conversion, arguments);
    parse_precision(place, conversion, arguments);
    conversion.length = parse_length(place);
    conversion.letter = *place;
    if (*place != '\0') ++place;
    if (!put_conversion(output, conversion, arguments)) {
        output.put(start, static_cast<std::size_t>(place - start));
    }
    return place;
}

// Where vsnprintf collects its text: `room` bytes are left before the one kept for the NUL.
struct Buffer {
    char* end;
    std::size_t room;
};

void write_to_buffer(void* context, const char* text, std::size_t length) {
    auto& buffer = *static_cast<Buffer*>(context);
    const std::size_t copied = length < buffer.room ? length : buffer.room;
    memcpy(buffer.end, text, copied);
    buffer.end += copied;
    buffer.room -= copied;
}

}  // namespace

int format_to(FormatWriter writer, void* context, const char* format, std::va_list arguments) {
    Output output(writer, context);
    Arguments own;
    va_copy(own.list, arguments);
    while (*format != '\0') {
        if (*format == '%') {
            format = format_conversion(output, format, own);
        } else {
            const std::size_t length = strcspn(format, "%");
            output.put(format, length);
            format += length;
        }
    }
    va_end(own.list);
    return output.result();
}

}  // namespace quire::libc

int vsnprintf(char* buffer, std::size_t size, const char* format, std::va_list arguments) noexcept {
    using quire::libc::Buffer;
    char nowhere = '\0';
    Buffer target{size > 0 ? buffer : &nowhere, size > 0 ? size - 1 : 0};
    const int length =
        quire::libc::format_to(quire::libc::write_to_buffer, &target, format, arguments);
    *target.end = '\0';
    return length;
}

int snprintf(char* buffer, std::size_t size, const char* format, ...) noexcept {
    std::va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
