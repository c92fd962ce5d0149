// libc/format: the printf engine against the host's own, over conversions put together at random,
// and by example where the two differ on purpose.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <climits>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {
// Captured before libc_prefix.h renames vsnprintf.
int host_vsnprintf(char* buffer, std::size_t size, const char* format, std::va_list arguments) {
    return std::vsnprintf(buffer, size, format, arguments);
}
}  // namespace

#include "tests/host/libc_prefix.h"

#include "libc/format.h"

namespace {

struct Printed {
    int result;
    std::vector<char> bytes;  // with what lies behind the text, which must stay as it was
    bool operator==(const Printed&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Printed& printed) {
    return out << printed.result << " '" << printed.bytes.data() << "'";
}

using Print = int (*)(char*, std::size_t, const char*, std::va_list);

int our_vsnprintf(char* buffer, std::size_t size, const char* format, std::va_list arguments) {
    return vsnprintf(buffer, size, format, arguments);
}

Printed print(Print how, std::size_t size, const char* format, std::va_list arguments) {
    Printed printed{0, std::vector<char>(size + 8, '~')};
    printed.bytes.back() = '\0';
    printed.result = how(printed.bytes.data(), size, format, arguments);
    return printed;
}

// Ours and the host's for the same arguments; the caller compares.
std::pair<Printed, Printed> print_both(std::size_t size, const char* format, ...) {
    std::va_list arguments;
    std::va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    std::pair<Printed, Printed> both{print(our_vsnprintf, size, format, arguments),
                                     print(host_vsnprintf, size, format, again)};
    va_end(again);
    va_end(arguments);
    return both;
}

// Ours alone, as a string. Not marked as printf, since it is also given what printf has not.
std::string ours(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    const Printed printed = print(our_vsnprintf, 400, format, arguments);
    va_end(arguments);
    EXPECT_EQ(printed.result, static_cast<int>(std::string(printed.bytes.data()).size()));
    return printed.bytes.data();
}

// "%", flags, width and precision, each present or not.
rc::Gen<std::string> conversion_start(const std::string& flags) {
    const auto number = rc::gen::map(rc::gen::inRange(0, 40), [](int n) {
        return n < 10 ? std::string() : std::to_string(n - 10);
    });
    const auto precision = rc::gen::map(rc::gen::inRange(-12, 30), [](int n) {
        return n < -1 ? std::string() : n < 0 ? std::string(".") : "." + std::to_string(n);
    });
    const auto flag_text =
        rc::gen::map(rc::gen::inRange<unsigned>(0, 1U << flags.size()), [flags](unsigned chosen) {
            std::string text;
            for (std::size_t i = 0; i < flags.size(); ++i) {
                if ((chosen >> i & 1) != 0) text += flags[i];
            }
            return text;
        });
    return rc::gen::map(rc::gen::tuple(flag_text, number, precision), [](const auto& parts) {
        const auto& [flag, width, digits] = parts;
        // A width must not begin with 0, which would be the flag.
        return "%" + flag + (width == "0" ? "" : width) + digits;
    });
}

// Values of every magnitude: a random number of significant bits, its negative, and the edges.
rc::Gen<std::uint64_t> any_magnitude() {
    return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0, 64),
                                       rc::gen::inRange(0, 4)),
                        [](const std::tuple<std::uint64_t, int, int>& parts) {
                            const auto& [number, bits, kind] = parts;
                            // rapidcheck's numbers grow with its size parameter: spread them over
                            // all bits first.
                            const std::uint64_t mixed = (number + 1) * 0x9E3779B97F4A7C15U;
                            const std::uint64_t value = mixed >> bits;
                            if (kind == 0) return std::uint64_t{0} - value;
                            if (kind == 1) return (std::uint64_t{1} << (63 - bits)) - (number & 1);
                            if (kind == 2) return number & 15;
                            return value;
                        });
}

std::pair<Printed, Printed> print_integer(std::size_t size, const std::string& start,
                                          const std::string& length, char letter,
                                          std::uint64_t value) {
    const std::string text = "<" + start + length + letter + ">";
    const char* format = text.c_str();
    if (length == "hh" || length == "h" || length.empty()) {
        // printf converts hh and h itself, so any int may be passed.
        return print_both(size, format, static_cast<int>(value));
    }
    if (length == "l") return print_both(size, format, static_cast<long>(value));
    if (length == "z") return print_both(size, format, static_cast<std::size_t>(value));
    if (length == "t") return print_both(size, format, static_cast<std::ptrdiff_t>(value));
    return print_both(size, format, static_cast<long long>(value));
}

