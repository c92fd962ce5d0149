// The row of syslog(2), which dmesg(1) and klogd(8) call: the log ring, line by line.
//
// READ takes lines out, for one reader; READ_ALL shows what there is since the last CLEAR and
// leaves it. Both count in record numbers, so that a ring that moves on meanwhile only loses its
// oldest. (Linux: do_syslog() in kernel/printk/printk.c.)
#include "cpu/irq.h"
#include "kernel/abi/syslog.h"
#include "kernel/call_support.h"
#include "kernel/log_lines.h"
#include "kernel/process/user_bytes.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

constexpr std::uint64_t kLookAgain = 100'000'000;  // nanoseconds; log() wakes nobody

// A copy of the record `number`, or of the oldest that there is. False: none yet.
bool next_line(System& system, std::uint32_t& number, LogRing::Line& line) {
    const cpu::InterruptGuard guard;
    return system.log.read_next(number, line);
}

LogTail tail(System& system, std::uint32_t from, std::size_t bytes) {
    const cpu::InterruptGuard guard;
    return log_tail(system.log, from, bytes);
}

std::uint32_t end_of_log(System& system) {
    const cpu::InterruptGuard guard;
    std::uint32_t end = system.log_readers.cleared;
    for (const LogRing::Record record : system.log)
        end = record.number + 1;
    return end;
}

CallResult show_all(SystemCall& call, std::uint32_t bytes) {
    System& system = call.processes().system();
    std::uint32_t number = tail(system, system.log_readers.cleared, bytes).first;
    const std::uint32_t end = end_of_log(system);
    std::array<char, kLongestLogLine + 1> room;
    LogRing::Line line;
    std::uint32_t copied = 0;
    while (number != end && next_line(system, number, line)) {
        const std::string_view text = write_log_line(line.record, room);
        if (copied + text.size() > bytes) break;
        TRY(user::copy_to(call.pointer(1) + copied, text.data(),
                          static_cast<std::uint32_t>(text.size())));
        copied += static_cast<std::uint32_t>(text.size());
    }
    return copied;
}

// Waits for a line. Errors: Interrupted.
Result<void> wait_for_line(SystemCall& call, LogRing::Line& line) {
    System& system = call.processes().system();
    fs::WaitQueue nobody_wakes;
    std::uint32_t number = system.log_readers.read;
    while (!next_line(system, number, line)) {
        const Result<void> slept =
            call.processes().sleep_on(nobody_wakes, call.processes().now() + kLookAgain);
        if (!slept.ok() && slept.error() == Error::Interrupted) return slept;
        number = system.log_readers.read;
    }
    return {};
}

// Takes lines out as long as they fit; of the first what fits.
CallResult take_lines(SystemCall& call, std::uint32_t bytes) {
    System& system = call.processes().system();
    auto& [cleared, read, taken_of_line, level_before] = system.log_readers;
    LogRing::Line line;
    TRY(wait_for_line(call, line));
    if (line.record.number != read) taken_of_line = 0;  // the ring has lost that one
    std::array<char, kLongestLogLine + 1> room;
    std::uint32_t copied = 0;
    std::uint32_t number = line.record.number;
    while (next_line(system, number, line)) {
        const std::string_view text =
            write_log_line(line.record, room).substr(copied == 0 ? taken_of_line : 0);
        if (copied != 0 && copied + text.size() > bytes) break;
        const auto piece = static_cast<std::uint32_t>(text.size() < bytes ? text.size() : bytes);
        TRY(user::copy_to(call.pointer(1) + copied, text.data(), piece));
        copied += piece;
        const bool whole = piece == text.size();
        taken_of_line = whole ? 0 : taken_of_line + piece;
        read = whole ? line.record.number + 1 : line.record.number;
        if (!whole) break;
    }
    return copied;
}

std::uint32_t unread(System& system) {
    const LogReaders& readers = system.log_readers;
    std::uint32_t oldest = readers.read;
    LogRing::Line line;
    if (!next_line(system, oldest, line)) return 0;
    const LogTail all = tail(system, readers.read, ~std::size_t{0});
    return static_cast<std::uint32_t>(all.bytes) -
           (line.record.number == readers.read ? readers.taken_of_line : 0);
}

CallResult set_console_level(System& system, std::uint32_t level) {
    if (level < 1 || level > abi::kSyslogMostLevel) return Error::InvalidArgument;
    // Levels below this number are printed: 7 debug, 6 info, 4 warnings, 3 errors.
    system.console_level = level > 7   ? LogLevel::Debug
                           : level > 6 ? LogLevel::Info
                           : level > 4 ? LogLevel::Warning
                                       : LogLevel::Error;
    return 0U;
}

// What READ and its kin check before they look at the log.
Result<bool> wants_bytes(SystemCall& call) {
    const std::uint32_t bytes = call.argument(2);
    if (call.argument(1) == 0 || bytes > INT32_MAX) return Error::InvalidArgument;
    if (bytes != 0) TRY(check_buffer(call.pointer(1), bytes));
    return bytes != 0;
}

bool is_for_everybody(std::uint32_t action) {
    return action == abi::kSyslogReadAll || action == abi::kSyslogSizeBuffer;
}

CallResult call_syslog(SystemCall& call) {
    System& system = call.processes().system();
    const std::uint32_t action = call.argument(0);
    if (!is_for_everybody(action) && !call.process().credentials.is_root())
        return Error::NotPermitted;
    switch (action) {
    case abi::kSyslogClose:
    case abi::kSyslogOpen:
        return 0U;
    case abi::kSyslogRead:
        if (!TRY(wants_bytes(call))) return 0U;
        return take_lines(call, call.argument(2));
    case abi::kSyslogReadAll:
    case abi::kSyslogReadClear: {
        if (!TRY(wants_bytes(call))) return 0U;
        const std::uint32_t end = end_of_log(system);
        const std::uint32_t copied = TRY(show_all(call, call.argument(2)));
        if (action == abi::kSyslogReadClear) system.log_readers.cleared = end;
        return copied;
    }
    case abi::kSyslogClear:
        system.log_readers.cleared = end_of_log(system);
        return 0U;
    case abi::kSyslogConsoleOff:
        if (!system.log_readers.level_before.has_value())
            system.log_readers.level_before = system.console_level;
        return set_console_level(system, 1);
    case abi::kSyslogConsoleOn:
        if (system.log_readers.level_before.has_value())
            system.console_level = *system.log_readers.level_before;
        system.log_readers.level_before.reset();
        return 0U;
    case abi::kSyslogConsoleLevel:
        return set_console_level(system, call.argument(2));
    case abi::kSyslogSizeUnread:
        return unread(system);
    case abi::kSyslogSizeBuffer:
        return System::kLogBytes;
    default:
        return Error::InvalidArgument;
    }
}
SYSTEM_CALL(103, syslog, call_syslog, CallTraits::restarting());

}  // namespace
}  // namespace quire::kernel
