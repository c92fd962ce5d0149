// libc/string: every function against the host's own, on texts that end at an unmapped page, so
// that one byte read or written too far is a fault even where ASan does not look (inline
// assembly).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// The host's functions, captured before libc_prefix.h renames what this file calls.
namespace {
int host_memcmp(const void* a, const void* b, size_t n) {
    return std::memcmp(a, b, n);
}
const void* host_memchr(const void* a, int c, size_t n) {
    return std::memchr(a, c, n);
}
size_t host_strlen(const char* a) {
    return std::strlen(a);
}
int host_strcmp(const char* a, const char* b) {
    return std::strcmp(a, b);
}
int host_strncmp(const char* a, const char* b, size_t n) {
    return std::strncmp(a, b, n);
}
char* host_strncpy(char* a, const char* b, size_t n) {
    return ::strncpy(a, b, n);
}
char* host_strncat(char* a, const char* b, size_t n) {
    return ::strncat(a, b, n);
}
const char* host_strchr(const char* a, int c) {
    return std::strchr(a, c);
}
const char* host_strrchr(const char* a, int c) {
    return std::strrchr(a, c);
}
const char* host_strstr(const char* a, const char* b) {
    return std::strstr(a, b);
}
const char* host_strpbrk(const char* a, const char* b) {
    return std::strpbrk(a, b);
}
size_t host_strspn(const char* a, const char* b) {
    return std::strspn(a, b);
}
size_t host_strcspn(const char* a, const char* b) {
    return std::strcspn(a, b);
}
char* host_strtok_r(char* a, const char* b, char** c) {
    return ::strtok_r(a, b, c);
}
long long host_strtoll(const char* a, char** e, int b) {
    return std::strtoll(a, e, b);
}
long host_strtol(const char* a, char** e, int b) {
    return std::strtol(a, e, b);
}
unsigned long host_strtoul(const char* a, char** e, int b) {
    return std::strtoul(a, e, b);
}
unsigned long long host_strtoull(const char* a, char** e, int b) {
    return std::strtoull(a, e, b);
}
}  // namespace

#include "tests/host/libc_prefix.h"

#include "libc/string.h"

namespace {

// Two pages of memory with an unmapped page behind (and before) them.
class GuardedPages {
  public:
    GuardedPages() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
        void* all = mmap(nullptr, 4 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) std::abort();
        start_ = static_cast<char*>(all) + page_;
        if (mprotect(start_, size(), PROT_READ | PROT_WRITE) != 0) std::abort();
    }
    GuardedPages(const GuardedPages&) = delete;
    GuardedPages& operator=(const GuardedPages&) = delete;
    ~GuardedPages() { munmap(start_ - page_, 4 * page_); }

    [[nodiscard]] std::size_t size() const { return 2 * page_; }
    [[nodiscard]] char* start() const { return start_; }
    // Room for `count` bytes that ends where the memory ends.
    [[nodiscard]] char* at_end(std::size_t count) const { return start_ + size() - count; }
    // A copy of `text`, its NUL the last byte of the memory.
    [[nodiscard]] char* string(const std::string& text) const {
        char* place = at_end(text.size() + 1);
        std::copy_n(text.c_str(), text.size() + 1, place);
        return place;
    }

  private:
    std::size_t page_;
    char* start_;
};

const GuardedPages& first_pages() {
    static const GuardedPages pages;
    return pages;
}
const GuardedPages& second_pages() {
    static const GuardedPages pages;
    return pages;
}

int sign(int number) {
    return (number > 0) - (number < 0);
}

// Texts over a small alphabet (with a character above 127), so that matches are frequent.
rc::Gen<std::string> some_text() {
    return rc::gen::container<std::string>(
        rc::gen::weightedElement<char>({{6, 'a'}, {4, 'b'}, {2, ','}, {1, ' '}, {1, '\xE4'}}));
}

std::string pattern(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes.push_back(static_cast<char>(i * 7 + 1));
    return bytes;
}

// Every length up to a few words at every alignment of both sides, with the bytes around checked.
TEST(Memcpy, CopiesAnyLengthAtAnyAlignment) {
    const std::string source = pattern(64);
    for (std::size_t length = 0; length <= 40; ++length) {
        for (std::size_t from = 0; from < 9; ++from) {
            for (std::size_t to = 0; to < 9; ++to) {
                std::string destination(64, '.');
                std::string expected = destination;
                expected.replace(to, length, source, from, length);
                ASSERT_EQ(memcpy(destination.data() + to, source.data() + from, length),
                          destination.data() + to);
                ASSERT_EQ(destination, expected) << length << ' ' << from << ' ' << to;
            }
        }
    }
}

