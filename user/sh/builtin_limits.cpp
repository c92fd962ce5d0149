// The built-in command ulimit: how much the shell and what it starts may have. POSIX ulimit(1),
// with the kinds of getrlimit(2) that make sense here.
//
//     ulimit -v 8192           programs from here on get 8 MiB of addresses
//     ulimit -a                all limits; -H: the hard ones, to which a soft one may be raised
#include <array>

#include "kernel/abi/resource.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/sh/builtins.h"
#include "user/sh/number.h"
#include "user/sh/option_letters.h"
#include "user/system.h"

namespace quire::shell {
namespace {

struct Kind {
    char letter;
    std::uint32_t number;
    unsigned unit;  // bytes
    const char* text;
};
constexpr std::array<Kind, 10> kKinds{{
    {'c', abi::kLimitCore, 512, "core file (blocks)"},
    {'d', abi::kLimitData, 1024, "data (KiB)"},
    {'f', abi::kLimitFileSize, 512, "file (blocks)"},
    {'l', abi::kLimitLockedMemory, 1024, "locked memory (KiB)"},
    {'m', abi::kLimitResident, 1024, "memory in RAM (KiB)"},
    {'n', abi::kLimitFiles, 1, "open files"},
    {'p', abi::kLimitProcesses, 1, "processes"},
    {'s', abi::kLimitStack, 1024, "stack (KiB)"},
    {'t', abi::kLimitCpu, 1, "time (seconds)"},
    {'v', abi::kLimitAddressSpace, 1024, "addresses (KiB)"},
}};
constexpr const char* kNone = "unlimited";

const Kind* find_kind(char letter) {
    for (const Kind& kind : kKinds)
        if (kind.letter == letter) return &kind;
    return nullptr;
}

long change_limit(const Kind& kind, const abi::ResourceLimit64* wanted,
                  abi::ResourceLimit64& before) {
    return system_call(SYS_prlimit64, 0, kind.number, wanted, &before);
}

struct How {
    bool soft = false, hard = false, all = false;
    const Kind* kind = find_kind('f');
};

void show(const Kind& kind, const How& how) {
    abi::ResourceLimit64 limit{};
    static_cast<void>(change_limit(kind, nullptr, limit));
    const std::uint64_t value = how.hard && !how.soft ? limit.hard : limit.soft;
    if (how.all) say("-%c %-22s", kind.letter, kind.text);
    if (value == abi::kNoLimit64)
        say("%s\n", kNone);
    else
        say("%llu\n", static_cast<unsigned long long>(value / kind.unit));
}

/// In bytes; nothing if it is no number, or too large a one.
std::optional<std::uint64_t> parse_value(const char* text, unsigned unit) {
    std::uint64_t bytes = 0;
    if (strcmp(text, kNone) == 0) return abi::kNoLimit64;
    const auto number = to_integer(text);
    if (!number || *number < 0) return std::nullopt;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(*number), unit, &bytes))
        return std::nullopt;
    return bytes;
}

/// Both the soft and the hard limit, if none of the two is asked for.
long set(const Kind& kind, const How& how, std::uint64_t value) {
    abi::ResourceLimit64 limit{};
    const long error = change_limit(kind, nullptr, limit);
    if (error < 0) return error;
    if (how.soft || !how.hard) limit.soft = value;
    if (how.hard || !how.soft) limit.hard = value;
    abi::ResourceLimit64 before{};
    return change_limit(kind, &limit, before);
}

}  // namespace

int do_limit(Shell& shell, Arguments arguments) {
    How how;
    OptionLetters letters(arguments);
    while (const char letter = letters.next()) {
        const Kind* const kind = find_kind(letter);
        how.hard |= letter == 'H';
        how.soft |= letter == 'S';
        how.all |= letter == 'a';
        if (kind != nullptr)
            how.kind = kind;
        else if (std::string_view("HSa").find(letter) == std::string_view::npos)
            return misused(shell, arguments, "there is no such limit");
    }
    const Arguments operands = letters.operands();
    if (operands.size() > (how.all ? 0 : 1)) return misused(shell, arguments, "too many arguments");
    if (operands.empty()) {
        for (const Kind& kind : kKinds)
            if (how.all || &kind == how.kind) show(kind, how);
        return 0;
    }
    const auto value = parse_value(operands[0], how.kind->unit);
    if (!value) return misused(shell, arguments, "a limit is a number, or unlimited");
    const long error = set(*how.kind, how, *value);
    return error < 0 ? failed(shell, arguments, operands[0], error) : 0;
}

}  // namespace quire::shell
