// libc/standard against the host's own functions: characters, strings, sorting, searching, options.
#include <ctype.h>
#include <getopt.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

namespace {
const std::vector<int (*)(int)> host_kinds{::isalnum, ::isalpha,  ::isblank, ::iscntrl, ::isdigit,
                                           ::isgraph, ::islower,  ::isprint, ::ispunct, ::isspace,
                                           ::isupper, ::isxdigit, ::tolower, ::toupper};
const auto host_strcasecmp = ::strcasecmp;
const auto host_strncasecmp = ::strncasecmp;
const auto host_memmem = ::memmem;
const auto host_mempcpy = ::mempcpy;
const auto host_memccpy = ::memccpy;
const auto host_stpcpy = ::stpcpy;
const auto host_stpncpy = ::stpncpy;
const auto host_strsep = ::strsep;
const void* host_memrchr(const void* bytes, int byte, size_t count) {
    return ::memrchr(bytes, byte, count);
}
const char* host_strchrnul(const char* text, int character) {
    return ::strchrnul(text, character);
}
const char* host_strcasestr(const char* text, const char* part) {
    return ::strcasestr(text, part);
}
const auto host_getopt = ::getopt;
struct HostOptions {
    static void begin() { optind = 0, opterr = 0; }
    static std::string argument() { return optarg != nullptr ? optarg : "none"; }
    static int index() { return optind; }
    static int letter() { return optopt; }
};
}  // namespace

#include <libgen.h>
namespace {
const auto host_posix_basename = ::__xpg_basename;
const auto host_posix_dirname = ::dirname;
}  // namespace
#undef basename

#include "tests/host/standard_names.h"
// Ours, whatever of these the host has declared above.
#include "libc/include/ctype.h"
#include "libc/include/getopt.h"
#include "libc/include/libgen.h"
#include "libc/include/string.h"
#include "libc/include/strings.h"

extern "C" {
void qsort(void* elements, size_t count, size_t size, int (*compare)(const void*, const void*));
void* bsearch(const void* key, const void* elements, size_t count, size_t size,
              int (*compare)(const void*, const void*));
int rand_r(unsigned* state);
}

