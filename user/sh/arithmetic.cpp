#include "user/sh/arithmetic.h"

#include <array>
#include <cstdint>

#include "libc/format.h"
#include "user/sh/characters.h"

namespace quire::shell {
namespace {

enum class Operator : std::uint8_t {
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Left,
    Right,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    None
};

struct Row {
    std::string_view text;
    Operator meaning;
    int rank;  // the higher binds tighter
};

// The longer ones first.
constexpr std::array<Row, 18> kOperators{{
    {"||", Operator::Or, 1},
    {"&&", Operator::And, 2},
    {"==", Operator::Equal, 6},
    {"!=", Operator::Unequal, 6},
    {"<<", Operator::Left, 8},
    {">>", Operator::Right, 8},
    {"<=", Operator::LessEqual, 7},
    {">=", Operator::GreaterEqual, 7},
    {"|", Operator::BitOr, 3},
    {"^", Operator::BitXor, 4},
    {"&", Operator::BitAnd, 5},
    {"<", Operator::Less, 7},
    {">", Operator::Greater, 7},
    {"+", Operator::Plus, 9},
    {"-", Operator::Minus, 9},
    {"*", Operator::Times, 10},
    {"/", Operator::Divide, 10},
    {"%", Operator::Modulo, 10},
}};

class Evaluator {
  public:
    Evaluator(std::string_view text, ArithmeticWorld& world) : text_(text), world_(world) {}

    std::optional<long long> run() {
        const long long result = assignment();
        skip_blanks();
        if (at_ < text_.size()) fail("not understood");
        if (failed_) return std::nullopt;
        return result;
    }

  private:
    static constexpr int kMostNested = 100;

    void fail(std::string_view why) {
        if (!failed_) world_.fail(text_, why);
        failed_ = true;
    }
    void skip_blanks() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
            ++at_;
    }
    [[nodiscard]] bool follows(std::string_view characters) {
        skip_blanks();
        return text_.substr(at_).starts_with(characters);
    }
    bool accept(std::string_view characters) {
        if (!follows(characters)) return false;
        at_ += characters.size();
        return true;
    }

    /// NAME = e, NAME += e and so on, or an expression without an assignment.
    long long assignment() {
        if (++nested_ > kMostNested) fail("nested too deeply");
        if (failed_) return 0;
        skip_blanks();
        const std::size_t start = at_;
        const std::string_view name = text_.substr(at_, name_length(text_.substr(at_)));
        at_ += name.size();
        long long result = 0;
        Operator operation = Operator::None;
        if (!name.empty() && accept_assignment(operation)) {
            result = assignment();
            if (operation != Operator::None) result = apply(operation, variable(name), result);
            if (!skipping_ && !failed_) store(name, result);
        } else {
            at_ = start;
            result = choice();
        }
        --nested_;
        return result;
    }
    bool accept_assignment(Operator& operation) {
        skip_blanks();
        const std::string_view rest = text_.substr(at_);
        for (const Row& row : kOperators) {
            const bool is_own = row.rank == 8 || row.rank >= 9 || (row.rank >= 3 && row.rank <= 5);
            if (!is_own || !rest.starts_with(row.text)) continue;
            if (!rest.substr(row.text.size()).starts_with('=')) continue;
            operation = row.meaning;
            at_ += row.text.size() + 1;
            return true;
        }
        if (!rest.starts_with('=') || rest.starts_with("==")) return false;
        ++at_;
        return true;
    }

    long long choice() {
        const long long condition = binary(1);
        if (failed_ || !accept("?")) return condition;
        const bool outer = skipping_;
        skipping_ = outer || condition == 0;
        const long long yes = assignment();
        if (!accept(":")) fail("':' is missing");
        skipping_ = outer || condition != 0;
        const long long no = assignment();
        skipping_ = outer;
        return condition != 0 ? yes : no;
    }

    long long binary(int least) {
        long long left = unary();
        while (!failed_) {
            const Row* const row = operator_here();
            if (row == nullptr || row->rank < least) break;
            at_ += row->text.size();
            const bool outer = skipping_;
            if (row->meaning == Operator::And) skipping_ |= left == 0;
            if (row->meaning == Operator::Or) skipping_ |= left != 0;
            const long long right = binary(row->rank + 1);
            skipping_ = outer;
            left = apply(row->meaning, left, right);
        }
        return left;
    }
    const Row* operator_here() {
        skip_blanks();
        const std::string_view rest = text_.substr(at_);
        for (const Row& row : kOperators)
            if (rest.starts_with(row.text)) return &row;
        return nullptr;
    }

    long long unary() {
        if (++nested_ > kMostNested) fail("nested too deeply");
        if (failed_) return 0;
        long long result = 0;
        if (accept("-"))
            result = static_cast<long long>(0 - static_cast<unsigned long long>(unary()));
        else if (accept("+"))
            result = unary();
        else if (accept("~"))
            result = ~unary();
        else if (!follows("!=") && accept("!"))
            result = unary() == 0 ? 1 : 0;
        else
            result = primary();
        --nested_;
        return result;
    }