TEST(Memcpy, StaysWithinThePage) {
    const std::size_t whole = first_pages().size();
    for (std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{17}, whole - 3, whole}) {
        const std::string source = pattern(length);
        std::copy(source.begin(), source.end(), second_pages().at_end(length));
        memcpy(first_pages().at_end(length), second_pages().at_end(length), length);
        EXPECT_EQ(std::string(first_pages().at_end(length), length), source);
    }
}

TEST(Memmove, CopiesAnyOverlap) {
    for (std::size_t length = 0; length <= 24; ++length) {
        for (std::size_t from = 0; from <= 40; ++from) {
            for (std::size_t to = 0; to <= 40; ++to) {
                std::string bytes = pattern(64);
                std::string expected = bytes;
                expected.replace(to, length, bytes, from, length);
                ASSERT_EQ(memmove(bytes.data() + to, bytes.data() + from, length),
                          bytes.data() + to);
                ASSERT_EQ(bytes, expected) << length << ' ' << from << ' ' << to;
            }
        }
    }
}

TEST(Memset, FillsAnyLengthAtAnyAlignment) {
    for (std::size_t length = 0; length <= 40; ++length) {
        for (std::size_t to = 0; to < 9; ++to) {
            std::string bytes(64, '.');
            std::string expected = bytes;
            expected.replace(to, length, length, '\xC3');
            ASSERT_EQ(memset(bytes.data() + to, 0x1C3, length), bytes.data() + to);
            ASSERT_EQ(bytes, expected) << length << ' ' << to;
        }
    }
    const GuardedPages& pages = first_pages();
    memset(pages.start(), 0x5A, pages.size());
    EXPECT_EQ(std::count(pages.start(), pages.start() + pages.size(), 0x5A),
              static_cast<std::ptrdiff_t>(pages.size()));
}

// Two equal blocks with one byte changed, at every place and length.
TEST(Memcmp, FindsTheFirstDifference) {
    for (std::size_t length = 0; length <= 20; ++length) {
        const std::string text = pattern(length);
        char* left = first_pages().at_end(length);
        char* right = second_pages().at_end(length);
        std::copy(text.begin(), text.end(), left);
        std::copy(text.begin(), text.end(), right);
        EXPECT_EQ(memcmp(left, right, length), 0);
        for (std::size_t i = 0; i < length; ++i) {
            for (int byte : {0x00, 0x7F, 0x80, 0xFF}) {
                const char before = left[i];
                left[i] = static_cast<char>(byte);
                EXPECT_EQ(sign(memcmp(left, right, length)),
                          sign(host_memcmp(left, right, length)));
                EXPECT_EQ(sign(memcmp(right, left, length)),
                          sign(host_memcmp(right, left, length)));
                left[i] = before;
            }
        }
    }
}

RC_GTEST_PROP(String, ComparesLikeTheHost, ()) {
    const auto common = *some_text();
    const auto a = common + *some_text();
    const auto b = *rc::gen::element(common + *some_text(), a);
    const auto limit = *rc::gen::inRange<std::size_t>(0, a.size() + 3);
    const char* left = first_pages().string(a);
    const char* right = second_pages().string(b);
    RC_ASSERT(sign(strcmp(left, right)) == sign(host_strcmp(left, right)));
    RC_ASSERT(sign(strncmp(left, right, limit)) == sign(host_strncmp(left, right, limit)));
    const auto shorter = std::min(a.size(), b.size());
    RC_ASSERT(sign(memcmp(left, right, shorter)) == sign(host_memcmp(left, right, shorter)));
}

RC_GTEST_PROP(String, SearchesLikeTheHost, ()) {
    const auto a = *some_text();
    const auto part = *rc::gen::oneOf(
        some_text(), rc::gen::map(rc::gen::inRange<std::size_t>(0, a.size() + 1),
                                  [&](std::size_t from) { return a.substr(from, 3); }));
    const int wanted = *rc::gen::element<int>('a', 'b', ',', '\0', 'z', '\xE4', 0x100 + 'a');
    const char* text = first_pages().string(a);
    const char* other = second_pages().string(part);
    RC_ASSERT(strlen(text) == host_strlen(text));
    RC_ASSERT(strchr(text, wanted) == host_strchr(text, wanted));
    RC_ASSERT(strrchr(text, wanted) == host_strrchr(text, wanted));
    RC_ASSERT((memchr(text, wanted, a.size()) == host_memchr(text, wanted, a.size())));
    RC_ASSERT(strstr(text, other) == host_strstr(text, other));
    RC_ASSERT(strpbrk(text, other) == host_strpbrk(text, other));
    RC_ASSERT(strspn(text, other) == host_strspn(text, other));
    RC_ASSERT(strcspn(text, other) == host_strcspn(text, other));
}