void integers_agree(const std::string& flags, const std::vector<char>& letters) {
    for (int i = 0; i < 100; ++i) {
        const auto start = *conversion_start(flags);
        const auto length = *rc::gen::element<std::string>("", "hh", "h", "l", "ll", "z", "t", "j");
        const auto letter = *rc::gen::elementOf(letters);
        const auto value = *any_magnitude();
        const auto size = *rc::gen::element<std::size_t>(0, 1, 2, 5, 9, 120, 120, 120);
        const auto [mine, theirs] = print_integer(size, start, length, letter, value);
        RC_LOG() << start << length << letter << " of " << value << " in " << size << '\n';
        RC_ASSERT(mine == theirs);
    }
}

// # has no meaning with d, i, u; + and space none with the unsigned ones: then C leaves the
// result open, so they are not asked for.
RC_GTEST_PROP(Format, PrintsSignedNumbersLikeTheHost, ()) {
    integers_agree("-+ 0", {'d', 'i'});
}
RC_GTEST_PROP(Format, PrintsUnsignedNumbersLikeTheHost, ()) {
    integers_agree("-0", {'u'});
}
RC_GTEST_PROP(Format, PrintsBasesLikeTheHost, ()) {
    integers_agree("-0#", {'x', 'X', 'o'});
}

RC_GTEST_PROP(Format, PrintsStringsLikeTheHost, ()) {
    for (int i = 0; i < 50; ++i) {
        const auto start = *conversion_start("-");
        const auto text = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
        const auto size = *rc::gen::element<std::size_t>(0, 1, 3, 200, 200);
        const std::string format = "[" + start + "s]";
        const auto [mine, theirs] = print_both(size, format.c_str(), text.c_str());
        RC_ASSERT(mine == theirs);
    }
}

RC_GTEST_PROP(Format, TakesWidthAndPrecisionFromArguments, ()) {
    for (int i = 0; i < 50; ++i) {
        const auto width = *rc::gen::inRange(-30, 30);
        const auto precision = *rc::gen::inRange(-5, 30);
        const auto flags = *rc::gen::element<std::string>("", "-", "0", "+", "-0", " ");
        const auto value = static_cast<int>(*any_magnitude());
        const std::string numbers = "%" + flags + "*d|%" + flags + "*.*d|%.*d";
        const auto [mine, theirs] = print_both(200, numbers.c_str(), width, value, width, precision,
                                               value, precision, value);
        RC_ASSERT(mine == theirs);
        const std::string texts = "%*s|%-*.*s|%*c";
        const auto [mine2, theirs2] = print_both(200, texts.c_str(), width, "text", width,
                                                 precision, "longer text", width, 'x');
        RC_ASSERT(mine2 == theirs2);
    }
}

// Several conversions and plain text in a row take their arguments in the right order and width.
TEST(Format, TakesMixedArgumentsInOrder) {
    const auto [mine, theirs] =
        print_both(200, "a%cb%lldc%sd%ue%%f%hhxg%zuh%lui%d", 'C', -1234567890123LL, "S", 42U, 0x1FF,
                   std::size_t{7}, 8UL, -9);
    EXPECT_EQ(mine, theirs);
    EXPECT_STREQ(mine.bytes.data(), "aCb-1234567890123cSd42e%fffg7h8i-9");
}

