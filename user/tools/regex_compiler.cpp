#include "user/tools/regex_compiler.h"

#include <ctype.h>
#include <string.h>

namespace quire::tools {
namespace {

constexpr int kNoLimit = -1;
constexpr int kMostRepeats = 255;
constexpr int kDeepest = 100;
constexpr const char* kTooLong = "the expression is too long";

void add_to(unsigned char* set, unsigned character) {
    set[character / 8] = static_cast<unsigned char>(set[character / 8] | 1U << character % 8);
}
bool is_in(const unsigned char* set, unsigned character) {
    return (set[character / 8] >> character % 8 & 1) != 0;
}
bool is_word(unsigned character) {
    return isalnum(static_cast<int>(character)) != 0 || character == '_';
}

struct Class {
    const char* name;
    int (*has)(int);
};
constexpr Class kClasses[] = {{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum},
                              {"upper", isupper}, {"lower", islower}, {"space", isspace},
                              {"blank", isblank}, {"punct", ispunct}, {"print", isprint},
                              {"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit}};

}  // namespace

const char* RegexCompiler::compile() {
    parse_alternatives(0);
    if (error_ == nullptr && *next_ != '\0') fail("unmatched )");
    emit(Kind::Match);
    return error_;
}

const char* RegexCompiler::compile_fixed() {
    for (; *next_ != '\0'; ++next_)
        emit(Kind::Character, static_cast<unsigned char>(*next_));
    emit(Kind::Match);
    return error_;
}

/// Whether the special sign stands here: with a backslash in a basic expression.
bool RegexCompiler::sees(char special) const {
    if (!is_basic_ || special == '*') return *next_ == special;
    return next_[0] == '\\' && next_[1] == special;
}
bool RegexCompiler::take(char special) {
    if (!sees(special)) return false;
    next_ += is_basic_ && special != '*' ? 2 : 1;
    return true;
}
bool RegexCompiler::ends_branch() const {
    return *next_ == '\0' || sees('|') || sees(')');
}

void RegexCompiler::emit(Kind kind, unsigned char value, long first, long second) {
    if (to_.count_ == Regex::kMostSteps) return fail(kTooLong);
    to_.steps_[to_.count_++] = {kind, value, static_cast<short>(first), static_cast<short>(second)};
}

/// What stands from `place` on moves up by one; it leads nowhere outside itself.
void RegexCompiler::insert(size_t place, Kind kind, long first, long second) {
    if (to_.count_ == Regex::kMostSteps) return fail(kTooLong);
    Regex::Step* const step = to_.steps_ + place;
    memmove(step + 1, step, (to_.count_ - place) * sizeof *step);
    *step = {kind, 0, static_cast<short>(first), static_cast<short>(second)};
    ++to_.count_;
}

void RegexCompiler::append_copy(size_t start, size_t count) {
    if (count > Regex::kMostSteps - to_.count_) return fail(kTooLong);
    memcpy(to_.steps_ + to_.count_, to_.steps_ + start, count * sizeof *to_.steps_);
    to_.count_ += count;
}

//      Split +1, +n | branch | Jump over the rest | rest
void RegexCompiler::parse_alternatives(int depth) {
    if (depth > kDeepest) return fail("too many parentheses");
    const size_t start = to_.count_;
    parse_branch(depth);
    if (error_ != nullptr || !take('|')) return;
    insert(start, Kind::Split, 1, static_cast<long>(to_.count_ - start) + 2);
    const size_t jump = to_.count_;
    emit(Kind::Jump);
    parse_alternatives(depth);
    if (error_ == nullptr) to_.steps_[jump].first = static_cast<short>(to_.count_ - jump);
}

void RegexCompiler::parse_branch(int depth) {
    for (bool is_first = true; error_ == nullptr && !ends_branch(); is_first = false) {
        const size_t start = to_.count_;
        const bool was_anchor = is_basic_ && is_first && *next_ == '^';
        parse_atom(depth, is_first);
        if (was_anchor && *next_ == '*') {  // ^* in a basic expression: the star itself
            emit(Kind::Character, '*');
            ++next_;
            parse_repeats(start + 1);
        } else {
            parse_repeats(start);
        }
    }
}

void RegexCompiler::parse_atom(int depth, bool is_first) {
    if (take('(')) {
        parse_alternatives(depth + 1);
        if (error_ == nullptr && !take(')')) fail("unmatched (");
        return;
    }
    const char character = *next_;
    if (character == '\\') return parse_escape();
    if (character == '[') return parse_set();
    ++next_;
    if (character == '.') return emit(Kind::Any);
    if (character == '^' && (!is_basic_ || is_first)) return emit(Kind::LineStart);
    if (character == '$' && (!is_basic_ || ends_branch())) return emit(Kind::LineEnd);
    emit(Kind::Character, static_cast<unsigned char>(character));
}

void RegexCompiler::parse_escape() {
    const char letter = next_[1];
    if (letter == '\0') return fail("a backslash at the end");
    next_ += 2;
    switch (letter) {
    case '<':
        return emit(Kind::WordStart);
    case '>':
        return emit(Kind::WordEnd);
    case 'b':
        return emit(Kind::WordEdge);
    case 'w':
    case 'W':
        return add_class_set(
            [](int character) { return is_word(static_cast<unsigned>(character)) ? 1 : 0; },
            letter == 'W');
    case 's':
    case 'S':
        return add_class_set(isspace, letter == 'S');
    default:
        if (letter >= '1' && letter <= '9') return fail("references back are not here");
        emit(Kind::Character, static_cast<unsigned char>(letter));
    }
}

void RegexCompiler::add_class_set(int (*has)(int), bool is_negated) {
    if (to_.set_count_ == Regex::kMostSets) return fail(kTooLong);
    Regex::Set& set = to_.sets_[to_.set_count_];
    memset(set, 0, sizeof set);
    for (int character = 0; character < 256; ++character)
        if (has(character) != 0) add_to(set, static_cast<unsigned>(character));
    finish_set(set, is_negated);
}

void RegexCompiler::finish_set(Regex::Set& set, bool is_negated) {
    for (unsigned character = 0; to_.ignores_case_ && character < 128; ++character) {
        if (!is_in(set, character)) continue;
        add_to(set, static_cast<unsigned>(tolower(static_cast<int>(character))));
        add_to(set, static_cast<unsigned>(toupper(static_cast<int>(character))));
    }
    for (unsigned char& byte : set)
        if (is_negated) byte = static_cast<unsigned char>(~byte);
    emit(Kind::Set, static_cast<unsigned char>(to_.set_count_++));
}

void RegexCompiler::parse_set() {
    if (to_.set_count_ == Regex::kMostSets) return fail(kTooLong);
    Regex::Set& set = to_.sets_[to_.set_count_];
    memset(set, 0, sizeof set);
    ++next_;
    const bool is_negated = *next_ == '^';
    if (is_negated) ++next_;
    parse_set_items(set);
    if (error_ == nullptr) finish_set(set, is_negated);
}

/// "[:alpha:]" at next_: adds its characters and returns 1; 0 if there is none.
int RegexCompiler::parse_class(Regex::Set& set) {
    if (next_[0] != '[' || next_[1] != ':') return 0;
    const char* const name = next_ + 2;
    const char* const end = strstr(name, ":]");
    if (end == nullptr) return 0;
    const auto length = static_cast<size_t>(end - name);
    for (const Class& one : kClasses) {
        if (strncmp(one.name, name, length) != 0 || one.name[length] != '\0') continue;
        for (int character = 0; character < 256; ++character)
            if (one.has(character) != 0) add_to(set, static_cast<unsigned>(character));
        next_ = end + 2;
        return 1;
    }
    fail("no such class of characters");
    return 1;
}

// A ] at the beginning and a - at either end are themselves.
void RegexCompiler::parse_set_items(Regex::Set& set) {
    for (bool is_first = true; error_ == nullptr; is_first = false) {
        if (*next_ == '\0') return fail("unmatched [");
        if (*next_ == ']' && !is_first) break;
        if (parse_class(set) != 0) continue;
        const auto first = static_cast<unsigned char>(*next_++);
        auto last = first;
        if (next_[0] == '-' && next_[1] != ']' && next_[1] != '\0') {
            last = static_cast<unsigned char>(next_[1]);
            next_ += 2;
        }
        if (last < first) return fail("a range that ends before it begins");
        for (unsigned character = first; character <= last; ++character)
            add_to(set, character);
    }
    if (error_ == nullptr) ++next_;
}

void RegexCompiler::parse_repeats(size_t start) {
    while (error_ == nullptr) {
        int least = 0, most = kNoLimit;
        if (take('*')) {
            repeat(start, 0, kNoLimit);
        } else if (take('+')) {
            repeat(start, 1, kNoLimit);
        } else if (take('?')) {
            repeat(start, 0, 1);
        } else if (sees('{') && parse_counts(least, most)) {
            repeat(start, least, most);
        } else {
            return;
        }
    }
}

/// "{2}", "{2,}", "{,3}", "{2,3}"; false if a { means itself (extended expressions).
bool RegexCompiler::parse_counts(int& least, int& most) {
    const char* const before = next_;
    take('{');
    const auto number = [this](int otherwise) {
        if (isdigit(static_cast<unsigned char>(*next_)) == 0) return otherwise;
        int value = 0;
        for (; isdigit(static_cast<unsigned char>(*next_)) != 0; ++next_)
            if (value <= kMostRepeats) value = value * 10 + (*next_ - '0');
        return value;
    };
    const bool has_first = isdigit(static_cast<unsigned char>(*next_)) != 0;
    least = number(0);
    most = least;
    const bool has_comma = *next_ == ',';
    if (has_comma) ++next_, most = number(kNoLimit);
    if ((!has_first && !has_comma) || !take('}')) {
        if (is_basic_) fail("unmatched {");
        next_ = before;
        return false;
    }
    if (least > kMostRepeats || most > kMostRepeats || (most != kNoLimit && most < least)) {
        fail("a count that cannot be");
    }
    return true;
}

//      x*        Split +1 out | x | Jump back            x?   Split +1 out | x
//      x{2,4}    x x x? x?                               x{2,}   x x x*
void RegexCompiler::repeat(size_t start, int least, int most) {
    const size_t length = to_.count_ - start;
    const auto one = static_cast<long>(length);
    if (most == 0) {
        to_.count_ = start;
        return;
    }
    if (least == 0) {
        insert(start, Kind::Split, 1, most == kNoLimit ? one + 2 : one + 1);
        if (most == kNoLimit) emit(Kind::Jump, 0, -one - 1);
    }
    // The plain piece, without the Split before it.
    const size_t piece = least == 0 ? start + 1 : start;
    for (int i = 1; i < least && error_ == nullptr; ++i)
        append_copy(piece, length);
    if (least > 0 && most == kNoLimit) {
        emit(Kind::Split, 0, 1, one + 2);
        append_copy(piece, length);
        emit(Kind::Jump, 0, -one - 1);
    }
    for (int i = least > 0 ? least : 1; i < most && error_ == nullptr; ++i) {
        emit(Kind::Split, 0, 1, one + 1);
        append_copy(piece, length);
    }
}

}  // namespace quire::tools
