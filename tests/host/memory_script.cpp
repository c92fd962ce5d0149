#include "tests/host/memory_script.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace quire::test {

namespace {

// One field of a step. With words, its bits are written by name.
struct Field {
    const char* name;
    std::uint32_t MemoryStep::*member;
    std::span<const char* const> words = {};
};

constexpr const char* kMapWords[] = {"fixed",    "noreplace", "shared", "growsdown", "noreserve",
                                     "populate", "locked",    "rdonly", "wronly"};
constexpr const char* kProtectWords[] = {"growsdown"};
constexpr const char* kRemapWords[] = {"maymove", "fixed", "dontunmap"};
constexpr const char* kSyncWords[] = {"wait", "invalidate"};
constexpr const char* kLockWords[] = {"onfault", "current", "future"};
constexpr const char* kDiskWords[] = {"reads", "writes"};
constexpr const char* kLimitWords[] = {"space", "data", "stack", "locked", "maylock"};

constexpr Field kAt{"at", &MemoryStep::at};
constexpr Field kSize{"size", &MemoryStep::size};
constexpr Field kTo{"to", &MemoryStep::to};
constexpr Field kLength{"length", &MemoryStep::length};
constexpr Field kRights{"rights", &MemoryStep::rights};
constexpr Field kObject{"object", &MemoryStep::object};
constexpr Field kPage{"page", &MemoryStep::page};
constexpr Field kValue{"value", &MemoryStep::value};
constexpr Field flags(std::span<const char* const> words) {
    return {"flags", &MemoryStep::flags, words};
}

struct Call {
    const char* name;
    std::array<Field, 6> fields;  // those without a name are none
};

// In the order of MemoryCall.
constexpr Call kCalls[kMemoryCalls] = {
    {"mmap", {kAt, kSize, kRights, flags(kMapWords), kObject, kPage}},
    {"munmap", {kAt, kSize}},
    {"mprotect", {kAt, kSize, kRights, flags(kProtectWords)}},
    {"brk", {kAt}},
    {"mremap", {kAt, kSize, kTo, kLength, flags(kRemapWords)}},
    {"madvise", {kAt, kSize, kValue}},
    {"mincore", {kAt, kSize}},
    {"msync", {kAt, kSize, flags(kSyncWords)}},
    {"mlock", {kAt, kSize, flags(kLockWords)}},
    {"munlock", {kAt, kSize}},
    {"mlockall", {flags(kLockWords)}},
    {"munlockall", {}},
    {"fork", {kValue}},
    {"exit", {}},
    {"spawn", {}},
    {"load", {kAt, kSize}},
    {"store", {kAt, kSize, kValue}},
    {"prefetch", {kAt}},
    {"reclaim", {kValue}},
    {"background", {}},
    {"dropclean", {}},
    {"disk", {kObject, flags(kDiskWords), kValue}},
    {"limit", {flags(kLimitWords), kValue}},
    {"swapoff", {kValue}},
    {"check", {}},
};

const Call& call_of(MemoryCall call) {
    return kCalls[static_cast<std::uint32_t>(call)];
}

std::string hexadecimal(std::uint32_t value) {
    char text[16];
    std::snprintf(text, sizeof text, "%x", value);
    return text;
}

// Bits without a word are added as a number, so that nothing is lost.
std::string print_words(std::uint32_t bits, std::span<const char* const> words) {
    std::string text;
    const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : "|") + word; };
    for (std::size_t i = 0; i < words.size(); ++i) {
        if ((bits >> i & 1) == 0) continue;
        add(words[i]);
        bits &= ~(1U << i);
    }
    if (bits != 0 || text.empty()) add(hexadecimal(bits));
    return text;
}

// --- Reading back in ---

std::string_view next_word(std::string_view& text, std::string_view separators) {
    const std::size_t first = text.find_first_not_of(separators);
    if (first == std::string_view::npos) return text = {};
    text.remove_prefix(first);
    const std::string_view word = text.substr(0, text.find_first_of(separators));
    text.remove_prefix(word.size());
    return word;
}

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_words(std::string_view text,
                                         std::span<const char* const> words) {
    std::uint32_t bits = 0;
    while (true) {
        const std::string_view word = next_word(text, "|");
        if (word.empty()) return bits;
        std::size_t i = 0;
        while (i < words.size() && word != words[i])
            ++i;
        if (i < words.size()) {
            bits |= 1U << i;
        } else {
            const std::optional<std::uint32_t> number = parse_number(word, 16);
            if (!number.has_value()) return std::nullopt;
            bits |= *number;
        }
    }
}