    long long primary() {
        if (accept("(")) {
            const long long result = assignment();
            if (!accept(")")) fail("')' is missing");
            return result;
        }
        skip_blanks();
        const std::string_view rest = text_.substr(at_);
        if (!rest.empty() && is_digit(rest[0])) return number(rest);
        const std::size_t length = name_length(rest);
        if (length == 0) return fail("a number is missing"), 0;
        at_ += length;
        return skipping_ ? 0 : variable(rest.substr(0, length));
    }

    /// Decimal, 0x and hexadecimal, 0 and octal; too large a one is the largest.
    long long number(std::string_view text) {
        constexpr unsigned long long kMost = ~0ULL >> 1;
        const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
        const unsigned base = hexadecimal ? 16 : text[0] == '0' ? 8 : 10;
        std::size_t length = hexadecimal ? 2 : 0;
        unsigned long long value = 0;
        for (; length < text.size() && (is_digit(text[length]) || is_name_start(text[length]));
             ++length) {
            const char c = text[length];
            const auto figure =
                static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
            if (figure >= base || c == '_') return fail("not a number"), 0;
            value = value > (kMost - figure) / base ? kMost : value * base + figure;
        }
        if (hexadecimal && length == 2) fail("not a number");
        at_ += length;
        return static_cast<long long>(value);
    }

    /// An empty one is 0.
    long long variable(std::string_view name) {
        const std::string_view text = world_.value(name).value_or("");
        const std::size_t start = text.find_first_not_of(" \t\n");
        if (start == std::string_view::npos) return 0;
        std::string_view digits = text.substr(start, text.find_last_not_of(" \t\n") + 1 - start);
        const bool negative = digits.starts_with('-');
        if (negative || digits.starts_with('+')) digits.remove_prefix(1);
        if (digits.empty() || !is_digit(digits[0])) return fail_number(text);
        const std::size_t outside = at_;
        const long long value = number(digits);
        const bool is_whole = at_ - outside == digits.size();
        at_ = outside;
        if (!is_whole) return fail_number(text);
        return negative ? static_cast<long long>(0 - static_cast<unsigned long long>(value))
                        : value;
    }
    long long fail_number(std::string_view text) {
        if (!failed_) world_.fail(text, "not a number");
        failed_ = true;
        return 0;
    }
    void store(std::string_view name, long long value) {
        std::array<char, 24> text;
        const int length = snprintf(text.data(), text.size(), "%lld", value);
        if (!world_.assign(name, {text.data(), static_cast<std::size_t>(length)})) failed_ = true;
    }

    /// Without the overflows that C leaves open: they go round.
    long long apply(Operator operation, long long left, long long right) {
        const auto a = static_cast<unsigned long long>(left);
        const auto b = static_cast<unsigned long long>(right);
        switch (operation) {
        case Operator::Or:
            return left != 0 || right != 0;
        case Operator::And:
            return left != 0 && right != 0;
        case Operator::BitOr:
            return left | right;
        case Operator::BitXor:
            return left ^ right;
        case Operator::BitAnd:
            return left & right;
        case Operator::Equal:
            return left == right;
        case Operator::Unequal:
            return left != right;
        case Operator::Less:
            return left < right;
        case Operator::LessEqual:
            return left <= right;
        case Operator::Greater:
            return left > right;
        case Operator::GreaterEqual:
            return left >= right;
        case Operator::Left:
            return static_cast<long long>(a << (b & 63));
        case Operator::Right:
            return left >> (b & 63);
        case Operator::Plus:
            return static_cast<long long>(a + b);
        case Operator::Minus:
            return static_cast<long long>(a - b);
        case Operator::Times:
            return static_cast<long long>(a * b);
        case Operator::Divide:
        case Operator::Modulo:
            return divide(operation, left, right);
        case Operator::None:
            break;
        }
        return right;
    }
    long long divide(Operator operation, long long left, long long right) {
        if (right == 0) {
            if (!skipping_) fail("division by zero");
            return 0;
        }
        // The smallest number by -1 would be too large.
        if (right == -1)
            return operation == Operator::Modulo
                       ? 0
                       : static_cast<long long>(0 - static_cast<unsigned long long>(left));
        return operation == Operator::Divide ? left / right : left % right;
    }

    std::string_view text_;
    ArithmeticWorld& world_;
    std::size_t at_ = 0;
    int nested_ = 0;
    bool skipping_ = false;  // in a branch that is not taken: nothing is changed
    bool failed_ = false;
};

}  // namespace

std::optional<long long> evaluate(std::string_view expression, ArithmeticWorld& world) {
    return Evaluator(expression, world).run();
}

}  // namespace quire::shell
