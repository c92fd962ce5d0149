// The part of the lexer that reads words: quotes, and what a dollar or a backquote begins.
#include "user/sh/characters.h"
#include "user/sh/lexer.h"

namespace quire::shell {

/// The parts of a word as they are found; characters that belong together become one Text.
class Lexer::Parts {
  public:
    explicit Parts(Arena& arena) : arena_(arena), text_(arena) {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    void put(int c, bool quoted) {
        if (quoted != quoted_) finish_text();
        quoted_ = quoted;
        has_text_ = true;
        text_.put(static_cast<char>(c));
    }
    /// '' was there: a part even without a character.
    void put_empty() {
        if (!quoted_) finish_text();
        quoted_ = has_text_ = true;
    }
    Part& add(Part::Kind kind, bool quoted) {
        finish_text();
        Part* const part = arena_.make<Part>(kind, quoted);
        end_.append(part);
        ++count_;
        return *part;
    }
    Part* finish() {
        finish_text();
        return first_;
    }
    [[nodiscard]] std::size_t count() const { return count_ + text_.size(); }

  private:
    void finish_text() {
        if (!has_text_) return;
        Part* const part = arena_.make<Part>(Part::Kind::Text, quoted_);
        count_ += text_.size();
        part->text = text_.take();
        end_.append(part);
        has_text_ = false;
    }

    Arena& arena_;
    TextBuilder text_;
    bool quoted_ = false;
    bool has_text_ = false;
    std::size_t count_ = 0;
    Part* first_ = nullptr;
    ListEnd<Part> end_{first_};
};

Part* Lexer::parts_in(Mode mode) {
    Parts parts(arena_);
    read_parts(mode, parts);
    return parts.finish();
}

/// Whether the part of a word that `mode` reads ends before `c`; `open`: the ( in arithmetic.
bool Lexer::ends(Mode mode, int c, int& open) {
    switch (mode) {
    case Mode::Word:
        return c < 0 || (c < 0x80 && std::string_view(" \t\n&|;<>()").find(static_cast<char>(c)) !=
                                         std::string_view::npos);
    case Mode::Text:
        return c < 0;
    case Mode::Operand:
    case Mode::OperandInQuotes:
        if (c < 0) fail("missing '}'");
        return c < 0 || c == '}';
    case Mode::DoubleQuotes:
        if (c < 0) fail("unterminated quoted string");
        return c < 0 || c == '"';
    case Mode::Arithmetic:
        if (c < 0) fail("missing '))'");
        if (c == ')' && open == 0 && peek(1) != ')') fail("missing '))'");
        if (has_failed() || (c == ')' && open == 0)) return true;
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
        return false;
    }
    return true;
}

void Lexer::read_parts(Mode mode, Parts& parts) {
    const Nested nested(*this);
    const bool quoted = mode != Mode::Word && mode != Mode::Operand;
    const bool has_double = mode != Mode::Text && mode != Mode::Arithmetic;
    int open = 0;
    while (!has_failed() && !ends(mode, peek(), open)) {
        const int c = at_.text[at_.next++];
        if (c == '\\')
            read_backslash(mode, parts);
        else if (c == '\'' && !quoted)
            read_single_quoted(parts);
        else if (c == '"' && has_double)
            read_double_quoted(parts);
        else if (c == '$')
            read_dollar(mode, parts);
        else if (c == '`')
            read_backquoted(quoted, parts);
        else
            parts.put(c, quoted);
    }
}

// Each of these begins behind the character that led to it.

void Lexer::read_backslash(Mode mode, Parts& parts) {
    if (accept("\n")) return;  // the line goes on
    const int c = peek();
    bool escapes = c >= 0;
    if (mode == Mode::DoubleQuotes || mode == Mode::Arithmetic || mode == Mode::Text ||
        mode == Mode::OperandInQuotes)
        escapes = c == '$' || c == '`' || c == '\\' || (c == '"' && mode != Mode::Text) ||
                  (c == '}' && mode == Mode::OperandInQuotes);
    if (escapes) ++at_.next;
    parts.put(escapes ? c : '\\', true);
}

void Lexer::read_single_quoted(Parts& parts) {
    parts.put_empty();
    for (;;) {
        const int c = peek();
        if (c < 0) return fail("unterminated quoted string");
        ++at_.next;
        if (c == '\'') return;
        parts.put(c, true);
    }
}

void Lexer::read_double_quoted(Parts& parts) {
    const std::size_t before = parts.count();
    read_parts(Mode::DoubleQuotes, parts);
    if (has_failed()) return;
    ++at_.next;
    if (parts.count() == before) parts.put_empty();
}

void Lexer::read_dollar(Mode mode, Parts& parts) {
    const bool quoted = mode != Mode::Word && mode != Mode::Operand;
    const int c = peek();
    if (accept("((")) {
        Part& part = parts.add(Part::Kind::Arithmetic, quoted);
        part.operand = parts_in(Mode::Arithmetic);
        if (!has_failed()) at_.next += 2;
    } else if (accept("(")) {
        read_substitution(quoted, parts);
    } else if (accept("{")) {
        read_braced(quoted, parts);
    } else if (is_name_start(c) || is_digit(c) || is_special_parameter(c)) {
        const std::size_t start = at_.next++;
        while (is_name_start(c) && is_name_character(peek()))
            ++at_.next;
        parts.add(Part::Kind::Parameter, quoted).text = at_.text.substr(start, at_.next - start);
    } else {
        parts.put('$', quoted);
    }
}

/// A name, a number or a special parameter; empty: none of these.
std::string_view Lexer::read_parameter_name() {
    const std::size_t start = at_.next;
    if (is_special_parameter(peek())) {
        ++at_.next;
    } else if (is_digit(peek())) {
        while (is_digit(peek()))
            ++at_.next;
    } else if (is_name_start(peek())) {
        while (is_name_character(peek()))
            ++at_.next;
    }
    return at_.text.substr(start, at_.next - start);
}

void Lexer::read_braced(bool quoted, Parts& parts) {
    Part& part = parts.add(Part::Kind::Parameter, quoted);
    if (peek() == '#' && peek(1) != '}' &&
        (is_name_character(peek(1)) || is_special_parameter(peek(1)))) {
        ++at_.next;
        part.operation = Part::Operation::Length;
    }
    part.text = read_parameter_name();
    if (part.text.empty()) part.operation = Part::Operation::Bad;
    if (peek() != '}') read_operation(part);
    if (peek() != '}') return fail("missing '}'");
    ++at_.next;
}

/// What stands between the name and the closing brace.
void Lexer::read_operation(Part& part) {
    struct Sign {
        std::string_view text;
        Part::Operation operation;
    };
    using Operation = Part::Operation;
    static constexpr Sign kSigns[] = {
        {"-", Operation::Default},     {"=", Operation::Assign},      {"?", Operation::Require},
        {"+", Operation::Alternative}, {"##", Operation::LongPrefix}, {"#", Operation::ShortPrefix},
        {"%%", Operation::LongSuffix}, {"%", Operation::ShortSuffix},
    };
    part.null_too = accept(":");
    Operation found = Operation::Bad;
    for (const Sign& sign : kSigns)
        if (found == Operation::Bad && accept(sign.text)) found = sign.operation;
    const bool cuts = found >= Operation::ShortPrefix;
    const bool is_wrong = part.operation != Operation::Value || (cuts && part.null_too);
    part.operation = is_wrong ? Operation::Bad : found;
    // A pattern is not quoted by the quotes around its parameter.
    part.operand = parts_in(part.quoted && !cuts ? Mode::OperandInQuotes : Mode::Operand);
}

void Lexer::read_substitution(bool quoted, Parts& parts) {
    Part& part = parts.add(Part::Kind::Command, quoted);
    Position outside = at_;
    at_.expected = nullptr;
    advance();
    part.commands = parse_inside();
    if (!has_failed() && !is(TokenKind::Close)) fail("missing ')'");
    // The text may have become longer, and another one by aliases.
    outside.text = at_.text;
    outside.copy = at_.copy;
    outside.next = at_.next;
    outside.expansions = at_.expansions;
    go_to(outside);
}

void Lexer::read_backquoted(bool quoted, Parts& parts) {
    Part& part = parts.add(Part::Kind::Command, quoted);
    TextBuilder inside(arena_);
    for (;;) {
        const int c = peek();
        if (c < 0) return fail("missing '`'");
        ++at_.next;
        if (c == '`') break;
        const int next = c == '\\' ? peek() : -1;
        const bool escapes = next == '$' || next == '`' || next == '\\' || (next == '"' && quoted);
        inside.put(static_cast<char>(escapes ? next : c));
        if (escapes) ++at_.next;
    }
    const Position outside = at_;
    go_into(inside.view());
    advance();
    part.commands = parse_inside();
    if (!has_failed() && !is(TokenKind::End)) fail("nothing can stand behind ) in ``");
    go_to(outside);
}

}  // namespace quire::shell
