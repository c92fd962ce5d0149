// Scripts without sense for the shell: its parser reads any bytes to their end, and what it makes
// of them can be copied and its words expanded. Nothing is run.
//
// The text comes line by line, as from a terminal, in a room of its own, so that ASan sees whoever
// reads behind it.
#include <cstdint>
#include <memory>
#include <vector>

#include "user/arena.h"
#include "user/sh/expansion.h"
#include "user/sh/parser.h"
#include "user/sh/tree_copy.h"

using namespace quire;
using namespace quire::shell;

namespace {

class Lines final : public Source {
  public:
    Lines(const char* text, std::size_t size) : text_(text), size_(size) {}

    std::string_view next_line() override {
        const std::size_t start = used_;
        while (used_ < size_ && text_[used_++] != '\n') {
        }
        return {text_ + start, used_ - start};
    }

  private:
    const char* text_;
    std::size_t size_;
    std::size_t used_ = 0;
};

/// Some that stand for each other, for nothing, for what is open.
class FewAliases final : public AliasLookup {
  public:
    std::optional<std::string_view> alias(std::string_view name) const override {
        if (name == "a") return "b a ";
        if (name == "b") return "if a; then `a` ";
        if (name == "c") return "";
        if (name == "d") return "$(b; d) '";
        return std::nullopt;
    }
};

/// Three files in every folder, but only a few folders deep: stars between slashes would find 3^n.
class FewFiles final : public Names {
  public:
    void list(const char* folder, void (*found)(void*, std::string_view), void* context) override {
        if (std::string_view(folder).size() > kLongestFolder) return;
        for (const std::string_view name : {"a", "ab", "b.c"})
            found(context, name);
    }
    bool exists(const char*) override { return true; }

  private:
    static constexpr std::size_t kLongestFolder = 12;
};

class World final : public ExpansionWorld {
  public:
    std::optional<std::string_view> value(std::string_view name) override {
        if (name == "IFS") return " :";
        if (name.size() == 1) return "12";
        if (name.size() == 2) return " a*:b\\ ";
        return std::nullopt;
    }
    bool assign(std::string_view, std::string_view) override { return true; }
    void fail(std::string_view, std::string_view) override { failed_ = true; }
    bool has_failed() override { return failed_; }
    std::span<char* const> arguments() override { return arguments_; }
    std::optional<std::string_view> special(char) override { return "7"; }
    std::string_view output_of(const AndOr*) override { return "out put"; }
    std::optional<std::string_view> home_of(std::string_view user) override {
        if (user.size() > 1) return std::nullopt;
        return "/home/u";
    }
    bool refuses_unset() override { return false; }
    bool finds_files() override { return true; }

  private:
    char first_[4] = "x y";
    char second_[1] = "";
    char* arguments_[2] = {first_, second_};
    bool failed_ = false;
};

void expand(const Command& command, Arena& arena) {
    if (command.kind != Command::Kind::Simple) return;
    World world;
    FewFiles names;
    Expander expander(arena, world, names);
    static_cast<void>(expander.fields(command.simple->words));
    for (const Assignment* one = command.simple->assignments; one != nullptr; one = one->next)
        static_cast<void>(expander.value(one->value));
    for (const Redirection* one = command.redirections; one != nullptr; one = one->next)
        static_cast<void>(expander.text(one->target));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::vector<std::byte> room(std::size_t{64} << 20);
    const std::unique_ptr<char[]> text(new char[size]);
    std::copy(data, data + size, text.get());
    Arena arena(room);
    arena.on_exhausted([](void*) { __builtin_trap(); }, nullptr);  // so short a text needs less
    Lines lines(text.get(), size);
    const FewAliases aliases;
    Parser parser(lines, 1, &aliases, arena);
    while (parser.parse_line() == Parser::Outcome::Parsed)
        for (AndOr* one = parser.list(); one != nullptr; one = one->next) {
            Command group;
            group.kind = Command::Kind::Group;
            group.list = one;
            Function function{"f", &group};
            static_cast<void>(TreeCopy(arena).copy(&function));
            for (Pipeline* pipeline = one->first; pipeline != nullptr; pipeline = pipeline->next)
                for (Command* command = pipeline->first; command != nullptr;
                     command = command->next)
                    expand(*command, arena);
        }
    return 0;
}