// A limit keeps every function from the page behind a text that has no NUL.
TEST(String, ObeysTheLimitWithoutNul) {
    char* left = first_pages().at_end(3);
    char* right = second_pages().at_end(3);
    std::copy_n("abc", 3, left);
    std::copy_n("abc", 3, right);
    EXPECT_EQ(strnlen(left, 3), 3U);
    EXPECT_EQ(strnlen(left, 2), 2U);
    EXPECT_EQ(strnlen("ab", 9), 2U);
    EXPECT_EQ(strncmp(left, right, 3), 0);
    EXPECT_EQ(memchr(left, 'z', 3), nullptr);
    char text[8] = "x";
    EXPECT_STREQ(strncat(text, left, 3), "xabc");
    EXPECT_STREQ(strncpy(text, left, 3), "abcc");
    memset(left, ' ', 3);
    EXPECT_EQ(memcmp(left, right, 0), 0);
}

RC_GTEST_PROP(String, CopiesAndAppendsLikeTheHost, ()) {
    const auto a = *some_text();
    const auto b = *some_text();
    const auto limit = *rc::gen::inRange<std::size_t>(0, b.size() + 5);
    const char* source = first_pages().string(b);

    char* exact = second_pages().at_end(b.size() + 1);
    RC_ASSERT(strcpy(exact, source) == exact);
    RC_ASSERT(exact == b);

    char* joined = second_pages().at_end(a.size() + b.size() + 1);
    std::copy_n(a.c_str(), a.size() + 1, joined);
    RC_ASSERT(strcat(joined, source) == joined);
    RC_ASSERT(joined == a + b);

    std::vector<char> ours(a.size() + b.size() + 16, '?');
    std::copy_n(a.c_str(), a.size() + 1, ours.data());
    std::vector<char> hosts = ours;
    strncat(ours.data(), source, limit);
    host_strncat(hosts.data(), source, limit);
    RC_ASSERT(ours == hosts);
    strncpy(ours.data(), source, limit);
    host_strncpy(hosts.data(), source, limit);
    RC_ASSERT(ours == hosts);
}

// strlcpy is not in every host's library: its rule is stated here instead.
RC_GTEST_PROP(String, StrlcpyCutsAndTellsTheLength, ()) {
    const auto text = *some_text();
    const auto size = *rc::gen::inRange<std::size_t>(0, text.size() + 5);
    char* destination = second_pages().at_end(size);
    RC_ASSERT(strlcpy(destination, first_pages().string(text), size) == text.size());
    if (size > 0) RC_ASSERT(destination == text.substr(0, size - 1));
}

RC_GTEST_PROP(String, StrtokTakesTheSameWordsAsTheHost, ()) {
    const auto text = *some_text();
    const auto separators = *rc::gen::element<std::string>(",", ", ", "", "ab");
    char* ours = first_pages().string(text);
    char* hosts = second_pages().string(text);
    char* our_state = nullptr;
    char* host_state = nullptr;
    char* our_word = strtok_r(ours, separators.c_str(), &our_state);
    char* host_word = host_strtok_r(hosts, separators.c_str(), &host_state);
    while (our_word != nullptr && host_word != nullptr) {
        RC_ASSERT(our_word - ours == host_word - hosts);
        RC_ASSERT(std::string(our_word) == host_word);
        our_word = strtok_r(nullptr, separators.c_str(), &our_state);
        host_word = host_strtok_r(nullptr, separators.c_str(), &host_state);
    }
    RC_ASSERT(our_word == nullptr);
    RC_ASSERT(host_word == nullptr);
    RC_ASSERT(strtok_r(nullptr, separators.c_str(), &our_state) == nullptr);
}

// One text in one base through one of the functions; the end and errno must agree with the host's
// too.
template <typename Ours, typename Hosts>
void expect_same_number(Ours ours, Hosts hosts, const std::string& text, int base) {
    const char* place = first_pages().string(text);
    char* our_end = nullptr;
    char* host_end = nullptr;
    errno = 0;
    const auto our_number = ours(place, &our_end, base);
    const int our_error = errno;
    errno = 0;
    EXPECT_EQ(our_number, hosts(place, &host_end, base)) << text << " base " << base;
    EXPECT_EQ(our_error, errno) << text << " base " << base;
    EXPECT_EQ(our_end, host_end) << text << " base " << base;
}