// "name=value": splits it.
std::string_view take_name(std::string_view& word) {
    const std::size_t sign = word.find('=');
    if (sign == std::string_view::npos) return {};
    const std::string_view name = word.substr(0, sign);
    word.remove_prefix(sign + 1);
    return name;
}

bool parse_world(std::string_view line, MemoryWorld& world) {
    while (true) {
        std::string_view word = next_word(line, " \t");
        if (word.empty()) return true;
        const std::string_view name = take_name(word);
        const std::optional<std::uint32_t> value = parse_number(word, 10);
        if (!value.has_value()) return false;
        if (name == "frames") {
            world.frames = *value;
        } else if (name == "swap") {
            world.swap = *value;
        } else if (name == "swap2") {
            world.swap2 = *value;
        } else if (name == "overcommit") {
            world.overcommit = *value;
        } else if (name == "policy") {
            world.policy = *value;
        } else {
            return false;
        }
    }
}

bool parse_field(std::string_view word, const Call& call, MemoryStep& step) {
    const std::string_view name = take_name(word);
    for (const Field& field : call.fields) {
        if (field.name == nullptr || name != field.name) continue;
        const std::optional<std::uint32_t> value =
            field.words.empty() ? parse_number(word, 16) : parse_words(word, field.words);
        if (!value.has_value()) return false;
        step.*field.member = *value;
        return true;
    }
    return false;
}

std::optional<MemoryStep> parse_step(std::string_view process, std::string_view line) {
    MemoryStep step;
    const std::optional<std::uint32_t> number = parse_number(process, 10);
    const std::string_view name = next_word(line, " \t");
    std::uint32_t call = 0;
    while (call < kMemoryCalls && name != kCalls[call].name)
        ++call;
    if (!number.has_value() || *number >= kProcesses || call == kMemoryCalls) return std::nullopt;
    step.process = *number;
    step.call = static_cast<MemoryCall>(call);
    while (true) {
        const std::string_view word = next_word(line, " \t");
        if (word.empty()) return step;
        if (!parse_field(word, kCalls[call], step)) return std::nullopt;
    }
}

}  // namespace

const char* call_name(MemoryCall call) {
    return call_of(call).name;
}

MemoryStep without_idle_fields(const MemoryStep& step) {
    MemoryStep kept;
    kept.call = step.call;
    kept.process = step.process;
    for (const Field& field : call_of(step.call).fields)
        if (field.name != nullptr) kept.*field.member = step.*field.member;
    return kept;
}

std::string print(const MemoryStep& step) {
    const Call& call = call_of(step.call);
    std::string text = std::to_string(step.process) + " " + call.name;
    for (const Field& field : call.fields) {
        if (field.name == nullptr) continue;
        const std::uint32_t value = step.*field.member;
        if (value == 0 && field.member != &MemoryStep::at && field.member != &MemoryStep::size)
            continue;
        text += std::string(" ") + field.name + "=";
        text += field.words.empty() ? hexadecimal(value) : print_words(value, field.words);
    }
    return text;
}

std::string MemoryScript::print() const {
    char line[128];
    std::snprintf(line, sizeof line, "world frames=%u swap=%u swap2=%u overcommit=%u policy=%u\n",
                  world.frames, world.swap, world.swap2, world.overcommit, world.policy);
    std::string text = line;
    for (const MemoryStep& step : steps)
        text += test::print(step) + "\n";
    return text;
}

std::optional<MemoryScript> MemoryScript::parse(std::string_view text) {
    MemoryScript script;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        line = line.substr(0, line.find('#'));
        const std::string_view first = next_word(line, " \t");
        if (first.empty()) continue;
        if (first == "world") {
            if (!parse_world(line, script.world)) return std::nullopt;
            continue;
        }
        const std::optional<MemoryStep> step = parse_step(first, line);
        if (!step.has_value()) return std::nullopt;
        script.steps.push_back(*step);
    }
    return script;
}

}  // namespace quire::test
