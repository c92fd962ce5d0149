// Backslashes in the texts of `echo` and `printf`.
#pragma once

#include <cstddef>
#include <string_view>

namespace quire::shell {

enum class OctalForm { Printf, Echo };  // \101; also \0101

/// Puts what the backslash at `at` means to `to`, an Output or a TextBuilder, and goes behind it.
/// False: it was \c, which ends all output.
template <typename To>
bool put_escape(To& to, std::string_view text, std::size_t& at, OctalForm form) {
    constexpr std::string_view kLetters = "abefnrtv\\";
    constexpr std::string_view kMeanings = "\a\b\33\f\n\r\t\v\\";
    const char letter = at + 1 < text.size() ? text[at + 1] : '\0';
    if (letter == 'c') return false;
    const std::size_t index = letter == '\0' ? kLetters.npos : kLetters.find(letter);
    if (index != kLetters.npos) {
        to.put(kMeanings.substr(index, 1));
        at += 2;
    } else if (letter >= '0' && letter <= '7') {
        const std::size_t digits = form == OctalForm::Echo && letter == '0' ? 2 : 1;
        const std::size_t end = at + digits + 3;
        unsigned value = 0;
        for (at += digits; at < text.size() && at < end && text[at] >= '0' && text[at] <= '7'; ++at)
            value = value * 8 + static_cast<unsigned>(text[at] - '0');
        const char c = static_cast<char>(value);
        to.put(std::string_view(&c, 1));
    } else {
        to.put(text.substr(at++, 1));
    }
    return true;
}

/// The same of a whole text.
template <typename To>
bool put_with_escapes(To& to, std::string_view text, OctalForm form) {
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\')
            to.put(text.substr(at++, 1));
        else if (!put_escape(to, text, at, form))
            return false;
    }
    return true;
}

}  // namespace quire::shell
