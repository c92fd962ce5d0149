#include "user/sh/input.h"

#include <algorithm>

#include "kernel/abi/errno.h"
#include "user/output.h"
#include "user/system.h"

namespace quire::shell {

void Input::begin() {
    used_ = 0;
    interrupted_ = ended_ = false;
}

std::string_view Input::prompt() {
    const std::string_view text = shell_.variables().find(used_ == 0 ? "PS1" : "PS2").value_or("");
    return shell_.expand_prompt(text);
}

std::string_view Input::next_line() {
    // Whoever looks ahead asks again; at a terminal ^D is an end only once.
    if (interrupted_ || ended_) return {};
    const std::size_t before = used_;
    ended_ = !(is_typed_ ? type_line() : read_line());
    return text().substr(std::min(before, used_));
}

/// False: the input has ended, or ^C came.
bool Input::type_line() {
    const Arena::Mark mark = shell_.arena().mark();
    std::string_view line;
    const Terminal::Outcome outcome = terminal_.read_line(prompt(), line);
    shell_.arena().release(mark);
    interrupted_ = outcome == Terminal::Outcome::Interrupted;
    if (outcome == Terminal::Outcome::End && used_ > 0) say("\n");
    if (outcome != Terminal::Outcome::Line) return false;
    if (line.size() + 1 > text_.size() - used_) return refuse();
    std::copy(line.begin(), line.end(), &text_[used_]);
    used_ += line.size();
    text_[used_++] = '\n';
    return true;
}

/// False: the input has ended.
bool Input::read_line() {
    while (used_ < text_.size()) {
        const long got = sys::read(sys::kInput, &text_[used_], 1);
        if (got == -abi::kEintr) continue;
        if (got <= 0) return false;
        if (text_[used_] == '\0') continue;
        if (text_[used_++] == '\n') return true;
    }
    return refuse();
}

bool Input::refuse() {
    shell_.complain("a command longer than %u bytes", static_cast<unsigned>(text_.size()));
    interrupted_ = true;
    used_ = 0;
    return false;
}

}  // namespace quire::shell
