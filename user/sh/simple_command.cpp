// The part of the shell that does a command of words: assignments, then a built-in command, a
// function or a program. POSIX 2.9.1.
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/shell.h"
#include "user/system.h"

namespace quire::shell {

void Shell::run_simple(const Command& command, bool last) {
    const Arena::Mark mark = arena_.mark();
    substitution_status_ = 0;
    Field* const fields = expander().fields(command.simple->words);
    if (is_stopping()) return;
    if (fields == nullptr) {
        run_without_words(command);
    } else {
        const Arguments arguments = arguments_of(fields);
        const Builtin* const builtin = find_builtin(arguments[0]);
        StoredFunction* function = nullptr;
        if (builtin == nullptr || !builtin->is_special) function = functions_.find(arguments[0]);
        if (function != nullptr)
            run_function(*function, command, arguments);
        else if (builtin != nullptr)
            run_builtin(*builtin, command, arguments);
        else
            run_program(command, arguments, last);
    }
    arena_.release(mark);
}

Arguments Shell::arguments_of(Field* fields) {
    std::size_t count = 0;
    for (const Field* field = fields; field != nullptr; field = field->next)
        ++count;
    const std::span<char*> room = arena_.make_array<char*>(count + 1);
    std::size_t at = 0;
    for (const Field* field = fields; field != nullptr; field = field->next)
        room[at++] = field->text;
    room[at] = nullptr;
    return room.first(count);
}

/// Its status is that of the last command substitution, for which the redirections hold, too.
void Shell::run_without_words(const Command& command) {
    const std::size_t saved = saved_.count();
    if (redirect(command.redirections, true) &&
        assign_all(command.simple->assignments, false, false))
        status_ = substitution_status_;
    saved_.restore_to(saved);
}

/// `exported`: for a program alone; `hidden`: until the command has ended.
bool Shell::assign_all(const Assignment* assignments, bool exported, bool hidden) {
    for (const Assignment* one = assignments; one != nullptr; one = one->next) {
        char* const value = expander().value(one->value);
        if (is_stopping()) return false;
        trace(one->name, {&value, 1});
        if (hidden && !variables_.is_read_only(one->name)) variables_.hide(one->name);
        if (!set_variable(one->name, value)) return false;
        if (exported) variables_.set_exported(one->name);
    }
    return true;
}

/// For set -x. The prompt before it is $PS4.
void Shell::trace(std::string_view name, std::span<char* const> words) {
    if (!options_.is_on('x')) return;
    Output output(sys::kErrors);
    output.put(expand_prompt(variables_.find("PS4").value_or("")));
    output.put(name);
    const char* separator = name.empty() ? "" : "=";
    for (const char* const word : words) {
        output.print("%s%s", separator, word);
        separator = " ";
    }
    output.print("\n");
}

namespace {

/// `exec`, also as `command exec`: what that redirects stays so, if it comes back.
bool is_exec(Arguments arguments) {
    while (arguments.size() > 1 && strcmp(arguments[0], "command") == 0)
        arguments = arguments.subspan(1);
    return strcmp(arguments[0], "exec") == 0;
}

}  // namespace

/// Assignments before `exec` and `command` are for the program that they may start.
void Shell::run_builtin(const Builtin& builtin, const Command& command, Arguments arguments) {
    const bool stays = is_exec(arguments);
    const bool exported = stays || !builtin.is_special;
    const std::size_t saved = saved_.count();
    const std::size_t hidden = variables_.hidden();
    trace({}, arguments);
    const bool is_ready = redirect(command.redirections, !stays) &&
                          assign_all(command.simple->assignments, exported, !builtin.is_special);
    if (is_ready) {
        static_cast<void>(take_output_error());
        status_ = builtin.function(*this, arguments);
        const long error = take_output_error();
        if (error < 0) complain("%s: %s", arguments[0], error_text(error));
        if (error < 0 && status_ == 0) status_ = 1;
    } else if (builtin.is_special && !is_stopping()) {
        abandon(2);
    }
    // What `local` hides belongs to the function.
    if (!builtin.is_special && builtin.name != "local") variables_.restore_to(hidden);
    saved_.restore_to(saved);
}

void Shell::run_function(StoredFunction& function, const Command& command, Arguments arguments) {
    constexpr int kMostCalls = 1000;
    if (functions_running_ >= kMostCalls) return fail(function.name, "calls itself too often");
    const std::size_t saved = saved_.count();
    const std::size_t hidden = variables_.hidden();
    trace({}, arguments);
    if (redirect(command.redirections, true) &&
        assign_all(command.simple->assignments, true, true)) {
        const std::span<char* const> outer_arguments = arguments_;
        void* const outer_block = stored_arguments_;
        const int outer_loops = loops_;
        const std::optional<Options> outer_options = kept_options_;
        arguments_ = arguments.subspan(1);
        stored_arguments_ = nullptr;
        loops_ = 0;
        kept_options_.reset();
        ++functions_running_;
        enter_call();
        functions_.enter(function);
        run_command(*function.body, false);
        functions_.leave(function);
        leave_call();
        --functions_running_;
        if (kept_options_) options_ = *kept_options_;
        kept_options_ = outer_options;
        loops_ = outer_loops;
        store_.give(stored_arguments_);
        stored_arguments_ = outer_block;
        arguments_ = outer_arguments;
    }
    variables_.restore_to(hidden);
    saved_.restore_to(saved);
}

void Shell::run_arguments(Arguments arguments, bool last) {
    const Builtin* const builtin = find_builtin(arguments[0]);
    if (builtin != nullptr) {
        status_ = builtin->function(*this, arguments);
        return;
    }
    Simple simple;
    Command command;
    command.simple = &simple;
    run_program(command, arguments, last);
}

/// Whoever is to become the program anyway does so at once.
void Shell::run_program(const Command& command, Arguments arguments, bool last) {
    if (!last || traps_.commands(0) != nullptr) return launch_program(command, arguments);
    trace({}, arguments);
    if (!redirect(command.redirections, false)) return;
    if (!assign_all(command.simple->assignments, true, true)) return;
    status_ = execute(arguments);
}

}  // namespace quire::shell
