// Input: from a key to a line. read() and write() are in line_discipline_io.cpp, ioctl(2) in
// terminal_control.cpp.
#include "kernel/process/line_discipline.h"

#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

constexpr abi::Termios kDefaults{
    .input = abi::kInputReturnToNewline | abi::kInputStops,
    .output = abi::kOutputProcess | abi::kOutputNewlineReturns,
    .control = abi::kControlConsole,
    .local = abi::kLocalSignals | abi::kLocalCanonical | abi::kLocalEcho | abi::kLocalEchoErase |
             abi::kLocalEchoKill | abi::kLocalEchoControl | abi::kLocalEchoKillErases |
             abi::kLocalExtended,
    .line = 0,
    // ^C ^\ DEL ^U ^D, time 0, least 1, -, ^Q ^S ^Z -, ^R ^O ^W ^V -
    .keys = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0},
};
constexpr abi::WindowSize kScreen{.rows = 25, .columns = 80};

constexpr bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f';
}
constexpr bool is_word(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}
constexpr bool continues_character(char byte) {
    return (byte & 0xC0) == 0x80;
}

}  // namespace

LineDiscipline::LineDiscipline(TerminalHost& host)
    : host_(host), output_(host), settings_(kDefaults), window_(kScreen) {}

void LineDiscipline::input(char byte) {
    last_input_ = host_.now();
    if ((settings_.input & abi::kInputStrip) != 0) byte = static_cast<char>(byte & 0x7F);
    if (next_is_literal_) {
        next_is_literal_ = false;
        store(byte);
    } else if (!take_flow_control(byte) && !take_signal(byte) && !map_input(byte) &&
               !(has(abi::kLocalCanonical) && (take_editing(byte) || take_line_end(byte)))) {
        store(byte);
    }
    flush_echo();
}

bool LineDiscipline::take_flow_control(char byte) {
    if ((settings_.input & abi::kInputStops) == 0) return false;
    const bool stops = is_key(byte, abi::kKeyStop);
    const bool starts = is_key(byte, abi::kKeyStart);
    const bool any_starts = is_stopped_ && (settings_.input & abi::kInputAnyRestarts) != 0;
    if (starts || stops || any_starts) {
        is_stopped_ = stops && !starts;
        changes_.wake_all();
    }
    return starts || stops;
}

bool LineDiscipline::take_signal(char byte) {
    if (!has(abi::kLocalSignals)) return false;
    if (is_key(byte, abi::kKeyInterrupt))
        send_signal_of_key(byte, abi::kSigInt);
    else if (is_key(byte, abi::kKeyQuit))
        send_signal_of_key(byte, abi::kSigQuit);
    else if (is_key(byte, abi::kKeySuspend))
        send_signal_of_key(byte, abi::kSigTerminalStop);
    else
        return false;
    return true;
}

void LineDiscipline::send_signal_of_key(char byte, SignalNumber signal) {
    if (!has(abi::kLocalNoFlush)) queue_.clear();
    is_stopped_ = false;
    if (has(abi::kLocalEcho)) echo(byte);
    if (foreground_ != 0) host_.send_to_group(foreground_, signal);
    changes_.wake_all();
}

/// Carriage returns and newlines, one for the other. True: the byte is not wanted at all.
bool LineDiscipline::map_input(char& byte) {
    if (byte == '\r') {
        if ((settings_.input & abi::kInputIgnoreReturn) != 0) return true;
        if ((settings_.input & abi::kInputReturnToNewline) != 0) byte = '\n';
    } else if (byte == '\n' && (settings_.input & abi::kInputNewlineToReturn) != 0) {
        byte = '\r';
    }
    return false;
}

bool LineDiscipline::take_editing(char byte) {
    if (is_key(byte, abi::kKeyErase)) {
        if (has(abi::kLocalEcho) && !has(abi::kLocalEchoErase)) echo(byte);
        erase_character();
    } else if (is_key(byte, abi::kKeyKill)) {
        erase_line();
    } else if (!has(abi::kLocalExtended)) {
        return false;
    } else if (is_key(byte, abi::kKeyWordErase)) {
        erase_word();
    } else if (is_key(byte, abi::kKeyReprint)) {
        reprint();
    } else if (is_key(byte, abi::kKeyLiteral)) {
        next_is_literal_ = true;
        if (has(abi::kLocalEcho) && has(abi::kLocalEchoControl)) {
            put_echo('^');
            put_echo('\b');
        }
    } else {
        return false;
    }
    return true;
}

