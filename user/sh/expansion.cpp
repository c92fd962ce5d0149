#include "user/sh/expansion.h"

#include "user/sh/characters.h"
#include "user/sh/field_builder.h"
#include "user/sh/number.h"
#include "user/sh/pattern.h"

namespace quire::shell {
namespace {

using Operation = Part::Operation;

bool is_arguments(std::string_view name) {
    return name == "@" || name == "*";
}

}  // namespace

std::string_view Expander::separators() {
    return world_.value("IFS").value_or(" \t\n");
}

Field* Expander::fields(const Word* words) {
    FieldBuilder builder(arena_, world_.finds_files() ? &names_ : nullptr, separators());
    for (const Word* word = words; word != nullptr && !world_.has_failed(); word = word->next) {
        expand(word->parts, Place::Word, builder);
        builder.end_word();
    }
    return builder.fields();
}

char* Expander::text(const Part* parts) {
    FieldBuilder builder(arena_);
    expand(parts, Place::Word, builder);
    return without_backslashes(builder.pattern(), arena_);
}

char* Expander::pattern(const Part* parts) {
    FieldBuilder builder(arena_);
    builder.keep_backslashes();
    expand(parts, Place::Word, builder);
    return builder.pattern();
}

char* Expander::value(const Part* parts) {
    FieldBuilder builder(arena_);
    expand(parts, Place::Value, builder);
    return without_backslashes(builder.pattern(), arena_);
}

void Expander::expand(const Part* parts, Place place, FieldBuilder& to) {
    for (const Part* part = parts; part != nullptr && !world_.has_failed(); part = part->next) {
        switch (part->kind) {
        case Part::Kind::Text:
            expand_text(*part, place, part == parts, to);
            break;
        case Part::Kind::Parameter:
            expand_parameter(*part, to);
            break;
        case Part::Kind::Command:
            if (part->quoted) to.mark();
            to.put_value(world_.output_of(part->commands), part->quoted);
            break;
        case Part::Kind::Arithmetic:
            expand_arithmetic(*part, to);
            break;
        }
    }
}

void Expander::expand_text(const Part& part, Place place, bool is_first, FieldBuilder& to) {
    if (part.quoted) {
        to.mark();
        to.put_value(part.text, true);
        return;
    }
    for (std::size_t at = 0; at < part.text.size(); ++at) {
        const bool after_colon = place == Place::Value && at > 0 && part.text[at - 1] == ':';
        if ((at == 0 && is_first) || after_colon)
            at += expand_tilde(part.text, at, part.next == nullptr, place, to);
        if (at >= part.text.size()) break;
        if (place == Place::Operand)
            to.put_value(part.text.substr(at, 1), false);
        else
            to.put(part.text[at], false);
    }
}

/// ~ is $HOME, and ~user that user's folder. Returns how much of the text that was.
std::size_t Expander::expand_tilde(std::string_view text, std::size_t at, bool is_end, Place place,
                                   FieldBuilder& to) {
    if (text[at] != '~') return 0;
    const std::string_view behind = text.substr(at + 1);
    const std::size_t length = behind.find_first_of(place == Place::Value ? "/:" : "/");
    if (length == std::string_view::npos && !is_end) return 0;
    const std::string_view user = behind.substr(0, length);
    const auto home = user.empty() ? world_.value("HOME") : world_.home_of(user);
    if (!home) return 0;
    to.mark();
    to.put_value(*home, true);
    return 1 + user.size();
}

std::optional<std::string_view> Expander::value_of(std::string_view name) {
    if (is_arguments(name)) {
        if (world_.arguments().empty()) return std::nullopt;
        return joined_arguments();
    }
    if (is_digits(name) && name != "0") {
        const auto index = static_cast<std::size_t>(to_number(name));
        const std::span<char* const> arguments = world_.arguments();
        if (index == 0 || index > arguments.size()) return std::nullopt;
        return arguments[index - 1];
    }
    return is_name(name) ? world_.value(name) : world_.special(name[0]);
}

std::string_view Expander::joined_arguments() {
    TextBuilder text(arena_);
    bool is_first = true;
    for (const char* const argument : world_.arguments()) {
        if (!is_first) text.put(' ');
        text.put(std::string_view(argument));
        is_first = false;
    }
    return text.take();
}

/// $@ and $*, each argument as cut() leaves it: as many fields as there are, but "$*" and where
/// none are cut apart.
template <typename Cut>
void Expander::put_arguments(const Part& part, Cut cut, FieldBuilder& to) {
    const bool is_joined = !to.cuts() || (part.quoted && part.text == "*");
    const std::string_view separator = part.text == "*" ? separators().substr(0, 1) : " ";
    if (is_joined) to.mark();
    bool is_first = true;
    for (const char* const argument : world_.arguments()) {
        if (!is_first && is_joined) to.put_value(separator, part.quoted);
        if (!is_first && !is_joined) to.end_field();
        is_first = false;
        if (part.quoted) to.mark();
        to.put_value(cut(argument), part.quoted);
    }
}

void Expander::expand_parameter(const Part& part, FieldBuilder& to) {
    if (part.operation == Operation::Bad) {
        world_.fail(part.text, "bad substitution");
        return;
    }
    const auto value = value_of(part.text);
    const bool is_missing = !value || (part.null_too && value->empty());
    const bool replaces = part.operation == Operation::Alternative ? !is_missing : is_missing;
    switch (part.operation) {
    case Operation::Default:
    case Operation::Alternative:
        if (replaces && part.quoted) to.mark();
        if (replaces)
            expand(part.operand, Place::Operand, to);
        else if (part.operation == Operation::Default)
            put_parameter(part, value, to);
        else if (part.quoted)
            to.mark();
        break;
    case Operation::Assign:
        if (!is_missing) return put_parameter(part, value, to);
        if (!is_name(part.text)) return world_.fail(part.text, "bad variable name");
        {
            const std::string_view text = Expander::value(part.operand);
            if (world_.has_failed() || !world_.assign(part.text, text)) return;
            put_parameter(part, text, to);
        }
        break;
    case Operation::Require:
        if (is_missing) return refuse(part);
        put_parameter(part, value, to);
        break;
    default:
        put_parameter(part, value, to);
        break;
    }
}

void Expander::refuse(const Part& part) {
    const char* const message = text(part.operand);
    if (world_.has_failed()) return;
    const char* const usual = part.null_too ? "parameter not set or null" : "parameter not set";
    world_.fail(part.text, *message != '\0' ? message : usual);
}

void Expander::put_parameter(const Part& part, std::optional<std::string_view> value,
                             FieldBuilder& to) {
    if (!value && world_.refuses_unset() && !is_arguments(part.text)) {
        world_.fail(part.text, "parameter not set");
        return;
    }
    if (part.operation == Operation::Length) {
        if (part.quoted) to.mark();
        to.put_value(to_text(static_cast<long long>(value.value_or("").size()), arena_),
                     part.quoted);
        return;
    }
    const bool is_cut = part.operation >= Operation::ShortPrefix;
    const std::string_view wanted = is_cut ? pattern(part.operand) : "";
    if (world_.has_failed()) return;
    const auto cut = [&](std::string_view text) {
        return is_cut ? without_match(text, wanted, part.operation) : text;
    };
    if (is_arguments(part.text)) {
        put_arguments(part, cut, to);
    } else {
        if (part.quoted) to.mark();
        to.put_value(cut(value.value_or("")), part.quoted);
    }
}

void Expander::expand_arithmetic(const Part& part, FieldBuilder& to) {
    const char* const expression = text(part.operand);
    if (world_.has_failed()) return;
    const auto result = evaluate(expression, world_);
    if (!result) return;
    if (part.quoted) to.mark();
    to.put_value(to_text(*result, arena_), part.quoted);
}

}  // namespace quire::shell
