#include "kernel/process/script.h"

#include "kernel/abi/elf.h"

namespace quire::kernel {

namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view without_blanks_in_front(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

Result<ScriptLine> parse_script(std::string_view head) {
    constexpr std::string_view kLineEnds("\n\0", 2);
    std::string_view line = head.substr(2, abi::kScriptLineBytes - 1 - 2);
    const std::size_t end = line.find_first_of(kLineEnds);
    const bool is_cut = end == std::string_view::npos && head.size() >= abi::kScriptLineBytes;
    line = without_blanks_in_front(line.substr(0, end));
    if (line.empty()) return Error::NotExecutable;

    const std::size_t name_end = line.find_first_of(kBlanks);
    if (name_end == std::string_view::npos) {
        if (is_cut) return Error::NotExecutable;
        return ScriptLine{line, {}};
    }
    ScriptLine result{line.substr(0, name_end), without_blanks_in_front(line.substr(name_end))};
    const std::size_t last = result.argument.find_last_not_of(kBlanks);
    result.argument = result.argument.substr(0, last + 1);
    return result;
}

}  // namespace quire::kernel
