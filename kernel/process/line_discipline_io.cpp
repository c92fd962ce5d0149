// What programs read from a terminal and write to it.
#include <algorithm>
#include <array>

#include "kernel/abi/signal.h"
#include "kernel/process/line_discipline.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kPiece = 256;
constexpr std::uint64_t kTenthOfSecond = 100'000'000;  // the unit of the time key

}  // namespace

Result<void> LineDiscipline::check_foreground(SignalNumber signal) {
    const TerminalUser user = host_.user(signal);
    if (!user.is_controlled || foreground_ == 0 || user.group == foreground_) return {};
    const bool reads = signal == abi::kSigTerminalInput;
    if (user.shuns_signal && !reads) return {};
    if (user.shuns_signal || user.is_orphaned) return Error::IoError;
    host_.send_to_group(user.group, signal);
    return Error::Interrupted;
}

Result<std::uint32_t> LineDiscipline::read(std::uint32_t bytes, fs::ByteSink& to) {
    TRY(check_foreground(abi::kSigTerminalInput));
    if (bytes == 0) return std::uint32_t{0};
    return has(abi::kLocalCanonical) ? read_line(bytes, to) : read_raw(bytes, to);
}

Result<std::uint32_t> LineDiscipline::read_line(std::uint32_t bytes, fs::ByteSink& to) {
    using Kind = InputQueue::Kind;
    // The end of a line that an earlier read has taken whole: no end of file.
    while (queue_.has_complete() && front_kind() == Kind::Push)
        queue_.take_until(queue_.position() + 1);
    if (!queue_.has_complete()) return Error::TryAgain;
    if (front_kind() == Kind::EndOfFile) {
        queue_.take_until(queue_.position() + 1);
        return std::uint32_t{0};
    }
    return take(bytes, to, true);
}

Result<std::uint32_t> LineDiscipline::read_raw(std::uint32_t bytes, fs::ByteSink& to) {
    if (!is_raw_read_over(bytes)) return Error::TryAgain;
    read_started_ = 0;
    return take(bytes, to, false);
}

/// Whether there is enough to read, or nothing more to wait for. If not, sees to it that the reader
/// is woken in time (termios(3): MIN and TIME).
bool LineDiscipline::is_raw_read_over(std::uint32_t bytes) {
    const std::uint32_t least = std::min<std::uint32_t>(settings_.keys[abi::kKeyLeast], bytes);
    const std::uint64_t time = settings_.keys[abi::kKeyTime] * kTenthOfSecond;
    const std::uint32_t there = queue_.readable();
    if (there >= std::max(least, 1U) || (least == 0 && time == 0)) return true;
    if (time == 0 || (least > 0 && there == 0)) return false;
    if (read_started_ == 0) read_started_ = host_.now();
    const std::uint64_t deadline = (least > 0 ? last_input_ : read_started_) + time;
    if (host_.now() >= deadline) return true;
    host_.wake_at(deadline);
    return false;
}

/// Hands out up to `bytes`, to the end of a line at most if that is wanted. What a sink does not
/// take stays in the queue. A sink may sleep, and keys are typed meanwhile.
Result<std::uint32_t> LineDiscipline::take(std::uint32_t bytes, fs::ByteSink& to,
                                           bool up_to_line_end) {
    std::uint32_t done = 0;
    bool over = false;
    while (!over && done < bytes && queue_.has_complete()) {
        std::array<char, kPiece> piece;
        std::uint32_t count = 0;
        std::uint32_t next = queue_.position();
        for (; !over && done + count < bytes && count < kPiece && queue_.is_complete_at(next);
             ++next) {
            const InputQueue::Cell cell = queue_.cell_at(next);
            if (InputQueue::is_byte(cell)) piece[count++] = cell.byte;
            over = up_to_line_end && cell.kind != InputQueue::Kind::Plain;
        }
        const auto taken = to.take(std::as_bytes(std::span(piece).first(count)));
        if (!taken.ok() && done == 0) return taken.error();
        if (!taken.ok()) return done;
        queue_.take_until(next);
        done += count;
    }
    return done;
}

Result<std::uint32_t> LineDiscipline::write(std::uint32_t bytes, fs::ByteSource& from) {
    if (has(abi::kLocalStopOutput)) TRY(check_foreground(abi::kSigTerminalOutput));
    if (is_stopped_) return Error::TryAgain;
    for (std::uint32_t done = 0; done < bytes;) {
        std::array<char, kPiece> piece;
        const std::uint32_t count = std::min(bytes - done, kPiece);
        const auto given = from.give(std::as_writable_bytes(std::span(piece).first(count)));
        if (!given.ok() && done == 0) return given.error();
        if (!given.ok()) return done;
        for (std::uint32_t i = 0; i < count; ++i)
            output_.put(piece[i], settings_.output);
        output_.flush();
        done += count;
    }
    return bytes;
}

fs::Readiness LineDiscipline::readiness() {
    const bool counts = !has(abi::kLocalCanonical) && settings_.keys[abi::kKeyTime] == 0;
    const std::uint32_t least =
        counts ? std::max<std::uint32_t>(settings_.keys[abi::kKeyLeast], 1) : 1;
    const bool readable = counts ? queue_.readable() >= least : queue_.has_complete();
    return {.readable = readable, .writable = !is_stopped_};
}

}  // namespace quire::kernel