void expect_same_numbers(const std::string& text, int base) {
    expect_same_number(strtol, host_strtol, text, base);
    expect_same_number(strtoll, host_strtoll, text, base);
    expect_same_number(strtoul, host_strtoul, text, base);
    expect_same_number(strtoull, host_strtoull, text, base);
    EXPECT_EQ(strtol(text.c_str(), nullptr, base), host_strtol(text.c_str(), nullptr, base));
}

TEST(Strtol, TreatsTheEdgesLikeTheHost) {
    std::vector<std::string> texts = {"",
                                      " ",
                                      "-",
                                      "+",
                                      "+-1",
                                      "- 1",
                                      "0",
                                      "00",
                                      "0x",
                                      "0xg",
                                      "0X1f",
                                      "x1",
                                      "08",
                                      "-0",
                                      " \t\n\v\f\r42z",
                                      "zZ",
                                      "-0x10",
                                      "2147483647",
                                      "2147483648",
                                      "-2147483648",
                                      "-2147483649",
                                      "4294967295",
                                      "4294967296",
                                      "-4294967295",
                                      "-4294967296",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "-18446744073709551615",
                                      "99999999999999999999999999",
                                      "-99999999999999999999999999",
                                      "0xffffffff",
                                      "0xffffffffffffffff",
                                      "0x10000000000000000",
                                      "\xB2"
                                      "1",
                                      "1/",
                                      "1:"};
    for (const std::string& text : texts) {
        for (int base : {0, 2, 3, 8, 10, 16, 35, 36})
            expect_same_numbers(text, base);
    }
}

TEST(Strtol, FindsNoNumberInABaseThatIsNone) {
    for (int base : {-1, 1, 37, INT_MAX}) {
        const char text[] = "12";
        char* end = nullptr;
        errno = 0;
        EXPECT_EQ(strtol(text, &end, base), 0);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(end, text);
    }
}

RC_GTEST_PROP(Strtol, ReadsLikeTheHost, ()) {
    const auto base = *rc::gen::element(0, 2, 7, 8, 10, 16, 36);
    const auto sign_text = *rc::gen::element<std::string>("", "-", "+", " -", "0x", "-0x", "0");
    const auto digits = *rc::gen::container<std::string>(rc::gen::oneOf(
        rc::gen::inRange<char>('0', '9' + 1), rc::gen::element('1', 'f', 'F', 'z', ' ', '.')));
    expect_same_numbers(sign_text + digits, base);
    RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Atoi, ReadsDecimal) {
    EXPECT_EQ(atoi(" -17x"), -17);
    EXPECT_EQ(atoi("0x10"), 0);
    EXPECT_EQ(atoi("2147483647"), INT_MAX);
    EXPECT_EQ(atoi(""), 0);
}

TEST(Itoa, WritesEveryBase) {
    char buffer[34];
    EXPECT_STREQ(itoa(0, buffer, 10), "0");
    EXPECT_STREQ(itoa(-120, buffer, 10), "-120");
    EXPECT_STREQ(itoa(INT_MIN, buffer, 10), "-2147483648");
    EXPECT_STREQ(itoa(INT_MAX, buffer, 10), "2147483647");
    EXPECT_STREQ(itoa(-1, buffer, 16), "ffffffff");
    EXPECT_STREQ(itoa(-1, buffer, 2), "11111111111111111111111111111111");
    EXPECT_STREQ(itoa(35, buffer, 36), "z");
    EXPECT_STREQ(itoa(7, buffer, 1), "");
    EXPECT_STREQ(itoa(7, buffer, 37), "");
}

RC_GTEST_PROP(Itoa, ComesBackThroughStrtol, (int value)) {
    const auto base = *rc::gen::inRange(2, 37);
    char buffer[34];
    itoa(value, buffer, base);
    const auto back = static_cast<unsigned>(strtoull(buffer, nullptr, base));
    RC_ASSERT(back == static_cast<unsigned>(value));
}

TEST(Reverse, TurnsAnyLength) {
    for (std::string text : {"", "a", "ab", "abc", "abcd"}) {
        std::string turned = text;
        reverse(turned.data());
        EXPECT_EQ(turned, std::string(text.rbegin(), text.rend()));
    }
}

}  // namespace
