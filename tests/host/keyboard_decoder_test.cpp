// The scan code decoder: the whole US layout under every modifier, and streams that go wrong.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <map>
#include <string>
#include <vector>

#include "drivers/keyboard_decoder.h"
#include "tests/host/seed.h"

namespace quire::drivers {
namespace {

using Codes = std::vector<int>;

constexpr int kShift = 0x2A;
constexpr int kRightShift = 0x36;
constexpr int kControl = 0x1D;
constexpr int kAlt = 0x38;
constexpr int kCaps = 0x3A;
constexpr int kNum = 0x45;

class Typist {
  public:
    std::string feed(const Codes& codes) {
        std::string text;
        for (int code : codes) {
            last = decoder.feed(static_cast<std::uint8_t>(code));
            text += last.text();
            decoder.check_invariants();
        }
        return text;
    }
    std::string tap(int code) { return feed({code, code | 0x80}); }
    std::string tap_grey(int code) { return feed({0xE0, code, 0xE0, code | 0x80}); }
    std::string with(int modifier, int code) {
        return feed({modifier, code, code | 0x80, modifier | 0x80});
    }

    KeyboardDecoder decoder;
    KeyEvent last;
};

// The rows of a US keyboard as printed on its keys, each from the scan code of its first key.
struct Row {
    int first;
    const char* plain;
    const char* shifted;
};
constexpr Row kRows[] = {
    {0x02, "1234567890-=", "!@#$%^&*()_+"},
    {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
    {0x1E, "asdfghjkl;'", "ASDFGHJKL:\""},
    {0x29, "`", "~"},
    {0x2B, "\\", "|"},
    {0x2C, "zxcvbnm,./", "ZXCVBNM<>?"},
    {0x39, " ", " "},
};

struct Key {
    int code;
    char plain;
    char shifted;
};
std::vector<Key> all_keys() {
    std::vector<Key> keys;
    for (const Row& row : kRows) {
        for (int index = 0; row.plain[index] != '\0'; ++index) {
            keys.push_back({row.first + index, row.plain[index], row.shifted[index]});
        }
    }
    return keys;
}

TEST(KeyboardDecoder, TypesAllNinetyFivePrintableCharacters) {
    std::map<char, int> typed;
    Typist typist;
    for (const Key& key : all_keys()) {
        EXPECT_EQ(typist.tap(key.code), std::string(1, key.plain));
        EXPECT_EQ(typist.with(kShift, key.code), std::string(1, key.shifted));
        EXPECT_EQ(typist.with(kRightShift, key.code), std::string(1, key.shifted));
        ++typed[key.plain];
        ++typed[key.shifted];
    }
    EXPECT_EQ(typed.size(), 95U);
    for (int code = 0x20; code < 0x7F; ++code) {
        EXPECT_TRUE(typed.contains(static_cast<char>(code))) << code;
    }
}

TEST(KeyboardDecoder, LocksCapsForLettersOnly) {
    Typist typist;
    EXPECT_EQ(typist.tap(kCaps), "");
    EXPECT_EQ(typist.decoder.leds(), KeyboardDecoder::kCapsLock);
    for (const Key& key : all_keys()) {
        const bool letter = std::isalpha(key.plain) != 0;
        EXPECT_EQ(typist.tap(key.code), std::string(1, letter ? key.shifted : key.plain));
        EXPECT_EQ(typist.with(kShift, key.code), std::string(1, letter ? key.plain : key.shifted));
    }
    typist.tap(kCaps);
    EXPECT_EQ(typist.decoder.leds(), 0);
    EXPECT_EQ(typist.tap(0x1E), "a");
}

TEST(KeyboardDecoder, TypesControlCharacters) {
    std::map<char, std::string> expected = {
        {'2', std::string(1, '\0')},
        {'3', "\033"},
        {'4', "\034"},
        {'5', "\035"},
        {'6', "\036"},
        {'7', "\037"},
        {'8', "\177"},
        {'[', "\033"},
        {'\\', "\034"},
        {']', "\035"},
        {'-', "\037"},
        {'/', "\177"},
        {'\'', "\007"},
        {'`', std::string(1, '\0')},
        {' ', std::string(1, '\0')},
    };
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        expected[letter] = std::string(1, static_cast<char>(letter - 'a' + 1));
    }
    for (const bool caps : {false, true}) {
        Typist typist;
        if (caps) typist.tap(kCaps);
        for (const Key& key : all_keys()) {
            EXPECT_EQ(typist.with(kControl, key.code), expected[key.plain]) << key.plain;
            // Ctrl+Shift+2 is Ctrl+@, Ctrl+Shift+6 is Ctrl+^, Ctrl+Shift+- is Ctrl+_.
            typist.feed({kShift});
            EXPECT_EQ(typist.with(kControl, key.code), expected[key.plain]) << key.shifted;
            typist.feed({kShift | 0x80});
        }
    }
}

TEST(KeyboardDecoder, TakesEitherControlAndEitherAlt) {
    Typist typist;
    EXPECT_EQ(typist.feed({0xE0, 0x1D, 0x2E, 0xAE, 0xE0, 0x9D}), "\003");
    EXPECT_EQ(typist.feed({0xE0, 0x38, 0x2E, 0xAE, 0xE0, 0xB8}), "\033c");
    EXPECT_EQ(typist.decoder.modifiers(), 0);
    // Both down, one up: still held.
    EXPECT_EQ(typist.feed({0x1D, 0xE0, 0x1D, 0x9D, 0x2E, 0xAE}), "\003");
    EXPECT_EQ(typist.feed({0xE0, 0x9D, 0x2E, 0xAE}), "c");
}

TEST(KeyboardDecoder, PutsEscapeBeforeEveryAltCharacter) {
    Typist typist;
    for (const Key& key : all_keys()) {
        EXPECT_EQ(typist.with(kAlt, key.code), std::string("\033") + key.plain);
        typist.feed({kAlt});
        EXPECT_EQ(typist.with(kShift, key.code), std::string("\033") + key.shifted);
        typist.feed({kAlt | 0x80});
    }
    typist.feed({kAlt});
    EXPECT_EQ(typist.with(kControl, 0x1E), "\033\001");
    EXPECT_EQ(typist.tap(0x0E), "\033\177");
    EXPECT_EQ(typist.tap(0x0F), "\033\t");
}

TEST(KeyboardDecoder, TypesEditingKeys) {
    Typist typist;
    EXPECT_EQ(typist.tap(0x01), "\033");
    EXPECT_EQ(typist.tap(0x0E), "\177");
    EXPECT_EQ(typist.with(kControl, 0x0E), "\b");
    EXPECT_EQ(typist.tap(0x0F), "\t");
    EXPECT_EQ(typist.with(kShift, 0x0F), "\033[Z");
    EXPECT_EQ(typist.tap(0x1C), "\r");
    EXPECT_EQ(typist.with(kControl, 0x1C), "\r");
    EXPECT_EQ(typist.tap(0x56), "<");
    EXPECT_EQ(typist.with(kShift, 0x56), ">");
}

TEST(KeyboardDecoder, TypesFunctionKeys) {
    const char* expected[] = {"\033[[A",  "\033[[B",  "\033[[C",  "\033[[D",
                              "\033[[E",  "\033[17~", "\033[18~", "\033[19~",
                              "\033[20~", "\033[21~", "\033[23~", "\033[24~"};
    Typist typist;
    for (int number = 0; number < 12; ++number) {
        const int code = number < 10 ? 0x3B + number : 0x57 + number - 10;
        EXPECT_EQ(typist.tap(code), expected[number]) << "F" << number + 1;
        EXPECT_EQ(typist.with(kShift, code), expected[number]) << "F" << number + 1;
    }
}

struct GreyKey {
    int code;
    const char* bytes;
};
constexpr GreyKey kGreyKeys[] = {
    {0x47, "\033[1~"}, {0x48, "\033[A"}, {0x49, "\033[5~"}, {0x4B, "\033[D"},  {0x4D, "\033[C"},
    {0x4F, "\033[4~"}, {0x50, "\033[B"}, {0x51, "\033[6~"}, {0x52, "\033[2~"}, {0x53, "\033[3~"},
};

TEST(KeyboardDecoder, TypesGreyKeysWhateverNumLockSays) {
    Typist typist;
    for (const bool num_lock : {false, true}) {
        if (num_lock) typist.tap(kNum);
        for (const GreyKey& key : kGreyKeys) {
            EXPECT_EQ(typist.tap_grey(key.code), key.bytes) << key.code;
            // With the fake shifts a keyboard adds when Num Lock is on, or Shift is held.
            EXPECT_EQ(typist.feed({0xE0, 0x2A, 0xE0, key.code, 0xE0, key.code | 0x80, 0xE0, 0xAA}),
                      key.bytes);
            EXPECT_EQ(typist.decoder.modifiers(), 0);
        }
        EXPECT_EQ(typist.tap_grey(0x1C), "\r");
        EXPECT_EQ(typist.tap_grey(0x35), "/");
        EXPECT_EQ(typist.with(kShift, 0x37), "*");
    }
}

TEST(KeyboardDecoder, TakesFakeShiftsForNoKeyAtAll) {
    Typist typist;
    for (int code : {0x2A, 0xAA, 0x36, 0xB6}) {
        typist.feed({0xE0, code});
        EXPECT_EQ(typist.last.key, 0);
    }
}

// Shift held while an arrow is pressed: the keyboard sends a fake release of Shift around it.
TEST(KeyboardDecoder, KeepsShiftThroughFakeReleases) {
    Typist typist;
    EXPECT_EQ(typist.feed({0x2A, 0xE0, 0xAA, 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0x2A, 0x1E, 0x9E}),
              "\033[AA");
    EXPECT_EQ(typist.feed({0x36, 0xE0, 0xB6, 0xE0, 0x36, 0xAA, 0x1E, 0x9E}), "A");
}

TEST(KeyboardDecoder, TypesTheKeypadBothWays) {
    const std::string digits = "789-456+1230.";
    const char* cursor[] = {"\033[1~", "\033[A",  "\033[5~", "-",       "\033[D",
                            "\033[G",  "\033[C",  "+",       "\033[4~", "\033[B",
                            "\033[6~", "\033[2~", "\033[3~"};
    Typist typist;
    for (int index = 0; index < 13; ++index) {
        EXPECT_EQ(typist.tap(0x47 + index), cursor[index]);
    }
    typist.tap(kNum);
    EXPECT_EQ(typist.decoder.leds(), KeyboardDecoder::kNumLock);
    for (int index = 0; index < 13; ++index) {
        EXPECT_EQ(typist.tap(0x47 + index), digits.substr(static_cast<std::size_t>(index), 1));
    }
    EXPECT_EQ(typist.with(kAlt, 0x4C), "\0335");
    EXPECT_EQ(typist.tap(0x37), "*");
}

TEST(KeyboardDecoder, ReportsPauseAndPrintScreenWithoutTyping) {
    Typist typist;
    EXPECT_EQ(typist.feed({0xE1, 0x1D, 0x45}), "");
    EXPECT_EQ(typist.last.key, KeyboardDecoder::kPauseKey);
    EXPECT_TRUE(typist.last.pressed);
    EXPECT_EQ(typist.feed({0xE1, 0x9D, 0xC5}), "");
    EXPECT_FALSE(typist.last.pressed);
    EXPECT_EQ(typist.decoder.leds(), 0);
    EXPECT_EQ(typist.decoder.modifiers(), 0);
    EXPECT_EQ(typist.feed({0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA}), "");
    EXPECT_EQ(typist.feed({0x38, 0x54, 0xD4, 0xB8}), "");              // Alt+PrintScreen
    EXPECT_EQ(typist.feed({0x1D, 0xE0, 0x46, 0xE0, 0xC6, 0x9D}), "");  // Ctrl+Pause
    EXPECT_EQ(typist.tap(0x1E), "a");
}

TEST(KeyboardDecoder, TypesNothingForUnknownKeys) {
    Typist typist;
    for (int code : {0x55, 0x59, 0x5A, 0x7F})
        EXPECT_EQ(typist.tap(code), "");
    for (int code : {0x10, 0x1E, 0x3B, 0x4A, 0x4C, 0x4E, 0x57, 0x5B, 0x5C, 0x5D}) {
        EXPECT_EQ(typist.tap_grey(code), "") << code;
    }
}

TEST(KeyboardDecoder, RepeatsCharactersButNotLocks) {
    Typist typist;
    EXPECT_EQ(typist.feed({0x1E, 0x1E, 0x1E, 0x9E}), "aaa");
    typist.feed({kCaps, kCaps, kCaps, kCaps, kCaps | 0x80});
    EXPECT_EQ(typist.decoder.leds(), KeyboardDecoder::kCapsLock);
    typist.feed({0x46, 0x46, 0xC6});
    EXPECT_EQ(typist.decoder.leds(), KeyboardDecoder::kCapsLock | KeyboardDecoder::kScrollLock);
}

TEST(KeyboardDecoder, ReportsPressAndRelease) {
    Typist typist;
    typist.feed({0x1E});
    EXPECT_EQ(typist.last.key, 0x1E);
    EXPECT_TRUE(typist.last.pressed);
    typist.feed({0xE0, 0xC8});
    EXPECT_EQ(typist.last.key, 0x48 | KeyboardDecoder::kExtendedKey);
    EXPECT_FALSE(typist.last.pressed);
}

// After an overrun the release of Shift may be lost: it must not stay pressed.
TEST(KeyboardDecoder, ReleasesModifiersAfterAnErrorByte) {
    for (int error : {0x00, 0xFF}) {
        Typist typist;
        EXPECT_EQ(typist.feed({0x2A, 0x1D, 0x38, 0xE0, error, 0x1E}), "a");
        EXPECT_EQ(typist.decoder.modifiers(), 0);
    }
}

TEST(KeyboardDecoder, RecoversFromALostReleaseByTheNextOne) {
    Typist typist;
    typist.feed({0x2A});
    EXPECT_EQ(typist.feed({0x2A, 0xAA, 0x1E, 0x9E}), "a");
}

TEST(KeyboardDecoder, RecoversFromABrokenPause) {
    Typist typist;
    EXPECT_EQ(typist.feed({0xE1, 0x1E}), "a");
    EXPECT_EQ(typist.feed({0xE1, 0x1D, 0x1E}), "a");
    EXPECT_EQ(typist.feed({0xE1, 0xE0, 0x48}), "\033[A");
}

// Whatever came before, once every key is up nothing is held and the next key types itself.
void release_everything(Typist& typist) {
    for (int code = 0x01; code < 0x80; ++code)
        typist.feed({code | 0x80});
    for (int code = 0x01; code < 0x60; ++code)
        typist.feed({0xE0, code | 0x80});
}

TEST(KeyboardDecoder, NeverWedges) {
    test::Random random(test::seed());
    for (int round = 0; round < 500; ++round) {
        Typist typist;
        for (int count = 0; count < 200; ++count) {
            constexpr int kSpecial[] = {0xE0, 0xE1, 0x1D, 0x45, 0x2A, 0xAA, 0x38, 0x3A};
            typist.feed({random.below(3) == 0 ? kSpecial[random.below(8)]
                                              : static_cast<int>(random.below(256))});
        }
        release_everything(typist);
        EXPECT_EQ(typist.decoder.modifiers(), 0);
        const bool caps = (typist.decoder.leds() & KeyboardDecoder::kCapsLock) != 0;
        EXPECT_EQ(typist.tap(0x1E), caps ? "A" : "a");
        EXPECT_EQ(typist.with(kShift, 0x06), "%");
    }
}

RC_GTEST_PROP(KeyboardDecoder, HoldsNothingOnceAllKeysAreUp,
              (const std::vector<std::uint8_t>& codes)) {
    Typist typist;
    for (std::uint8_t code : codes)
        typist.feed({code});
    release_everything(typist);
    RC_ASSERT(typist.decoder.modifiers() == 0);
}

}  // namespace
}  // namespace quire::drivers
