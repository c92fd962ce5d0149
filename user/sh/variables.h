// The shell's variables.
//
// Each is a node that holds its text as a program's environment has it, "NAME=value", in the Store;
// one that is only marked (`export X`) has no text. A value that is local to a function hides the
// one from outside, which is kept until restore_to() puts it back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "user/sh/store.h"

namespace quire::shell {

struct Variable {
    Variable* next = nullptr;
    char* name = nullptr;
    char* text = nullptr;  // "NAME=value"; nullptr: it is not set
    std::size_t name_size = 0;
    std::size_t value_size = 0;
    bool exported = false;
    bool read_only = false;

    [[nodiscard]] std::string_view value() const { return {text + name_size + 1, value_size}; }
};

class Variables {
  public:
    explicit Variables(Store& store) : store_(store) {}
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    /// The node, which there may be without a value; nullptr: none.
    [[nodiscard]] Variable* lookup(std::string_view name) const;
    /// Keeps the marks. False: it is read-only.
    bool set(std::string_view name, std::string_view value);
    /// Makes it read-only, or (`exported`) part of what programs get.
    void mark(std::string_view name, bool Variable::*mark) { get(name).*mark = true; }
    void set_exported(std::string_view name) { mark(name, &Variable::exported); }
    [[nodiscard]] bool is_read_only(std::string_view name) const;
    /// False: it is read-only.
    bool remove(std::string_view name);

    /// How many values are hidden. restore_to() that number ends those made local since.
    [[nodiscard]] std::size_t hidden() const { return hidden_count_; }
    /// The variable keeps its value, and gets it back later.
    void hide(std::string_view name);
    void restore_to(std::size_t count);

    /// In no order.
    template <typename Visitor>
    void for_each(Visitor visit) const {
        for (const Variable* variable : buckets_)
            for (; variable != nullptr; variable = variable->next)
                visit(*variable);
    }

  private:
    struct Hidden {
        Hidden* next;
        Variable variable;  // its name belongs to the node
    };

    [[nodiscard]] static std::size_t bucket_of(std::string_view name);
    Variable& get(std::string_view name);

    Store& store_;
    std::array<Variable*, 64> buckets_{};
    Hidden* hidden_ = nullptr;
    std::size_t hidden_count_ = 0;
};

}  // namespace quire::shell
