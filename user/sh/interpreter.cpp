// The part of the shell that does commands made of others: lists, pipelines, if, loops, case.
//
// Each leaves its status in status_. `last`: the process ends with this command, so that a program
// may take its place instead of becoming a child.
#include "user/sh/pattern.h"
#include "user/sh/shell.h"

namespace quire::shell {

void Shell::run_and_or(const AndOr& and_or, bool last) {
    for (const Pipeline* pipeline = and_or.first; pipeline != nullptr && !is_stopping();
         pipeline = pipeline->next) {
        if (pipeline->join == Join::IfTrue && status_ != 0) continue;
        if (pipeline->join == Join::IfFalse && status_ == 0) continue;
        const bool is_condition = pipeline->next != nullptr || pipeline->negated;
        job_text_ = and_or.text;
        conditions_ += is_condition ? 1 : 0;
        run_pipeline(*pipeline, last && !is_condition);
        conditions_ -= is_condition ? 1 : 0;
    }
}

void Shell::run_pipeline(const Pipeline& pipeline, bool last) {
    const Command& first = *pipeline.first;
    const bool is_one = first.next == nullptr;
    if (is_one)
        run_command(first, last);
    else
        launch(pipeline, false);
    if (is_stopping()) return;
    const bool has_judged =
        is_one && first.kind != Command::Kind::Simple && first.kind != Command::Kind::Subshell;
    if (pipeline.negated)
        status_ = status_ == 0 ? 1 : 0;
    else if (status_ != 0 && options_.is_on('e') && conditions_ == 0 && !has_judged)
        stop(Flow::Exit);
}

void Shell::start_background(const AndOr& and_or) {
    job_text_ = and_or.text;
    if (and_or.first->next == nullptr && !and_or.first->negated) return launch(*and_or.first, true);
    AndOr inside = and_or;  // a && b &: as { a && b; } &
    inside.background = false;
    inside.next = nullptr;
    Command group;
    group.kind = Command::Kind::Group;
    group.list = &inside;
    Pipeline pipeline;
    pipeline.first = &group;
    launch(pipeline, true);
}

void Shell::run_command(const Command& command, bool last) {
    line_ = command.line;
    if (command.kind == Command::Kind::Simple) return run_simple(command, last);
    if (command.kind == Command::Kind::Subshell) {
        Pipeline pipeline;
        Command alone = command;
        alone.next = nullptr;
        pipeline.first = &alone;
        return launch(pipeline, false);
    }
    const std::size_t saved = saved_.count();
    if (redirect(command.redirections, true)) run_compound(command, last);
    // Whatever ends here: a program in place of this process needs no way back.
    saved_.restore_to(saved);
}

void Shell::run_compound(const Command& command, bool last) {
    const bool can_become = last && command.redirections == nullptr;
    switch (command.kind) {
    case Command::Kind::Simple:
    case Command::Kind::Subshell:
        break;
    case Command::Kind::Group:
        return run_list(command.list, can_become);
    case Command::Kind::If:
        return run_if(*command.branches, can_become);
    case Command::Kind::Loop:
        return run_loop(*command.loop);
    case Command::Kind::For:
        return run_for(*command.each);
    case Command::Kind::Case:
        return run_case(*command.choice, can_become);
    case Command::Kind::Function:
        functions_.define(*command.function);
        status_ = 0;
        return;
    }
}

bool Shell::run_condition(const AndOr* condition) {
    ++conditions_;
    run_list(condition, false);
    --conditions_;
    return status_ == 0;
}

void Shell::run_if(const If& branch, bool last) {
    for (const If* one = &branch; one != nullptr; one = one->otherwise) {
        const bool is_true = one->condition == nullptr || run_condition(one->condition);
        if (is_stopping()) return;
        if (is_true) return run_list(one->then, last);
    }
    status_ = 0;
}

/// Behind the body of a loop: whether something ends the loop.
bool Shell::leaves_loop() {
    if (flow_ != Flow::Break && flow_ != Flow::Continue) return is_stopping();
    if (--levels_ > 0) return true;
    const bool leaves = flow_ == Flow::Break;
    take_up_flow();
    return leaves;
}

void Shell::run_loop(const Loop& loop) {
    int status = 0;
    ++loops_;
    for (;;) {
        const bool is_true = run_condition(loop.condition);
        if (leaves_loop()) break;
        if (is_true == loop.until) break;
        run_list(loop.body, false);
        status = status_;
        if (leaves_loop()) break;
    }
    --loops_;
    if (!is_stopping()) status_ = status;
}

void Shell::run_for(const For& each) {
    const Arena::Mark mark = arena_.mark();
    std::span<char* const> values = arguments_;
    if (!each.over_arguments) values = arguments_of(expander().fields(each.words));
    if (is_stopping()) return;
    if (each.over_arguments) {  // `set` and `shift` in the body do not change what is gone through
        const std::span<char*> copies = arena_.make_array<char*>(values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            copies[i] = arena_.copy(values[i]);
        values = copies;
    }
    if (values.empty()) status_ = 0;
    ++loops_;
    for (char* const value : values) {
        if (!set_variable(each.name, value)) break;
        run_list(each.body, false);
        if (leaves_loop()) break;
    }
    --loops_;
    arena_.release(mark);
}

void Shell::run_case(const Case& choice, bool last) {
    const Arena::Mark mark = arena_.mark();
    const std::string_view subject = expander().text(choice.subject);
    substitution_status_ = 0;
    const CaseItem* found = nullptr;
    for (const CaseItem* item = choice.items; item != nullptr && found == nullptr;
         item = item->next)
        for (const Word* word = item->patterns; word != nullptr && found == nullptr;
             word = word->next) {
            if (is_stopping()) return;
            const std::string_view pattern = expander().pattern(word->parts);
            if (!is_stopping() && matches(pattern, subject)) found = item;
        }
    arena_.release(mark);
    if (is_stopping()) return;
    if (found == nullptr || found->body == nullptr) status_ = 0;
    if (found != nullptr) run_list(found->body, last);
}

}  // namespace quire::shell
