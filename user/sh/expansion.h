// What the words of a command become: quotes go, variables get their values, patterns the names of
// files. POSIX 2.6.
//
//     "$HOME"/*.txt  -->  /root/a.txt  /root/b.txt
//
// What comes from outside quotes is cut into fields at the characters of $IFS; a word that is
// nothing but empty values is no field at all, "" is one. A field is put together as a pattern:
// what was quoted has a backslash there, so that a quoted star is only a star.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "user/arena.h"
#include "user/sh/arithmetic.h"
#include "user/sh/file_names.h"
#include "user/sh/syntax.h"

namespace quire::shell {

class FieldBuilder;

/// What an expansion needs of the shell.
class ExpansionWorld : public ArithmeticWorld {
  public:
    /// $1 and so on.
    [[nodiscard]] virtual std::span<char* const> arguments() = 0;
    /// Of $? $# $$ $! $- $0.
    [[nodiscard]] virtual std::optional<std::string_view> special(char name) = 0;
    /// What the commands print.
    [[nodiscard]] virtual std::string_view output_of(const AndOr* commands) = 0;
    /// The folder of a user, for ~user.
    [[nodiscard]] virtual std::optional<std::string_view> home_of(std::string_view user) = 0;
    [[nodiscard]] virtual bool refuses_unset() = 0;  // set -u
    [[nodiscard]] virtual bool finds_files() = 0;    // not set -f

  protected:
    ~ExpansionWorld() = default;
};

class Expander {
  public:
    Expander(Arena& arena, ExpansionWorld& world, Names& names)
        : arena_(arena), world_(world), names_(names) {}

    // After an error, which the world is told of, these are not to be used.

    /// The fields of all words, in order.
    [[nodiscard]] Field* fields(const Word* words);
    /// One text, neither cut nor taken for a pattern: of a redirection.
    [[nodiscard]] char* text(const Part* parts);
    /// The same of an assignment, where ~ stands for $HOME behind each colon, too.
    [[nodiscard]] char* value(const Part* parts);
    /// With backslashes before what was quoted.
    [[nodiscard]] char* pattern(const Part* parts);

  private:
    enum class Place : std::uint8_t { Word, Value, Operand };

    void expand(const Part* parts, Place place, FieldBuilder& to);
    void expand_text(const Part& part, Place place, bool is_first, FieldBuilder& to);
    std::size_t expand_tilde(std::string_view text, std::size_t at, bool is_end, Place place,
                             FieldBuilder& to);
    void expand_parameter(const Part& part, FieldBuilder& to);
    template <typename Cut>
    void put_arguments(const Part& part, Cut cut, FieldBuilder& to);
    void put_parameter(const Part& part, std::optional<std::string_view> value, FieldBuilder& to);
    void refuse(const Part& part);
    void expand_arithmetic(const Part& part, FieldBuilder& to);
    [[nodiscard]] std::optional<std::string_view> value_of(std::string_view name);
    [[nodiscard]] std::string_view joined_arguments();
    [[nodiscard]] std::string_view separators();

    Arena& arena_;
    ExpansionWorld& world_;
    Names& names_;
};

}  // namespace quire::shell
