// The functions of libc/string.h, each as plain as its cost allows.
//
// Bulk copies and fills go by the string instructions on i386: one `rep movsl` moves a word for
// one instruction, where the compiled loop needs six, or two and a half when unrolled. Everything
// else is a loop that looks at one byte, decides, and goes on, which is what keeps it from reading
// past an end. Machines without those instructions (the 64-bit host) copy by words.
#include "libc/string.h"

#include <climits>
#include <cstdint>

namespace {

using Byte = unsigned char;

// A machine word at any address. The compiler turns an access into one plain move on x86.
struct [[gnu::packed, gnu::may_alias]] Word {
    std::uintptr_t value;
};
constexpr std::size_t kWordSize = sizeof(Word);

// Copies upwards; right for overlapping objects too as long as the destination is below.
void copy_up(Byte* to, const Byte* from, std::size_t count) {
#if defined(__i386__)
    std::size_t words = count / kWordSize;
    std::size_t rest = count % kWordSize;
    asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
#else
    for (; count >= kWordSize; count -= kWordSize, to += kWordSize, from += kWordSize) {
        reinterpret_cast<Word*>(to)->value = reinterpret_cast<const Word*>(from)->value;
    }
    for (; count > 0; --count)
        *to++ = *from++;
#endif
}

// Copies downwards, by loops: `rep movs` with the direction flag set is slow on real processors
// and dangerous when an interrupt handler inherits the flag.
void copy_down(Byte* to, const Byte* from, std::size_t count) {
    for (; count >= kWordSize; count -= kWordSize) {
        const std::size_t place = count - kWordSize;
        reinterpret_cast<Word*>(to + place)->value =
            reinterpret_cast<const Word*>(from + place)->value;
    }
    while (count > 0) {
        --count;
        to[count] = from[count];
    }
}

// Characters compare as unsigned; so do all comparisons below.
int order_of(char left, char right) {
    return static_cast<int>(static_cast<Byte>(left)) - static_cast<int>(static_cast<Byte>(right));
}

bool is_in(char character, const char* set) {
    for (; *set != '\0'; ++set) {
        if (*set == character) return true;
    }
    return false;
}

bool is_space(char character) {
    return character == ' ' || (character >= '\t' && character <= '\r');
}

// The value of a digit in bases up to 36, or 36 for what is no digit.
unsigned digit_value(char character) {
    if (character >= '0' && character <= '9') return static_cast<unsigned>(character - '0');
    if (character >= 'a' && character <= 'z') return static_cast<unsigned>(character - 'a') + 10;
    if (character >= 'A' && character <= 'Z') return static_cast<unsigned>(character - 'A') + 10;
    return 36;
}

template <typename Unsigned>
struct Number {
    Unsigned magnitude = 0;
    bool negative = false;
    bool overflowed = false;
};

// Skips "0x" where the base allows it and a digit follows, and settles base 0.
const char* skip_prefix(const char* digits, unsigned& base) {
    const bool is_hex =
        digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') && digit_value(digits[2]) < 16;
    if ((base == 0 || base == 16) && is_hex) {
        base = 16;
        return digits + 2;
    }
    if (base == 0) base = digits[0] == '0' ? 8 : 10;
    return digits;
}

// What the three strto* functions share: everything but the limits of the result.
template <typename Unsigned>
Number<Unsigned> parse_number(const char* text, char** end, int base_asked) {
    Number<Unsigned> number;
    if (end != nullptr) *end = const_cast<char*>(text);
    if (base_asked < 0 || base_asked == 1 || base_asked > 36) return number;
    while (is_space(*text))
        ++text;
    number.negative = *text == '-';
    if (*text == '-' || *text == '+') ++text;
    auto base = static_cast<unsigned>(base_asked);
    text = skip_prefix(text, base);
    const char* const first = text;
    for (unsigned digit = digit_value(*text); digit < base; digit = digit_value(*++text)) {
        if (__builtin_mul_overflow(number.magnitude, base, &number.magnitude) ||
            __builtin_add_overflow(number.magnitude, digit, &number.magnitude)) {
            number.overflowed = true;
        }
    }
    if (end != nullptr && text != first) *end = const_cast<char*>(text);
    return number;
}

// C gives strtoul("-1") the value ULONG_MAX, and any overflow the largest value.
template <typename Unsigned>
Unsigned unsigned_value(const Number<Unsigned>& number) {
    if (number.overflowed) return ~Unsigned{0};
    return number.negative ? Unsigned{0} - number.magnitude : number.magnitude;
}

}  // namespace

