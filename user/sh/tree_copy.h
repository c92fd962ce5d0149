// Copies what syntax.h describes, with all its texts, to an arena.
#pragma once

#include <string_view>

#include "user/arena.h"
#include "user/sh/syntax.h"

namespace quire::shell {

class TreeCopy {
  public:
    explicit TreeCopy(Arena& to) : to_(to) {}

    [[nodiscard]] Function* copy(const Function* from);

  private:
    std::string_view copy(std::string_view text) { return {to_.copy(text), text.size()}; }
    Command* copy(const Command* from);
    Simple* copy(const Simple* from);
    If* copy(const If* from);
    Loop* copy(const Loop* from);
    For* copy(const For* from);
    Case* copy(const Case* from);
    // Of a list, one element without what follows.
    void copy_inside(Command& command);
    void copy_inside(Part& part);
    void copy_inside(Word& word) { word.parts = copy_list(word.parts); }
    void copy_inside(Assignment& assignment);
    void copy_inside(Redirection& one) { one.target = copy_list(one.target); }
    void copy_inside(CaseItem& item);
    void copy_inside(Pipeline& pipeline) { pipeline.first = copy_list(pipeline.first); }
    void copy_inside(AndOr& and_or);

    template <typename T>
    T* copy_list(const T* from) {
        T* first = nullptr;
        ListEnd<T> end(first);
        for (; from != nullptr; from = from->next) {
            T* const element = to_.make<T>(*from);
            element->next = nullptr;
            copy_inside(*element);
            end.append(element);
        }
        return first;
    }

    Arena& to_;
};

}  // namespace quire::shell
