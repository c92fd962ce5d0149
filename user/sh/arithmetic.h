// $(( )): whole numbers of 64 bits, with the operators of C but ++, -- and the comma. POSIX 2.6.4.
#pragma once

#include <optional>
#include <string_view>

namespace quire::shell {

/// What an expression needs of the shell.
class ArithmeticWorld {
  public:
    [[nodiscard]] virtual std::optional<std::string_view> value(std::string_view name) = 0;
    /// False: it may not be changed, and the failure was told.
    virtual bool assign(std::string_view name, std::string_view value) = 0;
    /// Something is wrong: what it is about, and why.
    virtual void fail(std::string_view subject, std::string_view message) = 0;
    [[nodiscard]] virtual bool has_failed() = 0;

  protected:
    ~ArithmeticWorld() = default;
};

/// nullopt: it is wrong, and the world was told.
[[nodiscard]] std::optional<long long> evaluate(std::string_view expression,
                                                ArithmeticWorld& world);

}  // namespace quire::shell