namespace {

int sign(int number) {
    return (number > 0) - (number < 0);
}

TEST(Ctype, KnowsEveryCharacterAsTheHostDoes) {
    const std::vector<int (*)(int)> ours{isalnum, isalpha,  isblank, iscntrl, isdigit,
                                         isgraph, islower,  isprint, ispunct, isspace,
                                         isupper, isxdigit, tolower, toupper};
    for (int character = -1; character < 256; ++character) {
        for (std::size_t kind = 0; kind < ours.size() - 2; ++kind)
            EXPECT_EQ(ours[kind](character) != 0, host_kinds[kind](character) != 0)
                << kind << " of " << character;
        EXPECT_EQ(tolower(character), host_kinds[ours.size() - 2](character));
        EXPECT_EQ(toupper(character), host_kinds[ours.size() - 1](character));
    }
    EXPECT_TRUE(isascii(127) && !isascii(128) && toascii('a' + 128) == 'a');
}

rc::Gen<std::string> some_text() {
    return rc::gen::container<std::string>(rc::gen::element('a', 'b', 'A', 'B', 'z', '[', '\xC4'));
}

RC_GTEST_PROP(Strings, CompareWithoutCaseLikeTheHost, ()) {
    const auto left = *some_text();
    auto right = *rc::gen::oneOf(some_text(), rc::gen::just(left));
    if (!right.empty()) right[0] = static_cast<char>(toupper(static_cast<unsigned char>(right[0])));
    const auto limit = *rc::gen::inRange<std::size_t>(0, 12);
    RC_ASSERT(sign(strcasecmp(left.c_str(), right.c_str())) ==
              sign(host_strcasecmp(left.c_str(), right.c_str())));
    RC_ASSERT(sign(strncasecmp(left.c_str(), right.c_str(), limit)) ==
              sign(host_strncasecmp(left.c_str(), right.c_str(), limit)));
    RC_ASSERT(sign(strcoll(left.c_str(), right.c_str())) == sign(left.compare(right)));
}

RC_GTEST_PROP(Strings, AreSearchedLikeTheHost, ()) {
    const auto text = *some_text();
    const auto part = *rc::gen::resize(3, some_text());
    const auto wanted = *rc::gen::element('a', 'b', 'q', '\xC4', '\0');
    const bool same_part = memmem(text.data(), text.size(), part.data(), part.size()) ==
                           host_memmem(text.data(), text.size(), part.data(), part.size());
    const bool same_last =
        memrchr(text.data(), wanted, text.size()) == host_memrchr(text.data(), wanted, text.size());
    RC_ASSERT(same_part && same_last);
    RC_ASSERT(strchrnul(text.c_str(), wanted) == host_strchrnul(text.c_str(), wanted));
    RC_ASSERT(strcasestr(text.c_str(), part.c_str()) ==
              host_strcasestr(text.c_str(), part.c_str()));
}

RC_GTEST_PROP(Strings, AreCopiedLikeTheHost, ()) {
    const auto text = *some_text();
    const auto count = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
    std::string ours(text.size() + 20, '#');
    std::string hosts = ours;
    RC_ASSERT(stpcpy(ours.data(), text.c_str()) - ours.data() ==
              host_stpcpy(hosts.data(), text.c_str()) - hosts.data());
    RC_ASSERT(ours == hosts);
    RC_ASSERT(stpncpy(ours.data(), text.c_str(), text.size() + 9) - ours.data() ==
              host_stpncpy(hosts.data(), text.c_str(), text.size() + 9) - hosts.data());
    RC_ASSERT(ours == hosts);
    RC_ASSERT(static_cast<char*>(mempcpy(ours.data(), text.data(), count)) == ours.data() + count);
    const void* our_end = memccpy(ours.data() + 1, text.data(), 'b', count);
    const void* host_end = host_memccpy(hosts.data() + 1, text.data(), 'b', count);
    RC_ASSERT((our_end == nullptr) == (host_end == nullptr));
    if (our_end != nullptr) {
        RC_ASSERT(static_cast<const char*>(our_end) - ours.data() ==
                  static_cast<const char*>(host_end) - hosts.data());
    }
}

TEST(Strings, StrlcatTellsWhatItTried) {
    char room[8] = "abc";
    EXPECT_EQ(strlcat(room, "defgh", sizeof room), 8U);
    EXPECT_STREQ(room, "abcdefg");
    EXPECT_EQ(strlcat(room, "xyz", 3), 6U);
    EXPECT_STREQ(room, "abcdefg");
}

RC_GTEST_PROP(Strings, AreTakenApartLikeTheHost, ()) {
    auto ours = *some_text();
    auto hosts = ours;
    char* our_rest = ours.data();
    char* host_rest = hosts.data();
    for (;;) {
        const char* const our_word = strsep(&our_rest, "ab");
        const char* const host_word = host_strsep(&host_rest, "ab");
        RC_ASSERT((our_word == nullptr) == (host_word == nullptr));
        if (our_word == nullptr) break;
        RC_ASSERT(std::string(our_word) == host_word);
    }
    char words[] = ",one,,two";
    RC_ASSERT(std::string(strtok(words, ",")) == "one");
    RC_ASSERT(std::string(strtok(nullptr, ",")) == "two");
    RC_ASSERT(strtok(nullptr, ",") == nullptr);
}

RC_GTEST_PROP(Paths, HaveTheHostsParts, ()) {
    const auto path = *rc::gen::container<std::string>(rc::gen::element('a', '.', '/', '/'));
    std::string ours = path;
    std::string hosts = path;
    if (path != "//") {  // POSIX leaves this one open
        const std::string base = basename(ours.data());
        RC_ASSERT(base == host_posix_basename(hosts.data()));
    }
    ours = hosts = path;
    if (path.substr(0, 2) != "//") {
        const std::string folder = dirname(ours.data());
        RC_ASSERT(folder == host_posix_dirname(hosts.data()));
    }
}

struct Counted {
    int key;
    char more[9];
};
long compared = 0;
int compare(const void* left, const void* right) {
    ++compared;
    const int a = static_cast<const Counted*>(left)->key;
    const int b = static_cast<const Counted*>(right)->key;
    return (a > b) - (a < b);
}

void expect_sorted(std::vector<Counted> elements) {
    std::vector<int> keys;
    for (Counted& element : elements) {
        element.more[3] = static_cast<char>(element.key);
        keys.push_back(element.key);
    }
    std::sort(keys.begin(), keys.end());
    compared = 0;
    qsort(elements.data(), elements.size(), sizeof(Counted), compare);
    const auto count = static_cast<double>(elements.size());
    EXPECT_LE(static_cast<double>(compared), 5 * count * std::log2(count + 2) + 20);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(elements[i].key, keys[i]);
        EXPECT_EQ(elements[i].more[3], static_cast<char>(keys[i]));
    }
}

TEST(Qsort, SortsWhatIsHardToSort) {
    for (const int count : {0, 1, 2, 3, 9, 1000, 20000}) {
        std::vector<Counted> up, same, pipe, teeth;
        for (int i = 0; i < count; ++i) {
            up.push_back({i, {}});
            same.push_back({7, {}});
            pipe.push_back({std::min(i, count - i), {}});
            teeth.push_back({i % 5, {}});
        }
        for (auto& elements : {up, same, pipe, teeth}) {
            expect_sorted(elements);
            expect_sorted({elements.rbegin(), elements.rend()});
        }
    }
}

