// user/tools/regex against the host's regexec: whether, where and how far an expression matches.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <regex.h>

#include <string>

namespace {

struct Found {
    bool compiles = false;
    bool matches = false;
    std::size_t start = 0, end = 0;
    bool operator==(const Found&) const = default;
};

Found host_find(const std::string& pattern, const std::string& text, bool is_extended,
                bool ignores_case) {
    regex_t compiled;
    const int flags = (is_extended ? REG_EXTENDED : 0) | (ignores_case ? REG_ICASE : 0);
    if (regcomp(&compiled, pattern.c_str(), flags) != 0) return {};
    regmatch_t match;
    Found found{true, regexec(&compiled, text.c_str(), 1, &match, 0) == 0, 0, 0};
    if (found.matches) {
        found.start = static_cast<std::size_t>(match.rm_so);
        found.end = static_cast<std::size_t>(match.rm_eo);
    }
    regfree(&compiled);
    return found;
}

}  // namespace

#include "user/tools/regex.h"

namespace {

using quire::tools::Regex;

Found find(const std::string& pattern, const std::string& text, bool is_extended,
           bool ignores_case = false) {
    static Regex regex;
    const auto syntax = is_extended ? Regex::Syntax::Extended : Regex::Syntax::Basic;
    if (regex.compile(pattern.c_str(), syntax, ignores_case) != nullptr) return {};
    Regex::Match match{};
    if (!regex.find(text.data(), text.size(), 0, Regex::Bounds::None, match)) return {true};
    return {true, true, match.start, match.end};
}

// What POSIX leaves open is not among them: "*a" and "a{" in extended, "a**" in basic expressions.
TEST(Regex, MatchesLikeTheHost) {
    const char* const patterns[] = {
        "",         "a",           "abc",          "a*",         "a.c",
        "^ab",      "bc$",         "^$",           "[abc]",      "[^abc]",
        "[a-c]x",   "[]x]",        "[^]x]",        "[a-]",       "a\\.c",
        "a\\*",     "a^b",         "a$b",          "\\(ab\\)*",  "a\\|bc",
        "a\\{2\\}", "a\\{1,2\\}b", "a\\{,2\\}",    "a\\{2,\\}",  "a\\+",
        "ab\\?c",   "(a",          "a{2}",         "a{1,}b",     "a{,2}b",
        "(a|b)*c",  "(ab|a)(bc)?", "x*",           "a|b|",       "(|a)b",
        "a+b+",     "a?b?c?",      "(a*)*b",       "(a*)+",      "((a|b)*c)*",
        "a{0}b",    "a{3,1}",      "[[:digit:]]+", "[[:nope:]]", "[b-a]",
        "\\<ab",    "b\\>",        "\\bc",         "\\w+",       "\\W",
        "a\\",      "[",           "\\(",          "(^a)",       "(b$)",
        "()",       "(a){2}",      "\\(^a\\)b"};
    const char* const texts[] = {"",     "a",       "ab",   "abc",   "aabbcc", "xabcx",
                                 "a.c",  "a*c",     "*a",   "a^b",   "a$b",    "]x-",
                                 "aaab", "ab ab c", "12 3", "b a_c", "a{x",    "abab"};
    for (const char* const pattern : patterns)
        for (const char* const text : texts)
            for (const bool is_extended : {false, true})
                EXPECT_EQ(find(pattern, text, is_extended),
                          host_find(pattern, text, is_extended, false))
                    << (is_extended ? "extended " : "basic ") << pattern << " in " << text;
}

/// A valid extended expression over a, b and c.
std::string some_expression(int depth) {
    const int what = *rc::gen::inRange(0, depth > 0 ? 9 : 3);
    switch (what) {
    case 0:
        return *rc::gen::element<std::string>("a", "b", "c");
    case 1:
        return *rc::gen::element<std::string>(".", "[ab]", "[^a]", "[b-c]");
    case 2:
        return *rc::gen::element<std::string>("ab", "ba", "ca");
    case 3:
        return "(" + some_expression(depth - 1) + "|" + some_expression(depth - 1) + ")";
    case 4:
        return "(" + some_expression(depth - 1) + ")" +
               *rc::gen::element<std::string>("*", "+", "?", "{2}", "{0,2}", "{1,}");
    default:
        return some_expression(depth - 1) + some_expression(depth - 1);
    }
}

RC_GTEST_PROP(Regex, FindsTheLeftmostLongestLikeTheHost, ()) {
    const std::string pattern = *rc::gen::element<std::string>("", "", "^") + some_expression(4) +
                                *rc::gen::element<std::string>("", "", "$");
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', 'A'));
    const bool ignores_case = *rc::gen::arbitrary<bool>();
    RC_LOG() << pattern << " in " << text;
    const Found ours = find(pattern, text, true, ignores_case);
    RC_ASSERT(ours.compiles);
    RC_ASSERT(ours == host_find(pattern, text, true, ignores_case));
}

TEST(Regex, TakesSignsThatRepeatNothingAsThemselves) {
    EXPECT_EQ(find("*a", "b*a", false), host_find("*a", "b*a", false, false));
    EXPECT_EQ(find("^*a", "*a", false), host_find("^*a", "*a", false, false));
    EXPECT_EQ(find("a{x", "a{x", false), host_find("a{x", "a{x", false, false));
    EXPECT_EQ(find("*a", "b*a", true), (Found{true, true, 1, 3}));
    EXPECT_EQ(find("a{x", "a{x", true), (Found{true, true, 0, 3}));
    EXPECT_FALSE(find("a)", "a)", true).compiles);
}

TEST(Regex, StaysWithinBounds) {
    static Regex regex;
    Regex::Match match{};
    ASSERT_EQ(regex.compile("fo*", Regex::Syntax::Basic, false), nullptr);
    const std::string text = "foo_x afoo fo";
    ASSERT_TRUE(regex.find(text.data(), text.size(), 0, Regex::Bounds::Word, match));
    EXPECT_EQ(match.start, 11U);
    EXPECT_FALSE(regex.find(text.data(), text.size(), 0, Regex::Bounds::Line, match));
    EXPECT_TRUE(regex.find("foo", 3, 0, Regex::Bounds::Line, match));
    EXPECT_FALSE(regex.find("foo", 3, 1, Regex::Bounds::None, match));
}

TEST(Regex, FixedTextsHaveNoSpecialSigns) {
    static Regex regex;
    Regex::Match match{};
    ASSERT_EQ(regex.compile("a.*[", Regex::Syntax::Fixed, true), nullptr);
    EXPECT_TRUE(regex.find("xA.*[", 5, 0, Regex::Bounds::None, match));
    EXPECT_FALSE(regex.find("axx[", 4, 0, Regex::Bounds::None, match));
}

TEST(Regex, SaysWhatIsTooMuch) {
    static Regex regex;
    EXPECT_NE(regex.compile("((a{255}){255}){255}", Regex::Syntax::Extended, false), nullptr);
    EXPECT_NE(regex.compile(std::string(1000, '(').c_str(), Regex::Syntax::Extended, false),
              nullptr);
    EXPECT_NE(regex.compile(std::string(5000, 'a').c_str(), Regex::Syntax::Fixed, false), nullptr);
    EXPECT_NE(regex.compile("\\(a\\)\\1", Regex::Syntax::Basic, false), nullptr);
    EXPECT_NE(regex.compile("a{256}", Regex::Syntax::Extended, false), nullptr);
}

TEST(Regex, NeedsNoPatienceForAPatternThatGoesBack) {
    static Regex regex;
    Regex::Match match{};
    ASSERT_EQ(regex.compile("(a|a)*(a|a)*(a|a)*b", Regex::Syntax::Extended, false), nullptr);
    const std::string text(300, 'a');
    EXPECT_FALSE(regex.find(text.data(), text.size(), 0, Regex::Bounds::None, match));
}

}  // namespace