bool LineDiscipline::take_line_end(char byte) {
    using Kind = InputQueue::Kind;
    auto kind = Kind::LineEnd;
    if (is_key(byte, abi::kKeyEndOfFile)) {
        kind = queue_.edited() > 0 ? Kind::Push : Kind::EndOfFile;
    } else if (byte == '\n') {
        if (has(abi::kLocalEcho) || has(abi::kLocalEchoNewline)) put_echo('\n');
    } else if (is_key(byte, abi::kKeyEndOfLine) ||
               (has(abi::kLocalExtended) && is_key(byte, abi::kKeyEndOfLine2))) {
        if (has(abi::kLocalEcho)) echo(byte);
    } else {
        return false;
    }
    if (queue_.can_end_line()) queue_.end_line(byte, kind);
    changes_.wake_all();
    return true;
}

void LineDiscipline::store(char byte) {
    if (!queue_.has_room()) {
        if ((settings_.input & abi::kInputBellWhenFull) != 0) put_echo('\a');
        return;
    }
    if (queue_.edited() == 0) line_column_ = output_.column();
    if (has(abi::kLocalEcho)) echo(byte);
    if (has(abi::kLocalCanonical)) {
        queue_.append(byte);
        return;
    }
    queue_.append_complete(byte);
    changes_.wake_all();
}

bool LineDiscipline::shows_caret(char byte) const {
    return has(abi::kLocalEchoControl) && is_control(byte) && byte != '\t' && byte != '\n';
}

void LineDiscipline::echo(char byte) {
    if (shows_caret(byte)) {
        put_echo('^');
        put_echo(static_cast<char>(byte ^ 0x40));
    } else {
        put_echo(byte);
    }
}

/// The column behind the line being edited, as it was echoed.
std::uint32_t LineDiscipline::column_of_end() const {
    std::uint32_t column = line_column_;
    for (std::uint32_t i = 0; i < queue_.edited(); ++i) {
        const char byte = queue_.edited_at(i);
        if (byte == '\t')
            column += OutputProcessor::kTab - column % OutputProcessor::kTab;
        else if (shows_caret(byte))
            column += 2;
        else if (!is_control(byte) && !continues_character(byte))
            ++column;
    }
    return column;
}

void LineDiscipline::erase_character() {
    if (queue_.edited() == 0) return;
    const std::uint32_t before = column_of_end();
    const bool is_utf8 = (settings_.input & abi::kInputUtf8) != 0;
    const char last = queue_.last();
    while (is_utf8 && queue_.edited() > 1 && continues_character(queue_.last()))
        queue_.erase_last();
    queue_.erase_last();
    if (!has(abi::kLocalEcho) || !has(abi::kLocalEchoErase)) return;
    for (std::uint32_t column = before; column > column_of_end(); --column) {
        put_echo('\b');
        if (last == '\t') continue;  // nothing was drawn there
        put_echo(' ');
        put_echo('\b');
    }
}

void LineDiscipline::erase_word() {
    bool in_word = false;
    while (queue_.edited() > 0) {
        if (is_word(queue_.last()))
            in_word = true;
        else if (in_word)
            return;
        erase_character();
    }
}

void LineDiscipline::erase_line() {
    const bool on_screen = has(abi::kLocalEcho) && has(abi::kLocalEchoKill) &&
                           has(abi::kLocalEchoKillErases) && has(abi::kLocalEchoErase);
    while (queue_.edited() > 0)
        if (on_screen)
            erase_character();
        else
            queue_.erase_last();
    if (on_screen || !has(abi::kLocalEcho)) return;
    echo(static_cast<char>(settings_.keys[abi::kKeyKill]));
    if (has(abi::kLocalEchoKill)) put_echo('\n');
}

void LineDiscipline::reprint() {
    if (!has(abi::kLocalEcho)) return;
    echo(static_cast<char>(settings_.keys[abi::kKeyReprint]));
    put_echo('\n');
    line_column_ = output_.column();
    for (std::uint32_t i = 0; i < queue_.edited(); ++i)
        echo(queue_.edited_at(i));
}

void LineDiscipline::session_ended(ProcessId session) {
    if (session == 0 || session != session_) return;
    const ProcessId group = foreground_;
    session_ = foreground_ = 0;
    host_.release_session(session);
    if (group == 0) return;
    host_.send_to_group(group, abi::kSigHup);
    host_.send_to_group(group, abi::kSigContinue);
}

void LineDiscipline::check_invariants() {
    queue_.check_invariants();
    changes_.check_invariants();
    ASSERT(has(abi::kLocalCanonical) || queue_.edited() == 0);
    ASSERT(session_ != 0 || foreground_ == 0);
}

}  // namespace quire::kernel
