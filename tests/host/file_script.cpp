#include "tests/host/file_script.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace quire::test {

namespace {

struct Call {
    const char* name;
    std::uint32_t weight;  // how often, by chance
};

// In the order of FileCall.
constexpr Call kCalls[kFileCalls] = {
    {"create", 130},  {"write", 200},     {"read", 90},   {"resize", 60},  {"link", 30},
    {"remove", 90},   {"rename", 70},     {"lookup", 30}, {"list", 15},    {"clear", 3},
    {"readlink", 10}, {"attributes", 40}, {"change", 15}, {"open", 40},    {"close", 35},
    {"sync", 12},     {"syncall", 4},     {"remount", 2}, {"reclaim", 15}, {"check", 1},
};

struct Field {
    const char* name;
    std::uint32_t FileStep::*member;
};
constexpr Field kFields[] = {
    {"who", &FileStep::who},         {"name", &FileStep::name}, {"to", &FileStep::to},
    {"to_name", &FileStep::to_name}, {"at", &FileStep::at},     {"size", &FileStep::size},
    {"value", &FileStep::value},
};

std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

bool parse_field(std::string_view word, FileStep& step) {
    const std::size_t sign = word.find('=');
    if (sign == std::string_view::npos) return false;
    for (const Field& field : kFields) {
        if (word.substr(0, sign) != field.name) continue;
        const char* end = word.data() + word.size();
        const auto read = std::from_chars(word.data() + sign + 1, end, step.*field.member);
        return read.ec == std::errc() && read.ptr == end;
    }
    return false;
}

std::optional<FileStep> parse_step(std::string_view line) {
    FileStep step;
    const std::string_view name = next_word(line);
    std::uint32_t call = 0;
    while (call < kFileCalls && name != kCalls[call].name)
        ++call;
    if (call == kFileCalls) return std::nullopt;
    step.call = static_cast<FileCall>(call);
    while (true) {
        const std::string_view word = next_word(line);
        if (word.empty()) return step;
        if (!parse_field(word, step)) return std::nullopt;
    }
}

FileCall some_call(Choices& choices) {
    std::uint32_t sum = 0;
    for (const Call& call : kCalls)
        sum += call.weight;
    std::uint32_t at = choices.below(sum);
    for (std::uint32_t call = 0;; ++call) {
        if (at < kCalls[call].weight) return static_cast<FileCall>(call);
        at -= kCalls[call].weight;
    }
}

// A place in a file: often at the borders of blocks, pages and indirect blocks.
std::uint32_t some_place(Choices& choices, const FileTaste& taste) {
    constexpr std::uint32_t kBorders[] = {512, 1024, 4096, 12 * 1024, 12 * 4096, (12 + 256) * 1024};
    if (taste.far != 0 && choices.one_in(60)) return choices.below(taste.far);
    if (choices.one_in(3)) {
        const std::uint32_t border =
            kBorders[choices.below(std::size(kBorders))] * (1 + choices.below(3));
        const std::uint32_t place = border - 20 + choices.below(40);
        if (place < taste.reach) return place;
    }
    return choices.below(choices.one_in(3) ? taste.reach : 20'000);
}

}  // namespace

const char* call_name(FileCall call) {
    return kCalls[static_cast<std::uint32_t>(call)].name;
}

std::string file_name(std::uint32_t number) {
    std::string name = "n" + std::to_string(number);
    if (number % 16 == 15) name.append(255 - name.size(), 'x');
    if (number % 16 == 14) name.append(100 - name.size(), 'y');
    return name;
}

std::string print(const FileStep& step) {
    std::string text = call_name(step.call);
    for (const Field& field : kFields)
        if (step.*field.member != 0)
            text += std::string(" ") + field.name + "=" + std::to_string(step.*field.member);
    return text + "\n";
}

std::string print(const FileScript& script) {
    std::string text;
    for (const FileStep& step : script)
        text += print(step);
    return text;
}

std::optional<FileScript> parse_files(std::string_view text) {
    FileScript script;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = line.substr(0, line.find('#'));
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        const std::optional<FileStep> step = parse_step(line);
        if (!step.has_value()) return std::nullopt;
        script.push_back(*step);
    }
    return script;
}

FileScript random_files(Choices& choices, std::size_t steps, const FileTaste& taste) {
    FileScript script;
    while (script.size() < steps) {
        FileStep step;
        step.call = some_call(choices);
        if (step.call == FileCall::Remount && !taste.remounts) continue;
        step.who = choices.below(64);
        step.to = choices.one_in(2) ? step.who : choices.below(64);
        step.name = choices.below(taste.names);
        step.to_name = choices.below(taste.names);
        step.at = some_place(choices, taste);
        step.size = step.call == FileCall::Resize ? some_place(choices, taste)
                    : choices.one_in(4)           ? choices.below(40'000)
                                                  : choices.below(3000);
        step.value = choices.below(256);
        script.push_back(step);
    }
    return script;
}

FileScript shorten(FileScript script, const std::function<bool(const FileScript&)>& fails) {
    for (bool better = true; better;) {
        better = false;
        for (std::size_t run = std::max<std::size_t>(script.size() / 2, 1);; run /= 2) {
            // From the end on, so that the places of those before stay.
            for (std::size_t end = script.size(); end > 0; end = end > run ? end - run : 0) {
                const std::size_t first = end > run ? end - run : 0;
                FileScript candidate = script;
                candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(first),
                                candidate.begin() + static_cast<std::ptrdiff_t>(end));
                if (!fails(candidate)) continue;
                script = std::move(candidate);
                better = true;
            }
            if (run <= 1) break;
        }
    }
    return script;
}

}  // namespace quire::test
