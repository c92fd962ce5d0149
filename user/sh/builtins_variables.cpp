// Built-in commands about variables, functions, options and $1...
#include <algorithm>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/characters.h"
#include "user/sh/number.h"
#include "user/sh/option_letters.h"

namespace quire::shell {

void print_quoted(Output& output, std::string_view value) {
    do {
        const std::string_view plain = value.substr(0, value.find('\''));
        value.remove_prefix(plain.size());
        const std::string_view quotes = value.substr(0, value.find_first_not_of('\''));
        value.remove_prefix(quotes.size());
        output.print("'");
        output.put(plain);
        output.print("'");
        if (quotes.empty()) break;
        output.print("\"");
        output.put(quotes);
        output.print("\"");
    } while (!value.empty());
}

namespace {

/// NAME='value', or NAME alone if there is none, behind the command that would make it so.
void list_variable(Output& output, const char* command, const Variable& one) {
    output.print("%s%s%s", command, *command != '\0' ? " " : "", one.name);
    if (one.text != nullptr) output.print("=");
    if (one.text != nullptr) print_quoted(output, one.value());
    output.print("\n");
}

/// Those that `wanted` takes, in order.
template <typename Wanted>
void list_variables(const Variables& variables, Arena& arena, const char* command, Wanted wanted) {
    std::size_t count = 0;
    variables.for_each([&](const Variable& one) { count += wanted(one) ? 1U : 0U; });
    const auto found = arena.make_array<const Variable*>(count);
    count = 0;
    variables.for_each([&](const Variable& one) {
        if (wanted(one)) found[count++] = &one;
    });
    std::sort(found.begin(), found.end(), [](const Variable* left, const Variable* right) {
        return std::string_view(left->name) < right->name;
    });
    Output output(sys::kOutput);
    for (const Variable* const one : found)
        list_variable(output, command, *one);
}

bool has_value(const Variable& one) {
    return one.text != nullptr;
}

/// NAME or NAME=value: sets the value, if there is one. Empty: it is wrong, and that was told.
std::string_view take_assignment(Shell& shell, Arguments arguments, const char* argument) {
    const std::string_view text(argument);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (!is_name(name)) {
        shell.complain("%s: %s: bad variable name", arguments[0], argument);
        shell.abandon(2);
        return {};
    }
    if (equals != std::string_view::npos && !shell.set_variable(name, text.substr(equals + 1)))
        return {};
    return name;
}

/// `export` and `readonly`: marks variables, or lists those that are.
int mark_variables(Shell& shell, Arguments arguments, bool Variable::*mark) {
    OptionLetters letters(arguments);
    while (const char letter = letters.next())
        if (letter != 'p') return misused(shell, arguments, "only -p is an option");
    if (letters.operands().empty())
        list_variables(shell.variables(), shell.arena(), arguments[0],
                       [&](const Variable& one) { return one.*mark; });
    for (const char* const argument : letters.operands()) {
        const std::string_view name = take_assignment(shell, arguments, argument);
        if (name.empty()) return 2;
        shell.variables().mark(name, mark);
    }
    return 0;
}

}  // namespace

int do_export(Shell& shell, Arguments arguments) {
    return mark_variables(shell, arguments, &Variable::exported);
}

int do_read_only(Shell& shell, Arguments arguments) {
    return mark_variables(shell, arguments, &Variable::read_only);
}

int do_unset(Shell& shell, Arguments arguments) {
    bool functions = false;
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        if (letter != 'f' && letter != 'v')
            return misused(shell, arguments, "only -f and -v are options");
        functions = letter == 'f';
    }
    for (const char* const name : letters.operands()) {
        if (functions)
            shell.functions().forget(name);
        else if (!is_name(name))
            return misused(shell, arguments, "bad variable name");
        else if (!shell.variables().remove(name))
            return misused(shell, arguments, "is read only");
    }
    return 0;
}

namespace {

void list_options(Shell& shell, bool as_commands) {
    if (!as_commands) say("Current option settings\n");
    for (const Options::Row& row : Options::kAll) {
        const bool on = shell.options().is_on(row.letter);
        if (as_commands)
            say("set %co %s\n", on ? '-' : '+', row.name.data());
        else
            say("%-15s %s\n", row.name.data(), on ? "on" : "off");
    }
}

/// -eux or +x, with the name behind it for -o; `at` goes to the last word that was used. False:
/// there is no such option, and that was told.
bool set_letters(Shell& shell, Arguments arguments, std::size_t& at) {
    const char* letters = arguments[at];
    const bool on = *letters == '-';
    for (++letters; *letters != '\0'; ++letters) {
        const bool is_named = *letters == 'o';
        if (is_named && at + 1 == arguments.size()) {
            list_options(shell, !on);
            continue;
        }
        const char letter = is_named ? Options::letter_of(arguments[++at]) : *letters;
        if (!shell.options().set(letter, on))
            return misused(shell, arguments, "there is no such option"), false;
    }
    return true;
}

}  // namespace

int do_set(Shell& shell, Arguments arguments) {
    if (arguments.size() < 2)
        return list_variables(shell.variables(), shell.arena(), "", has_value), 0;
    std::size_t at = 1;
    for (; at < arguments.size(); ++at) {
        const std::string_view argument(arguments[at]);
        if (argument == "--" || argument == "-") {
            shell.set_arguments(arguments.subspan(at + 1));
            return 0;
        }
        if (argument.size() < 2 || (argument[0] != '-' && argument[0] != '+')) break;
        if (!set_letters(shell, arguments, at)) return 2;
    }
    if (at < arguments.size()) shell.set_arguments(arguments.subspan(at));
    return 0;
}

