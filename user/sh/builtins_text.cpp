// Built-in commands that print: echo and printf.
#include <algorithm>
#include <array>

#include "libc/format.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/characters.h"
#include "user/sh/escapes.h"
#include "user/sh/number.h"
#include "user/system.h"

namespace quire::shell {

/// As XSI has it: backslashes mean something without an option, and -n is one.
int do_echo(Shell&, Arguments arguments) {
    const bool ends_line = arguments.size() < 2 || strcmp(arguments[1], "-n") != 0;
    const std::size_t first = ends_line ? 1 : 2;
    Output output(sys::kOutput);
    bool goes_on = true;
    for (std::size_t i = first; i < arguments.size() && goes_on; ++i) {
        if (i > first) output.print(" ");
        goes_on = put_with_escapes(output, arguments[i], OctalForm::Echo);
    }
    if (ends_line && goes_on) output.print("\n");
    return output.flush() ? 0 : 1;
}

namespace {

/// printf(1). The format is used again until all arguments are.
class Printer {
  public:
    Printer(Shell& shell, Arguments arguments)
        : shell_(shell), format_(arguments[1]), rest_(arguments.subspan(2)), output_(1) {}

    int run() {
        do {
            const std::size_t before = rest_.size();
            if (!print_once()) break;
            if (rest_.size() == before) break;  // it uses none
        } while (!rest_.empty());
        if (!output_.flush()) status_ = 1;
        return status_;
    }

  private:
    bool print_once() {
        for (std::size_t at = 0; at < format_.size();) {
            if (format_[at] == '\\') {
                if (!put_escape(output_, format_, at, OctalForm::Printf)) return false;
            } else if (format_[at] != '%') {
                output_.put(format_.substr(at++, 1));
            } else if (format_.substr(at).starts_with("%%")) {
                output_.print("%%");
                at += 2;
            } else if (!print_conversion(at)) {
                return false;
            }
        }
        return true;
    }

    /// At the percent sign: %[flags][width][.precision]letter.
    bool print_conversion(std::size_t& at) {
        Specification spec;
        for (++at; at < format_.size() && spec.add_flag(format_[at]);)
            ++at;
        spec.width = take_size(at);
        if (spec.width < 0) {
            spec.add_flag('-');
            spec.width = -spec.width;
        }
        if (at < format_.size() && format_[at] == '.') spec.precision = take_size(++at);
        const char letter = at < format_.size() ? format_[at++] : '\0';
        return print_value(spec, letter);
    }

    struct Specification {
        std::array<char, 8> flags{};
        std::size_t count = 0;
        int width = 0;
        int precision = -1;

        bool add_flag(char c) {
            if (c == '\0' || strchr("-+ 0#", c) == nullptr) return false;
            const std::string_view known(flags.data(), count);
            if (known.find(c) == std::string_view::npos) flags[count++] = c;
            return true;
        }
    };

    /// Digits, or * and an argument.
    int take_size(std::size_t& at) {
        if (at < format_.size() && format_[at] == '*') {
            ++at;
            return static_cast<int>(take_number());
        }
        const std::size_t start = at;
        while (at < format_.size() && is_digit(format_[at]))
            ++at;
        return to_number(format_.substr(start, at - start));
    }

    bool print_value(const Specification& spec, char letter) {
        switch (letter) {
        case 's':
            print_text(spec, take());
            return true;
        case 'b': {
            TextBuilder text(shell_.arena());
            const bool goes_on = put_with_escapes(text, take(), OctalForm::Echo);
            print_text(spec, text.view());
            return goes_on;
        }
        case 'c':
            print_text(spec, {take(), 1});  // "" is a NUL
            return true;
        case 'd':
        case 'i':
            print_number(spec, "lld", take_number());
            return true;
        case 'u':
        case 'x':
        case 'X':
        case 'o': {
            const char kind[4] = {'l', 'l', letter, '\0'};
            print_number(spec, kind, take_number(false));
            return true;
        }
        default:
            shell_.complain("printf: %%%c: not a directive", letter);
            status_ = 2;
            return false;
        }
    }

    void print_text(const Specification& spec, std::string_view text) {
        if (spec.precision >= 0) text = text.substr(0, static_cast<std::size_t>(spec.precision));
        const int missing = std::max(spec.width - static_cast<int>(text.size()), 0);
        const bool is_left = std::string_view(spec.flags.data()).find('-') != text.npos;
        if (!is_left) output_.print("%*s", missing, "");
        output_.put(text);
        if (is_left) output_.print("%*s", missing, "");
    }

    void print_number(const Specification& spec, const char* kind, long long value) {
        std::array<char, 24> format;
        snprintf(format.data(), format.size(), "%%%s*%s%s", spec.flags.data(),
                 spec.precision >= 0 ? ".*" : "", kind);
        // The format is made of nothing but what was checked above.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        if (spec.precision >= 0)
            output_.print(format.data(), spec.width, spec.precision, value);
        else
            output_.print(format.data(), spec.width, value);
#pragma GCC diagnostic pop
    }

    const char* take() {
        if (rest_.empty()) return "";
        const char* const argument = rest_[0];
        rest_ = rest_.subspan(1);
        return argument;
    }
    /// Also 0x1F, 017 and 'A, the code of a character. What is no number is as much of one as
    /// stands at its start.
    long long take_number(bool is_signed = true) {
        constexpr long long kMost = ~0ULL >> 1, kLeast = -kMost - 1;
        constexpr auto kMostPositive = static_cast<unsigned long long>(kMost);
        const std::string_view text(take());
        if (text.starts_with('\'') || text.starts_with('"'))
            return text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
        if (text.empty()) return 0;
        const bool negative = text.starts_with('-');
        const char* const digits = text.data() + (negative || text.starts_with('+') ? 1 : 0);
        char* end = nullptr;
        const unsigned long long value = strtoull(digits, &end, 0);
        if (end == digits || *end != '\0')
            refuse_number(text, "expected numeric value");
        else if (is_signed && value > kMostPositive + (negative ? 1 : 0))
            return refuse_number(text, "out of range"), negative ? kLeast : kMost;
        return static_cast<long long>(negative ? 0 - value : value);
    }
    void refuse_number(std::string_view text, const char* why) {
        shell_.complain("printf: %s: %s", text.data(), why);
        status_ = 1;
    }

    Shell& shell_;
    std::string_view format_;
    Arguments rest_;
    Output output_;
    int status_ = 0;
};

}  // namespace

int do_print(Shell& shell, Arguments arguments) {
    if (arguments.size() > 1 && strcmp(arguments[1], "--") == 0) arguments = arguments.subspan(1);
    if (arguments.size() < 2) return misused(shell, arguments, "printf FORMAT [WORD...]");
    return Printer(shell, arguments).run();
}

}  // namespace quire::shell
