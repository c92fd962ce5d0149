// Fields as they grow, while words are expanded.
//
//     put_value(" a b", false) behind put('x')  -->  x | a | b...
//
// Whether a separator ends a field depends on what came before it (POSIX 2.6.5): white space in
// $IFS is skipped at the start and may stand beside one other separator, and each other separator
// ends a field, even an empty one.
#pragma once

#include <string_view>

#include "user/arena.h"
#include "user/sh/file_names.h"
#include "user/sh/syntax.h"
#include "user/sh/text_builder.h"

namespace quire::shell {

class FieldBuilder {
  public:
    /// Builds one text, which pattern() returns.
    explicit FieldBuilder(Arena& arena) : arena_(arena), text_(arena), cuts_(false) {}
    /// Builds fields. `names`: where patterns look for files; nullptr: they stay as they are.
    FieldBuilder(Arena& arena, Names* names, std::string_view separators)
        : arena_(arena), text_(arena), names_(names), separators_(separators), cuts_(true) {}
    FieldBuilder(const FieldBuilder&) = delete;
    FieldBuilder& operator=(const FieldBuilder&) = delete;

    /// A backslash in a value quotes what follows it: of a pattern that nothing else will be.
    void keep_backslashes() { keeps_backslashes_ = true; }
    [[nodiscard]] bool cuts() const { return cuts_; }
    /// A character as it was typed.
    void put(char c, bool quoted);
    /// What an expansion gave: cut where it is not quoted.
    void put_value(std::string_view value, bool quoted);
    /// A field is here even if no character comes.
    void mark() {
        is_field_ = true;
        after_blank_ = false;
    }
    /// The field, if there is one, is complete.
    void end_field();
    void end_word() {
        end_field();
        after_blank_ = false;
    }
    [[nodiscard]] Field* fields() const { return first_; }
    [[nodiscard]] char* pattern() { return text_.take_string(); }

  private:
    void separate(char c);

    Arena& arena_;
    TextBuilder text_;
    Names* names_ = nullptr;
    std::string_view separators_;
    bool cuts_;
    bool keeps_backslashes_ = false;
    bool is_field_ = false;
    bool has_wildcard_ = false;
    bool after_blank_ = false;  // white space has just ended a field
    Field* first_ = nullptr;
    ListEnd<Field> end_{first_};
};

}  // namespace quire::shell
