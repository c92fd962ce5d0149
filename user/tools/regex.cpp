#include "user/tools/regex.h"

#include <ctype.h>
#include <string.h>

#include "user/tools/regex_compiler.h"

namespace quire::tools {
namespace {

bool is_word(char character) {
    return isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

}  // namespace

/// The machine while it reads: the places it is in, none twice.
class RegexRun {
  public:
    RegexRun(const Regex& regex, const char* text, size_t length)
        : regex_(regex), text_(text), length_(length) {}

    /// How far the longest match from `start` goes; false: there is none within the bounds.
    bool longest(size_t start, Regex::Bounds bounds, size_t& end) {
        bool found = false;
        if (!may_start(start, bounds)) return false;
        begin();
        add(0, start);
        for (size_t place = start;; ++place) {
            if (has_match_ && may_end(place, bounds)) {
                found = true;
                end = place;
            }
            if (place == length_ || next_count_ == 0) return found;
            advance(place);
        }
    }

  private:
    using Kind = Regex::Kind;

    void begin() {
        next_count_ = 0;
        has_match_ = false;
        ++round_;
    }

    /// From the places before the character at `place` to those behind it.
    void advance(size_t place) {
        const size_t count = next_count_;
        memcpy(now_, next_, count * sizeof *now_);
        begin();
        for (size_t i = 0; i < count; ++i)
            if (takes(regex_.steps_[now_[i]], text_[place])) add(now_[i] + 1U, place + 1);
    }

    [[nodiscard]] bool takes(const Regex::Step& step, char character) const {
        const auto byte = static_cast<unsigned char>(character);
        if (step.kind == Kind::Any) return true;
        if (step.kind == Kind::Set) {
            return (regex_.sets_[step.value][byte / 8] >> byte % 8 & 1) != 0;
        }
        return byte == step.value || (regex_.ignores_case_ && tolower(byte) == tolower(step.value));
    }

    /// Puts the machine at a step, and wherever it leads without reading.
    void add(size_t step, size_t place) {
        size_t waiting = 0;
        stack_[waiting++] = static_cast<unsigned short>(step);
        while (waiting > 0) {
            const size_t at = stack_[--waiting];
            if (seen_[at] == round_) continue;
            seen_[at] = round_;
            const Regex::Step& one = regex_.steps_[at];
            switch (one.kind) {
            case Kind::Split:
                stack_[waiting++] =
                    static_cast<unsigned short>(at + static_cast<size_t>(one.second));
                stack_[waiting++] =
                    static_cast<unsigned short>(at + static_cast<size_t>(one.first));
                break;
            case Kind::Jump:
                stack_[waiting++] =
                    static_cast<unsigned short>(at + static_cast<size_t>(one.first));
                break;
            case Kind::Match:
                has_match_ = true;
                break;
            case Kind::Character:
            case Kind::Any:
            case Kind::Set:
                next_[next_count_++] = static_cast<unsigned short>(at);
                break;
            default:
                if (holds(one.kind, place)) stack_[waiting++] = static_cast<unsigned short>(at + 1);
            }
        }
    }

    [[nodiscard]] bool word_before(size_t place) const {
        return place > 0 && is_word(text_[place - 1]);
    }
    [[nodiscard]] bool word_behind(size_t place) const {
        return place < length_ && is_word(text_[place]);
    }

    [[nodiscard]] bool holds(Kind kind, size_t place) const {
        switch (kind) {
        case Kind::LineStart:
            return place == 0;
        case Kind::LineEnd:
            return place == length_;
        case Kind::WordStart:
            return !word_before(place) && word_behind(place);
        case Kind::WordEnd:
            return word_before(place) && !word_behind(place);
        default:
            return word_before(place) != word_behind(place);
        }
    }
    [[nodiscard]] bool may_start(size_t place, Regex::Bounds bounds) const {
        if (bounds == Regex::Bounds::Word) return !word_before(place);
        return bounds == Regex::Bounds::None || place == 0;
    }
    [[nodiscard]] bool may_end(size_t place, Regex::Bounds bounds) const {
        if (bounds == Regex::Bounds::Word) return !word_behind(place);
        return bounds == Regex::Bounds::None || place == length_;
    }

    const Regex& regex_;
    const char* text_;
    size_t length_;
    unsigned short now_[Regex::kMostSteps], next_[Regex::kMostSteps];
    unsigned short stack_[2 * Regex::kMostSteps];  // each step pushes at most two, once a round
    unsigned seen_[Regex::kMostSteps] = {};
    unsigned round_ = 0;
    size_t next_count_ = 0;
    bool has_match_ = false;
};

const char* Regex::compile(const char* pattern, Syntax syntax, bool ignores_case) {
    count_ = set_count_ = 0;
    ignores_case_ = ignores_case;
    RegexCompiler compiler(*this, pattern, syntax);
    return syntax == Syntax::Fixed ? compiler.compile_fixed() : compiler.compile();
}

bool Regex::find(const char* text, size_t length, size_t from, Bounds bounds, Match& match) const {
    RegexRun run(*this, text, length);
    for (size_t start = from; start <= length; ++start) {
        size_t end = 0;
        if (!run.longest(start, bounds, end)) continue;
        match = {start, end};
        return true;
    }
    return false;
}

}  // namespace quire::tools
