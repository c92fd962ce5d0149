#include "user/sh/terminal.h"

#include <algorithm>

#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/calls.h"
#include "user/signal_names.h"

namespace quire::shell {
namespace {

constexpr std::string_view kWordEnds = " \t;|&<>()=:";
constexpr std::string_view kNeedsBackslash = " \t;|&<>()'\"\\$`*?[#~";

constexpr char kInterruptKey = 0x03;
constexpr std::size_t kNone = std::string_view::npos;

/// Where the last word begins; a backslash makes what follows a part of it.
std::size_t word_start(std::string_view text) {
    std::size_t start = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] == '\\')
            ++at;
        else if (kWordEnds.find(text[at]) != kNone)
            start = at + 1;
    return start;
}

/// The start that all names have in common.
std::string_view common_start(const Field* names) {
    std::string_view common = names->text;
    for (const Field* name = names->next; name != nullptr; name = name->next) {
        const std::string_view text(name->text);
        std::size_t same = 0;
        while (same < common.size() && same < text.size() && common[same] == text[same])
            ++same;
        common = common.substr(0, same);
    }
    return common;
}

}  // namespace

void Terminal::write(std::string_view text) {
    write_all(sys::kOutput, text.data(), text.size());
}

Terminal::Outcome Terminal::read_line(std::string_view prompt, std::string_view& line) {
    abi::Termios usual;
    abi::WindowSize size;
    if (sys::terminal_settings(sys::kInput, usual) < 0) return Outcome::End;
    abi::Termios raw = usual;
    raw.local &= ~(abi::kLocalCanonical | abi::kLocalEcho | abi::kLocalExtended |
                   abi::kLocalSignals);  // ^C is a key here: a signal could come before the read
    raw.keys[abi::kKeyLeast] = 1;
    raw.keys[abi::kKeyTime] = 0;
    sys::set_terminal(sys::kInput, raw);
    const bool has_size = sys::window_size(sys::kInput, size) == 0 && size.columns > 0;
    editor_.begin(prompt, has_size ? size.columns : 80);
    const Outcome outcome = feed();
    sys::set_terminal(sys::kInput, usual);
    // Whoever sees the end of the line may press ^C for the command.
    if (outcome == Outcome::Line) write("\n");
    if (outcome == Outcome::Interrupted) write("^C\n");
    line = editor_.line();
    return outcome;
}

Terminal::Outcome Terminal::feed() {
    for (;;) {
        char byte = '\0';
        const long got = sys::read(sys::kInput, &byte, 1);
        if (got == -abi::kEintr) {
            if (!shell_.traps().take_interrupt()) continue;
            return Outcome::Interrupted;
        }
        if (got <= 0) return Outcome::End;
        if (byte == kInterruptKey) {
            sys::kill(sys::process_id(), kSignalInterrupt);      // for a trap
            static_cast<void>(shell_.traps().take_interrupt());  // without one
            return Outcome::Interrupted;
        }
        const LineEditor::Event event = editor_.feed(byte);
        if (event == LineEditor::Event::Line) return Outcome::Line;
        if (event == LineEditor::Event::EndOfInput) return Outcome::End;
    }
}

/// The names that begin with the word: files, and where a command stands the commands.
Field* Terminal::candidates(std::string_view word, bool is_command) {
    Arena& arena = shell_.arena();
    KernelNames names;
    TextBuilder pattern(arena);
    for (const char c : word) {
        if (c != '/') pattern.put('\\');
        pattern.put(c);
    }
    pattern.put('*');
    const std::string_view wanted = pattern.take();
    Field* found = nullptr;
    if (!is_command) return files_like(wanted, arena, names);
    for (const Builtin& builtin : builtins())
        if (builtin.name.starts_with(word))
            found = arena.make<Field>(arena.copy(builtin.name), found);
    shell_.aliases().for_each([&](const Variable& alias) {
        if (alias.text != nullptr && std::string_view(alias.name).starts_with(word))
            found = arena.make<Field>(alias.name, found);
    });
    std::string_view folders = shell_.variables().find("PATH").value_or("");
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        TextBuilder path(arena);
        path.put(folder);
        path.put('/');
        path.put(wanted);
        for (Field* file = files_like(path.take(), arena, names); file != nullptr;
             file = file->next)
            found = arena.make<Field>(file->text + folder.size() + 1, found);
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    }
    return found;
}

Terminal::Target Terminal::target_of(std::string_view before_cursor) {
    const std::size_t start = word_start(before_cursor);
    const std::string_view word = without_backslashes(before_cursor.substr(start), shell_.arena());
    const std::size_t last = before_cursor.substr(0, start).find_last_not_of(" \t");
    const bool is_first =
        last == kNone || std::string_view(";|&(").find(before_cursor[last]) != kNone;
    const bool is_command = is_first && word.find('/') == kNone;
    return {word, is_command, candidates(word, is_command)};
}

std::string_view Terminal::complete(std::string_view before_cursor) {
    const auto [word, is_command, found] = target_of(before_cursor);
    if (found == nullptr) return {};
    const std::string_view common = common_start(found);
    TextBuilder text(shell_.arena());
    for (const char c : common.substr(word.size())) {
        if (kNeedsBackslash.find(c) != kNone) text.put('\\');
        text.put(c);
    }
    bool is_clear = true;  // a command may be in several folders
    for (const Field* name = found; name != nullptr; name = name->next)
        is_clear = is_clear && common == name->text;
    if (is_clear) {
        abi::Stat64 status{};
        const bool is_folder = !is_command && sys::file_status(found->text, status) == 0 &&
                               (status.mode & abi::kModeKind) == abi::kModeDirectory;
        text.put(is_folder ? '/' : ' ');
    }
    return text.take();
}

/// In columns, each name once and without its folder.
bool Terminal::list(std::string_view before_cursor, std::size_t columns) {
    const Field* const found = target_of(before_cursor).found;
    std::size_t count = 0;
    for (const Field* name = found; name != nullptr; name = name->next)
        ++count;
    if (count == 0) return false;
    const std::span<const char*> names = shell_.arena().make_array<const char*>(count);
    std::size_t widest = 0;
    for (const Field* name = found; name != nullptr; name = name->next) {
        const char* const slash = strrchr(name->text, '/');
        names[--count] = slash == nullptr ? name->text : slash + 1;
        widest = std::max(widest, strlen(names[count]));
    }
    const auto is_before = [](const char* a, const char* b) { return strcmp(a, b) < 0; };
    std::sort(names.begin(), names.end(), is_before);
    const auto end = std::unique(names.begin(), names.end(),
                                 [](const char* a, const char* b) { return strcmp(a, b) == 0; });
    const std::size_t in_a_row = std::max<std::size_t>(1, columns / (widest + 2));
    for (auto name = names.begin(); name != end; ++name) {
        const bool is_first = static_cast<std::size_t>(name - names.begin()) % in_a_row == 0;
        say("%s%-*s", is_first ? "\n" : "  ", static_cast<int>(widest), *name);
    }
    say("\n");
    return true;
}

}  // namespace quire::shell