void* memcpy(void* destination, const void* source, std::size_t count) noexcept {
    copy_up(static_cast<Byte*>(destination), static_cast<const Byte*>(source), count);
    return destination;
}

void* memmove(void* destination, const void* source, std::size_t count) noexcept {
    auto* to = static_cast<Byte*>(destination);
    const auto* from = static_cast<const Byte*>(source);
    // One unsigned comparison: true when `to` is below `from`, or at least `count` above it.
    if (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from) >= count) {
        copy_up(to, from, count);
    } else {
        copy_down(to, from, count);
    }
    return destination;
}

void* memset(void* destination, int byte, std::size_t count) noexcept {
    auto* to = static_cast<Byte*>(destination);
    const auto value = static_cast<Byte>(byte);
    const std::uintptr_t pattern = ~std::uintptr_t{0} / 0xFF * value;
#if defined(__i386__)
    std::size_t words = count / kWordSize;
    std::size_t rest = count % kWordSize;
    asm volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    asm volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
#else
    for (; count >= kWordSize; count -= kWordSize, to += kWordSize) {
        reinterpret_cast<Word*>(to)->value = pattern;
    }
    for (; count > 0; --count)
        *to++ = value;
#endif
    return destination;
}

int memcmp(const void* left, const void* right, std::size_t count) noexcept {
    const auto* a = static_cast<const Byte*>(left);
    const auto* b = static_cast<const Byte*>(right);
    // Equal words are skipped; the first unequal one is left to the loop over bytes.
    while (count >= kWordSize &&
           reinterpret_cast<const Word*>(a)->value == reinterpret_cast<const Word*>(b)->value) {
        a += kWordSize;
        b += kWordSize;
        count -= kWordSize;
    }
    for (; count > 0; --count, ++a, ++b) {
        if (*a != *b) return static_cast<int>(*a) - static_cast<int>(*b);
    }
    return 0;
}

void* memchr(const void* bytes, int byte, std::size_t count) noexcept {
    const auto* place = static_cast<const Byte*>(bytes);
    for (; count > 0; --count, ++place) {
        if (*place == static_cast<Byte>(byte)) return const_cast<Byte*>(place);
    }
    return nullptr;
}

std::size_t strlen(const char* text) noexcept {
    const char* end = text;
    while (*end != '\0')
        ++end;
    return static_cast<std::size_t>(end - text);
}

std::size_t strnlen(const char* text, std::size_t limit) noexcept {
    std::size_t length = 0;
    while (length < limit && text[length] != '\0')
        ++length;
    return length;
}

int strcmp(const char* left, const char* right) noexcept {
    while (*left != '\0' && *left == *right) {
        ++left;
        ++right;
    }
    return order_of(*left, *right);
}

int strncmp(const char* left, const char* right, std::size_t limit) noexcept {
    for (; limit > 0; --limit, ++left, ++right) {
        if (*left != *right || *left == '\0') return order_of(*left, *right);
    }
    return 0;
}

char* strcpy(char* destination, const char* source) noexcept {
    copy_up(reinterpret_cast<Byte*>(destination), reinterpret_cast<const Byte*>(source),
            strlen(source) + 1);
    return destination;
}

char* strncpy(char* destination, const char* source, std::size_t count) noexcept {
    const std::size_t length = strnlen(source, count);
    memcpy(destination, source, length);
    memset(destination + length, 0, count - length);
    return destination;
}