// McIlroy's enemy of quicksort (1999): it decides while it is asked, so that the pivot is always
// one of the smallest.
namespace enemy {
std::vector<int> values;
int solid, candidate;
constexpr int kGas = INT_MAX;
int compare(const void* left, const void* right) {
    ++compared;
    const int a = *static_cast<const int*>(left);
    const int b = *static_cast<const int*>(right);
    auto& x = values[static_cast<std::size_t>(a)];
    auto& y = values[static_cast<std::size_t>(b)];
    if (x == kGas && y == kGas) (a == candidate ? x : y) = solid++;
    if (x == kGas) candidate = a;
    if (y == kGas) candidate = b;
    return (x > y) - (x < y);
}
}  // namespace enemy

TEST(Qsort, NeedsNoSquareOfStepsAgainstAnEnemy) {
    constexpr int kCount = 20000;
    std::vector<int> numbers(kCount);
    for (int i = 0; i < kCount; ++i)
        numbers[static_cast<std::size_t>(i)] = i;
    enemy::values.assign(kCount, enemy::kGas);
    enemy::solid = enemy::candidate = 0;
    compared = 0;
    qsort(numbers.data(), kCount, sizeof(int), enemy::compare);
    EXPECT_LT(compared, 4L * kCount * 15);
    for (std::size_t i = 1; i < kCount; ++i)
        EXPECT_LE(enemy::values[static_cast<std::size_t>(numbers[i - 1])],
                  enemy::values[static_cast<std::size_t>(numbers[i])]);
}

RC_GTEST_PROP(Qsort, SortsAndBsearchFinds, (const std::vector<int>& keys, int wanted)) {
    std::vector<Counted> elements;
    for (const int key : keys)
        elements.push_back({key, {}});
    expect_sorted(elements);
    RC_ASSERT(!testing::Test::HasFailure());
    qsort(elements.data(), elements.size(), sizeof(Counted), compare);
    const Counted key{
        *rc::gen::oneOf(rc::gen::just(wanted),
                        rc::gen::elementOf(keys.empty() ? std::vector<int>{0} : keys)),
        {}};
    const void* const found =
        bsearch(&key, elements.data(), elements.size(), sizeof(Counted), compare);
    const bool is_there = std::find(keys.begin(), keys.end(), key.key) != keys.end();
    RC_ASSERT((found != nullptr) == is_there);
    if (found != nullptr) RC_ASSERT(static_cast<const Counted*>(found)->key == key.key);
}

TEST(Rand, SpreadsOverItsRange) {
    unsigned state = 0;
    int high = 0;
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) {
        const int drawn = rand_r(&state);
        EXPECT_GE(drawn, 0);
        high += drawn > INT_MAX / 2 ? 1 : 0;
    }
    EXPECT_NEAR(high, kDraws / 2, 200);
}

struct OurOptions {
    static void begin() { optind = 0, opterr = 0; }
    static std::string argument() { return optarg != nullptr ? optarg : "none"; }
    static int index() { return optind; }
    static int letter() { return optopt; }
};

/// All that getopt says of a command, and the order in which it leaves the arguments.
template <typename State, typename Function>
std::string options_of(Function function, std::vector<std::string> words, const char* letters) {
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int count = static_cast<int>(words.size());
    State::begin();
    std::string told;
    for (int answer = 0; (answer = function(count, arguments.data(), letters)) != -1;) {
        told += static_cast<char>(answer);
        if (answer == '?' || answer == ':')
            told += static_cast<char>(State::letter());
        else
            told += "=" + State::argument() + " ";
    }
    told += std::to_string(State::index());
    for (int i = 0; i < count; ++i)
        told += std::string(" ") + arguments[static_cast<std::size_t>(i)];
    return told;
}

RC_GTEST_PROP(Getopt, ReadsACommandLikeTheHost, ()) {
    auto words = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("-a", "-b", "-ab", "-bfile", "-c", "-cx", "-ac", "--", "-",
                                      "file", "other", "-x", "-ax", "-b-a", ""));
    words.insert(words.begin(), "program");
    const auto letters = *rc::gen::element("ab:c::", "+ab:c::", ":ab:c::", "+:ab:c::");
    const std::string ours = options_of<OurOptions>(getopt, words, letters);
    RC_LOG() << letters << " " << ours;
    RC_ASSERT(ours == options_of<HostOptions>(host_getopt, words, letters));
}

}  // namespace
