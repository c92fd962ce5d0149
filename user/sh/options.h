// What `set -x` and its like switch on and off.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace quire::shell {

class Options {
  public:
    struct Row {
        char letter;
        std::string_view name;
    };
    static constexpr std::array<Row, 8> kAll{{
        {'e', "errexit"},
        {'f', "noglob"},
        {'n', "noexec"},
        {'x', "xtrace"},
        {'v', "verbose"},
        {'C', "noclobber"},
        {'a', "allexport"},
        {'u', "nounset"},
    }};

    [[nodiscard]] bool is_on(char letter) const {
        for (std::size_t i = 0; i < kAll.size(); ++i)
            if (kAll[i].letter == letter) return on_[i];
        return false;
    }
    /// False: there is no such option.
    bool set(char letter, bool on) {
        for (std::size_t i = 0; i < kAll.size(); ++i)
            if (kAll[i].letter == letter) return on_[i] = on, true;
        return false;
    }
    /// '\0': no option has that name.
    [[nodiscard]] static char letter_of(std::string_view name) {
        for (const Row& row : kAll)
            if (row.name == name) return row.letter;
        return '\0';
    }

  private:
    std::array<bool, kAll.size()> on_{};
};

}  // namespace quire::shell