std::size_t strlcpy(char* destination, const char* source, std::size_t size) noexcept {
    const std::size_t length = strlen(source);
    if (size == 0) return length;
    const std::size_t copied = length < size ? length : size - 1;
    memcpy(destination, source, copied);
    destination[copied] = '\0';
    return length;
}

char* strcat(char* destination, const char* source) noexcept {
    strcpy(destination + strlen(destination), source);
    return destination;
}

char* strncat(char* destination, const char* source, std::size_t limit) noexcept {
    char* const end = destination + strlen(destination);
    const std::size_t length = strnlen(source, limit);
    memcpy(end, source, length);
    end[length] = '\0';
    return destination;
}

char* strchr(const char* text, int character) noexcept {
    const auto wanted = static_cast<char>(character);
    for (;; ++text) {
        if (*text == wanted) return const_cast<char*>(text);
        if (*text == '\0') return nullptr;
    }
}

char* strrchr(const char* text, int character) noexcept {
    const auto wanted = static_cast<char>(character);
    const char* last = nullptr;
    for (;; ++text) {
        if (*text == wanted) last = text;
        if (*text == '\0') return const_cast<char*>(last);
    }
}

char* strstr(const char* text, const char* part) noexcept {
    const std::size_t length = strlen(part);
    for (;; ++text) {
        if (strncmp(text, part, length) == 0) return const_cast<char*>(text);
        if (*text == '\0') return nullptr;
    }
}

char* strpbrk(const char* text, const char* set) noexcept {
    text += strcspn(text, set);
    return *text == '\0' ? nullptr : const_cast<char*>(text);
}

std::size_t strspn(const char* text, const char* set) noexcept {
    std::size_t length = 0;
    while (text[length] != '\0' && is_in(text[length], set))
        ++length;
    return length;
}

std::size_t strcspn(const char* text, const char* set) noexcept {
    std::size_t length = 0;
    while (text[length] != '\0' && !is_in(text[length], set))
        ++length;
    return length;
}

char* strtok_r(char* text, const char* separators, char** state) noexcept {
    if (text == nullptr) text = *state;
    text += strspn(text, separators);
    char* const end = text + strcspn(text, separators);
    *state = *end == '\0' ? end : end + 1;
    if (end == text) return nullptr;
    *end = '\0';
    return text;
}

long strtol(const char* text, char** end, int base) noexcept {
    const auto number = parse_number<unsigned long>(text, end, base);
    const unsigned long limit = static_cast<unsigned long>(LONG_MAX) + (number.negative ? 1 : 0);
    if (number.overflowed || number.magnitude > limit) return number.negative ? LONG_MIN : LONG_MAX;
    return static_cast<long>(unsigned_value(number));
}

unsigned long strtoul(const char* text, char** end, int base) noexcept {
    return unsigned_value(parse_number<unsigned long>(text, end, base));
}

unsigned long long strtoull(const char* text, char** end, int base) noexcept {
    return unsigned_value(parse_number<unsigned long long>(text, end, base));
}

int atoi(const char* text) noexcept {
    return static_cast<int>(strtol(text, nullptr, 10));
}

char* itoa(int value, char* buffer, int base) noexcept {
    char* end = buffer;
    if (base >= 2 && base <= 36) {
        const bool negative = base == 10 && value < 0;
        unsigned rest = static_cast<unsigned>(value);
        if (negative) rest = 0 - rest;  // right for INT_MIN too, which has no positive
        do {
            *end++ = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % static_cast<unsigned>(base)];
            rest /= static_cast<unsigned>(base);
        } while (rest != 0);
        if (negative) *end++ = '-';
    }
    *end = '\0';
    reverse(buffer);
    return buffer;
}

void reverse(char* text) noexcept {
    const std::size_t length = strlen(text);
    for (std::size_t i = 0; i < length / 2; ++i) {
        const char swapped = text[i];
        text[i] = text[length - 1 - i];
        text[length - 1 - i] = swapped;
    }
}
