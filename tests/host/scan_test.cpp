// libc/standard/scan against the host's sscanf: what is stored, how much, and how far it has read.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace {
int (*const host_sscanf)(const char*, const char*, ...) = ::sscanf;
}  // namespace

#include "tests/host/standard_names.h"
extern "C" int sscanf(const char* text, const char* format, ...);

namespace {

struct Stored {
    int count = 0;
    unsigned long long first = 0xAAAAAAAAAAAAAAAA, second = 0xBBBBBBBBBBBBBBBB;
    char words[2][64] = {"untouched", "untouched"};
    int place = -7;
    bool operator==(const Stored&) const = default;
};

template <typename Function>
Stored scan_numbers(Function function, const std::string& text, const std::string& format) {
    Stored stored;
    stored.count = function(text.c_str(), (format + "%n").c_str(), &stored.first, &stored.second,
                            &stored.place);
    return stored;
}
template <typename Function>
Stored scan_words(Function function, const std::string& text, const std::string& format) {
    Stored stored;
    stored.count = function(text.c_str(), (format + "%n").c_str(), stored.words[0], stored.words[1],
                            &stored.place);
    return stored;
}

rc::Gen<std::string> some_number() {
    return rc::gen::element<std::string>("0", "7", "-1", "+12", "0x1f", "077", "089", "-0x7",
                                         "2147483647", "-2147483648", "4294967295",
                                         "9223372036854775807", "99999999999999999999",
                                         "-99999999999999999999", "x", "-", "", "12ab", "ff");
}

// Whether a "0x" without digits is in the text, as a number of its own or of a "0" and an "x" that
// came side by side: the C standard takes it for no number, the GNU library for 0.
bool has_prefix_alone(const std::string& text) {
    for (size_t at = text.find("0x"); at != std::string::npos; at = text.find("0x", at + 1))
        if (text.find_first_of("0123456789abcdef", at + 2) != at + 2) return true;
    return false;
}

RC_GTEST_PROP(Sscanf, ReadsNumbersLikeTheHost, ()) {
    const auto blank = rc::gen::element<std::string>("", " ", "\t\n", ",");
    const auto conversion = rc::gen::element<std::string>(
        "%d", "%i", "%u", "%x", "%X", "%o", "%ld", "%lu", "%lld", "%llx", "%hd", "%hhu", "%hhi",
        "%zu", "%jd", "%3d", "%4i", "%5x", "%*d", "%1u");
    const std::string text = *blank + *some_number() + *blank + *some_number() + *blank;
    const std::string format = *blank + *conversion + *blank + *conversion;
    RC_PRE(!has_prefix_alone(text));
    RC_LOG() << "<" << text << "> by <" << format << ">";
    RC_ASSERT(scan_numbers(sscanf, text, format) == scan_numbers(host_sscanf, text, format));
}

RC_GTEST_PROP(Sscanf, ReadsWordsLikeTheHost, ()) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::element('a', 'b', 'c', '-', ']', ' ', '\n', '5', '%'));
    const auto conversion = rc::gen::element<std::string>(
        "%s", "%3s", "%c", "%2c", "%[abc]", "%[^ab]", "%2[a-c]", "%[]a]", "%[^]]", "%[a-]", "%*s",
        "%*c", "%%", "a", " ", "%*[a-b5]");
    const std::string format = *conversion + *conversion + *conversion;
    RC_PRE(std::count(format.begin(), format.end(), '%') <
           3 + std::count(format.begin(), format.end(), '*'));
    RC_PRE(text.size() < 60);
    RC_LOG() << "<" << text << "> by <" << format << ">";
    RC_ASSERT(scan_words(sscanf, text, format) == scan_words(host_sscanf, text, format));
}

TEST(Sscanf, TakesALineApart) {
    char name[16] = "", rest[16] = "";
    unsigned long start = 0, end = 0;
    void* pointer = nullptr;
    EXPECT_EQ(sscanf("08048000-0804b000 r-xp /bin/sh 0x1234", "%lx-%lx %4s /%*[a-z]/%15s %p",
                     &start, &end, rest, name, &pointer),
              5);
    EXPECT_EQ(start, 0x8048000U);
    EXPECT_EQ(end, 0x804b000U);
    EXPECT_STREQ(rest, "r-xp");
    EXPECT_STREQ(name, "sh");
    EXPECT_EQ(pointer, reinterpret_cast<void*>(0x1234));
    EXPECT_EQ(sscanf("", "%d", &start), EOF);
    EXPECT_EQ(sscanf("  ", "%d", &start), EOF);
    EXPECT_EQ(sscanf("x", "%d", &start), 0);
}

}  // namespace
