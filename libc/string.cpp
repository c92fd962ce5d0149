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
