#include "kernel/process/script.h"

#include "kernel/abi/elf.h"

namespace quire::kernel {

namespace {

constexpr std::string_view kBlanks = " \t";

// The first `size` characters, or all.
std::string_view first(std::string_view text, std::size_t size) {
    return {text.data(), size < text.size() ? size : text.size()};
}

std::string_view without_blanks_in_front(std::string_view text) {
    const std::size_t blanks = text.find_first_not_of(kBlanks);
    text.remove_prefix(blanks < text.size() ? blanks : text.size());
    return text;
}

std::string_view without_blanks_behind(std::string_view text) {
    return first(text, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace

Result<ScriptLine> parse_script(std::string_view head) {
    constexpr std::string_view kLineEnds("\n\0", 2);
    const bool may_be_cut = head.size() >= abi::kScriptLineBytes;
    std::string_view line = first(head, abi::kScriptLineBytes - 1);
    line.remove_prefix(2);
    const std::size_t end = line.find_first_of(kLineEnds);
    const bool is_cut = may_be_cut && end == std::string_view::npos;
    line = without_blanks_in_front(first(line, end));
    if (line.empty()) return Error::NotExecutable;

    const std::string_view name = first(line, line.find_first_of(kBlanks));
    if (is_cut && name.size() == line.size()) return Error::NotExecutable;
    line.remove_prefix(name.size());
    return ScriptLine{name, without_blanks_behind(without_blanks_in_front(line))};
}

}  // namespace quire::kernel