int do_shift(Shell& shell, Arguments arguments) {
    const Arguments operands = without_options(arguments);
    if (!operands.empty() && !is_digits(operands[0]))
        return misused(shell, arguments, "Illegal number");
    const int count = operands.empty() ? 1 : to_number(operands[0]);
    if (static_cast<std::size_t>(count) > shell.arguments().size())
        return misused(shell, arguments, "can't shift that many");
    shell.shift_arguments(static_cast<std::size_t>(count));
    return 0;
}

/// `local -` makes the options local.
int do_local(Shell& shell, Arguments arguments) {
    if (!shell.is_in_function()) return misused(shell, arguments, "not in a function");
    for (const char* const argument : without_options(arguments)) {
        const std::string_view text(argument);
        const std::string_view name = text.substr(0, text.find('='));
        if (text == "-") {
            shell.keep_options();
            continue;
        }
        if (is_name(name) && !shell.variables().is_read_only(name)) shell.variables().hide(name);
        if (take_assignment(shell, arguments, argument).empty()) return 2;
    }
    return 0;
}

/// NAME=value makes one, NAME tells what it stands for. It is one line, as the parser reads on
/// behind it in the line where it stood.
int do_alias(Shell& shell, Arguments arguments) {
    Variables& aliases = shell.aliases();
    const Arguments operands = without_options(arguments);
    if (operands.empty()) list_variables(aliases, shell.arena(), "", has_value);
    int status = 0;
    for (const char* const operand : operands) {
        const std::string_view text(operand);
        const std::size_t equals = text.find('=', 1);
        const Variable* const known = aliases.lookup(text.substr(0, equals));
        if (text.find('\n') != std::string_view::npos)
            return misused(shell, arguments, "an alias is one line");
        if (equals != std::string_view::npos) {
            aliases.set(text.substr(0, equals), text.substr(equals + 1));
        } else if (known != nullptr && has_value(*known)) {
            Output output(sys::kOutput);
            list_variable(output, "", *known);
        } else {
            shell.complain("alias: %s: not found", operand);
            status = 1;
        }
    }
    return status;
}

int do_unalias(Shell& shell, Arguments arguments) {
    Variables& aliases = shell.aliases();
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        if (letter != 'a') return misused(shell, arguments, "only -a is an option");
        aliases.for_each([&](const Variable& one) { aliases.remove(one.name); });
    }
    int status = 0;
    for (const char* const name : letters.operands()) {
        if (!aliases.find(name)) {
            shell.complain("unalias: %s: not found", name);
            status = 1;
        }
        aliases.remove(name);
    }
    return status;
}

namespace {

/// The next option of `getopts`. $OPTIND says in which argument we are, and the shell remembers at
/// which of its letters (-abc).
class OptionReader {
  public:
    OptionReader(Shell& shell, Arguments arguments) : shell_(shell), arguments_(arguments) {}

    int run() {
        const std::span<char* const> words = arguments_.size() > 3
                                                 ? std::span<char* const>(arguments_.subspan(3))
                                                 : shell_.arguments();
        const auto index = to_integer(shell_.variables().find("OPTIND").value_or("1"));
        index_ = index && *index > 0 ? static_cast<std::size_t>(*index) : 1;
        std::size_t& place = shell_.option_place();
        if (index_ != shell_.option_index()) place = 0;
        const std::string_view word = index_ <= words.size() ? words[index_ - 1] : "";
        if (place == 0 || place >= word.size()) {
            if (word == "--") ++index_;
            if (word == "--" || word.size() < 2 || word[0] != '-') return end();
            place = 1;
        }
        letter_ = word[place++];
        const std::string_view list(arguments_[1]);
        const std::size_t at = letter_ == ':' ? std::string_view::npos : list.find(letter_);
        const bool wants = at != std::string_view::npos && list.substr(at + 1).starts_with(':');
        const std::string_view rest = word.substr(place);
        if (rest.empty() || wants) {
            ++index_;
            place = 0;
        }
        if (at == std::string_view::npos) return refuse(list.starts_with(':'), '?', "Illegal");
        if (!wants) return answer(letter_, std::nullopt);
        if (!rest.empty()) return answer(letter_, rest);
        if (index_ <= words.size()) return answer(letter_, words[index_++ - 1]);
        return refuse(list.starts_with(':'), list.starts_with(':') ? ':' : '?', "No arg for");
    }

  private:
    void set_index() {
        shell_.option_index() = index_;
        shell_.set_variable("OPTIND", to_text(static_cast<long long>(index_), shell_.arena()));
    }
    int end() {
        shell_.option_place() = 0;
        set_index();
        shell_.set_variable(arguments_[2], "?");
        return 1;
    }
    int answer(char letter, std::optional<std::string_view> value) {
        set_index();
        if (value)
            shell_.set_variable("OPTARG", *value);
        else
            shell_.variables().remove("OPTARG");
        shell_.set_variable(arguments_[2], {&letter, 1});
        return 0;
    }
    int refuse(bool is_silent, char letter, const char* why) {
        if (is_silent) return answer(letter, std::string_view(&letter_, 1));
        shell_.complain("%s option -%c", why, letter_);
        return answer('?', std::nullopt);
    }

    Shell& shell_;
    Arguments arguments_;
    std::size_t index_ = 1;
    char letter_ = '\0';
};

}  // namespace

int do_get_options(Shell& shell, Arguments arguments) {
    if (arguments.size() < 3) return misused(shell, arguments, "getopts LIST NAME [WORD...]");
    if (!is_name(arguments[2])) return misused(shell, arguments, "bad variable name");
    return OptionReader(shell, arguments).run();
}

}  // namespace quire::shell