TEST(Format, PrintsTheEdgesOfEveryWidth) {
    EXPECT_EQ(ours("%d %d %u", INT_MIN, INT_MAX, UINT_MAX), "-2147483648 2147483647 4294967295");
    EXPECT_EQ(ours("%lld %lld %llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX),
              "-9223372036854775808 9223372036854775807 18446744073709551615");
    EXPECT_EQ(ours("%hhd %hhu %hd %hu", 0x180, 0x180, 0x18000, 0x18000), "-128 128 -32768 32768");
    EXPECT_EQ(ours("%jd %tu %zd", INTMAX_MIN, std::ptrdiff_t{-1}, std::size_t{0}),
              "-9223372036854775808 " + std::to_string(SIZE_MAX) + " 0");
    EXPECT_EQ(ours("%llu %llu", 4294967295ULL, 4294967296ULL), "4294967295 4294967296");
}

TEST(Format, PrintsBinary) {
    EXPECT_EQ(ours("%b %#b %#b %08b %.3b", 5, 5, 0, 0x2A, 1), "101 0b101 0 00101010 001");
    EXPECT_EQ(ours("%llb", ULLONG_MAX), std::string(64, '1'));
}

TEST(Format, PrintsAddressesWithAllDigits) {
    const std::string zeros(2 * sizeof(void*) - 4, '0');
    EXPECT_EQ(ours("%p", reinterpret_cast<void*>(0xBEEF)), "0x" + zeros + "beef");
    EXPECT_EQ(ours("%p", nullptr), "0x" + zeros + "0000");
    EXPECT_EQ(ours("[%20p]", nullptr),
              "[" + std::string(14 - zeros.size(), ' ') + "0x" + zeros + "0000]");
    EXPECT_EQ(ours("[%-20p]", nullptr),
              "[0x" + zeros + "0000" + std::string(14 - zeros.size(), ' ') + "]");
}

TEST(Format, PrintsTheNullString) {
    const char* none = nullptr;
    EXPECT_EQ(ours("[%s] [%8s] [%.3s]", none, none, none), "[(null)] [  (null)] [(nu]");
}

TEST(Format, PrintsTheNulCharacter) {
    char buffer[8] = "???????";
    EXPECT_EQ(snprintf(buffer, sizeof(buffer), "a%cb", '\0'), 3);
    EXPECT_EQ(std::string(buffer, 4), std::string("a\0b\0", 4));
}

// A precision bounds what is read, so the text needs no NUL.
TEST(Format, ReadsNoFurtherThanThePrecision) {
    const std::vector<char> text{'a', 'b', 'c'};  // ASan watches its end
    EXPECT_EQ(ours("%.3s%.0s", text.data(), text.data()), "abc");
}

TEST(Format, PrintsUnknownConversionsAsTheyStand) {
    EXPECT_EQ(ours("%y %-5.3lq|%n|%Ld", 1), "%y %-5.3lq|%n|%Ld");
    EXPECT_EQ(ours("100%"), "100%");
    EXPECT_EQ(ours("%-08.4ll"), "%-08.4ll");
    EXPECT_EQ(ours("%y%d", 7), "%y7");
}

TEST(Format, CutsAtTheSizeAndTellsTheLength) {
    char buffer[8] = "???????";
    EXPECT_EQ(snprintf(buffer, 4, "%s", "abcdef"), 6);
    EXPECT_STREQ(buffer, "abc");
    EXPECT_EQ(buffer[4], '?');
    EXPECT_EQ(snprintf(buffer, 1, "%d", 12345), 5);
    EXPECT_STREQ(buffer, "");
    EXPECT_EQ(snprintf(nullptr, 0, "%0100d", 1), 100);
    EXPECT_EQ(snprintf(buffer, 4, "%s", "abc"), 3);
    EXPECT_STREQ(buffer, "abc");
}

// What does not fit an int is an error, as in C17 7.21.6.5; the writer has still seen it all.
TEST(Format, ReportsALengthAboveIntMax) {
    struct Counter {
        static void count(void* context, const char*, std::size_t length) {
            *static_cast<std::uint64_t*>(context) += length;
        }
        static int format(std::uint64_t& total, const char* format, ...) {
            std::va_list arguments;
            va_start(arguments, format);
            const int result = quire::libc::format_to(count, &total, format, arguments);
            va_end(arguments);
            return result;
        }
    };
    std::uint64_t total = 0;
    EXPECT_EQ(Counter::format(total, "%*s", INT_MAX, ""), INT_MAX);
    EXPECT_EQ(total, std::uint64_t{INT_MAX});
    total = 0;
    EXPECT_EQ(Counter::format(total, "%*s", INT_MIN, ""), INT_MAX);
    EXPECT_EQ(total, std::uint64_t{INT_MAX});
    total = 0;
    EXPECT_EQ(Counter::format(total, "%99999999999sx", ""), -1);
    EXPECT_EQ(total, std::uint64_t{INT_MAX} + 1);
}

// The writer gets whole pieces: plain text between two conversions in one call, never nothing.
TEST(Format, WritesInPieces) {
    struct Pieces {
        std::vector<std::string> list;
        static void add(void* context, const char* text, std::size_t length) {
            static_cast<Pieces*>(context)->list.emplace_back(text, length);
        }
        int format(const char* format, ...) {
            std::va_list arguments;
            va_start(arguments, format);
            const int result = quire::libc::format_to(add, this, format, arguments);
            va_end(arguments);
            return result;
        }
    };
    Pieces pieces;
    EXPECT_EQ(pieces.format("tick %u, %s%s", 42U, "", "end"), 12);
    EXPECT_EQ(pieces.list, (std::vector<std::string>{"tick ", "42", ", ", "end"}));
}

}  // namespace
