#include "user/sh/tree_copy.h"

namespace quire::shell {

Function* TreeCopy::copy(const Function* from) {
    return to_.make<Function>(copy(from->name), copy_list(from->body));
}

void TreeCopy::copy_inside(Command& command) {
    command.redirections = copy_list(command.redirections);
    switch (command.kind) {
    case Command::Kind::Simple:
        command.simple = copy(command.simple);
        break;
    case Command::Kind::Subshell:
    case Command::Kind::Group:
        command.list = copy_list(command.list);
        break;
    case Command::Kind::If:
        command.branches = copy(command.branches);
        break;
    case Command::Kind::Loop:
        command.loop = copy(command.loop);
        break;
    case Command::Kind::For:
        command.each = copy(command.each);
        break;
    case Command::Kind::Case:
        command.choice = copy(command.choice);
        break;
    case Command::Kind::Function:
        command.function = copy(command.function);
        break;
    }
}

Simple* TreeCopy::copy(const Simple* from) {
    return to_.make<Simple>(copy_list(from->assignments), copy_list(from->words));
}

If* TreeCopy::copy(const If* from) {
    If* first = nullptr;
    If** end = &first;
    for (; from != nullptr; from = from->otherwise) {
        *end = to_.make<If>(copy_list(from->condition), copy_list(from->then));
        end = &(*end)->otherwise;
    }
    return first;
}

Loop* TreeCopy::copy(const Loop* from) {
    return to_.make<Loop>(from->until, copy_list(from->condition), copy_list(from->body));
}

For* TreeCopy::copy(const For* from) {
    return to_.make<For>(copy(from->name), from->over_arguments, copy_list(from->words),
                         copy_list(from->body));
}

Case* TreeCopy::copy(const Case* from) {
    return to_.make<Case>(copy_list(from->subject), copy_list(from->items));
}

void TreeCopy::copy_inside(Part& part) {
    part.text = copy(part.text);
    part.operand = copy_list(part.operand);
    part.commands = copy_list(part.commands);
}

void TreeCopy::copy_inside(Assignment& assignment) {
    assignment.name = copy(assignment.name);
    assignment.value = copy_list(assignment.value);
}

void TreeCopy::copy_inside(CaseItem& item) {
    item.patterns = copy_list(item.patterns);
    item.body = copy_list(item.body);
}

void TreeCopy::copy_inside(AndOr& and_or) {
    and_or.text = copy(and_or.text);
    and_or.first = copy_list(and_or.first);
}

}  // namespace quire::shell
