// What init starts, and when: the lines of /etc/inittab, which are those of System V and BusyBox.
//
//     terminal:runlevels:action:command
//
//     sysinit   before all others, one after the other, each waited for
//     wait      then, each waited for
//     once      then, not waited for
//     respawn   last, and again whenever it has ended
//
// The terminal is a name in /dev, the console if it is empty; there are no run levels, and what
// stands there is not looked at. Lines that are empty or begin with '#' say nothing. Pure: text in,
// entries out; they point into the text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace quire {

enum class InitAction : std::uint8_t { SystemInit, Wait, Once, Respawn };

struct InitEntry {
    std::string_view terminal;
    InitAction action = InitAction::Once;
    std::string_view command;
};

class Inittab {
  public:
    static constexpr unsigned kMostEntries = 16;

    /// Takes a line without its end. Returns nullptr, or what is wrong with the line, which is left
    /// out.
    const char* add_line(std::string_view line);

    [[nodiscard]] std::span<const InitEntry> entries() const { return {entries_.data(), count_}; }

  private:
    std::array<InitEntry, kMostEntries> entries_;
    unsigned count_ = 0;
};

/// A command as execve(2) wants it: its words; or, if it has a character that means something to a
/// shell, `/bin/sh -c` and all of it. `-/bin/sh` is /bin/sh under the name of a login shell, -sh,
/// whose session gets the terminal as its own: job control and Ctrl-C are for it.
class InitCommand {
  public:
    static constexpr std::size_t kMostBytes = 255;
    static constexpr unsigned kMostWords = 16;

    /// Precondition: a word at least, at most kMostBytes and kMostWords: Inittab takes no other.
    explicit InitCommand(std::string_view command);
    InitCommand(const InitCommand&) = delete;
    InitCommand& operator=(const InitCommand&) = delete;

    [[nodiscard]] const char* path() const { return path_; }
    [[nodiscard]] char* const* arguments() const { return arguments_.data(); }

    [[nodiscard]] bool is_login() const { return arguments_[0] == name_.data(); }

    [[nodiscard]] static bool is_for_a_shell(std::string_view command);

  private:
    void split();
    void name_login_shell();

    std::array<char, kMostBytes + 1> room_{};
    std::array<char, kMostBytes + 1> name_{};  // of a login shell
    std::array<char*, kMostWords + 1> arguments_{};
    const char* path_ = nullptr;
};

}  // namespace quire
