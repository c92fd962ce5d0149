// The lines of /etc/inittab; see inittab.h.
#include "user/inittab.h"

#include <optional>

namespace quire {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes what stands before the next ':', and the ':'; nothing if there is none.
std::optional<std::string_view> take_field(std::string_view& line) {
    const std::size_t end = line.find(':');
    if (end == line.npos) return std::nullopt;
    const std::string_view field = without_blanks(line.substr(0, end));
    line.remove_prefix(end + 1);
    return field;
}

std::optional<InitAction> action_named(std::string_view name) {
    if (name == "sysinit") return InitAction::SystemInit;
    if (name == "wait") return InitAction::Wait;
    if (name == "once") return InitAction::Once;
    if (name == "respawn") return InitAction::Respawn;
    return std::nullopt;
}

bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

unsigned words_in(std::string_view text) {
    unsigned words = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        words += !is_blank(text[at]) && (at == 0 || is_blank(text[at - 1]));
    return words;
}

}  // namespace

const char* Inittab::add_line(std::string_view line) {
    line = without_blanks(line);
    if (line.empty() || line.front() == '#') return nullptr;
    const auto terminal = take_field(line);
    const auto levels = take_field(line);
    const auto name = take_field(line);
    const std::string_view command = without_blanks(line);
    if (!terminal || !levels || !name || command.empty() || command == "-")
        return "a line is terminal:runlevels:action:command";
    const auto action = action_named(*name);
    if (!action) return "the action is sysinit, wait, once or respawn";
    if (command.size() > InitCommand::kMostBytes || words_in(command) > InitCommand::kMostWords)
        return "the command is too long";
    if (count_ == kMostEntries) return "there are too many lines";
    entries_[count_++] = {*terminal, *action, command};
    return nullptr;
}

bool InitCommand::is_for_a_shell(std::string_view command) {
    return command.find_first_of("~`!$^&*()=|\\{}[];\"'<>?#") != command.npos;
}

InitCommand::InitCommand(std::string_view command) {
    static char shell[] = "/bin/sh", option[] = "-c";
    command.copy(room_.data(), kMostBytes);
    if (is_for_a_shell(command)) {
        path_ = shell;
        arguments_ = {shell, option, room_.data()};
        return;
    }
    split();
    path_ = arguments_[0];
    if (*path_ == '-') name_login_shell();
}

void InitCommand::split() {
    unsigned words = 0;
    for (char* at = room_.data(); words < kMostWords; ++words) {
        while (is_blank(*at))
            ++at;
        if (*at == '\0') return;
        arguments_[words] = at;
        while (*at != '\0' && !is_blank(*at))
            ++at;
        if (*at != '\0') *at++ = '\0';
    }
}

// "-/bin/sh": the path stands behind the dash; the name is the dash and the path's last part.
void InitCommand::name_login_shell() {
    path_ = arguments_[0] + 1;
    const std::string_view path = path_;
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
    name_[0] = '-';
    last.copy(&name_[1], last.size());
    arguments_[0] = name_.data();
}

}  // namespace quire
