// What FileJudge hands to a file system and gets back from it, as strings.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fs/node.h"

namespace quire::test {

inline std::optional<Error> error_of(const Result<void>& result) {
    if (result.ok()) return std::nullopt;
    return result.error();
}
template <typename T>
std::optional<Error> error_of(const Result<T>& result) {
    if (result.ok()) return std::nullopt;
    return result.error();
}

// Takes what comes, and checks nothing but that no more comes than was asked for.
class StringSink final : public fs::ByteSink {
  public:
    explicit StringSink(std::size_t room) : room_(room) {}
    Result<void> take(std::span<const std::byte> piece) override {
        EXPECT_LE(text.size() + piece.size(), room_);
        text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return {};
    }
    std::string text;

  private:
    std::size_t room_;
};

struct Listed {
    std::string name;
    std::uint32_t number;
    fs::NodeKind kind;
};

// Has room for some entries a call.
class Lister final : public fs::DirectoryVisitor {
  public:
    explicit Lister(std::size_t room) : room_(room) {}
    bool visit(const fs::DirectoryEntry& entry) override {
        if (found.size() == room_) return false;
        found.push_back({std::string(entry.name), entry.number, entry.kind});
        return true;
    }
    std::vector<Listed> found;

  private:
    std::size_t room_;
};

inline constexpr std::size_t kMostEntries = 100'000;  // a list that does not end is wrong

/// "byte 7 is 1 where 2 was expected", or that the sizes differ. Precondition: something does.
std::string where_they_differ(const std::string& real, const std::string& model);

}  // namespace quire::test

// What finding a node came to, in a step of FileJudge that goes on only if it was found.
#define FIND(name, node)                                               \
    const auto found_##name = find(node);                              \
    if (!found_##name.ok()) return judge(found_##name.error(), {}, 0); \
    Node& name = *found_##name.value()
