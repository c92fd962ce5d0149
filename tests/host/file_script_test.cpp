// Scripts of what programs do to their files, and the naive tree of files they are compared with.
#include "tests/host/file_script.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/host/child_run.h"
#include "tests/host/file_model.h"

namespace quire::test {
namespace {

using fs::NodeKind;

FileScript some_script(std::uint64_t seed, std::size_t steps) {
    RandomChoices choices(seed);
    return random_files(choices, steps, {});
}

TEST(FileScript, IsReadBackAsItWasPrinted) {
    const std::uint64_t first = seed();
    for (std::uint64_t i = 0; i < 20; ++i) {
        const FileScript script = some_script(first + i, 100);
        const auto read = parse_files(print(script));
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(*read, script);
    }
}

TEST(FileScript, RefusesWhatItCannotRead) {
    EXPECT_TRUE(parse_files("# a remark\n\ncreate who=1 name=2\n").has_value());
    EXPECT_FALSE(parse_files("dance\n").has_value());
    EXPECT_FALSE(parse_files("create who=x\n").has_value());
    EXPECT_FALSE(parse_files("create whom=1\n").has_value());
}

TEST(FileScript, IsShortenedToWhatTheFailureNeeds) {
    FileScript script = some_script(1, 200);
    script[50] = {.call = FileCall::Link, .value = 99};
    script[150] = {.call = FileCall::Clear, .value = 98};
    const auto has = [](const FileScript& where, std::uint32_t value, FileCall call) {
        return std::any_of(where.begin(), where.end(), [&](const FileStep& step) {
            return step.value == value && step.call == call;
        });
    };
    const FileScript shortest = shorten(script, [&](const FileScript& candidate) {
        return has(candidate, 99, FileCall::Link) && has(candidate, 98, FileCall::Clear);
    });
    EXPECT_EQ(shortest.size(), 2U);
}

TEST(FileScript, NamesAreDifferentAndNotTooLong) {
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < 200; ++i) {
        EXPECT_TRUE(names.insert(file_name(i)).second);
        EXPECT_LE(file_name(i).size(), 255U);
    }
    EXPECT_EQ(file_name(15).size(), 255U);
}

// --- The model ---

TEST(SparseBytes, AreZeroWhereNothingWasWritten) {
    SparseBytes bytes;
    bytes.write(5000, "end");
    EXPECT_EQ(bytes.size(), 5003U);
    EXPECT_EQ(bytes.read(4998, 10), std::string("\0\0end", 5));
    EXPECT_EQ(bytes.read(5003, 10), "");
    bytes.resize(5001);
    bytes.resize(6000);
    EXPECT_EQ(bytes.read(5000, 3), std::string("e\0\0", 3));
}

TEST(SparseBytes, WritesAcrossItsPieces) {
    SparseBytes bytes;
    bytes.write(4094, "abcd");
    bytes.write(4095, "X");
    EXPECT_EQ(bytes.read(4094, 4), "aXcd");
    EXPECT_EQ(bytes.all().size(), 4098U);
}

class FileModelTest : public testing::Test {
  protected:
    ModelNode& make(ModelNode& directory, const char* name, NodeKind kind) {
        return model.create(directory, name, kind);
    }
    FileModel model;
    ModelNode& root = model.root();
    ModelNode& folder = make(root, "folder", NodeKind::Directory);
    ModelNode& inner = make(folder, "inner", NodeKind::Directory);
    ModelNode& file = make(root, "file", NodeKind::File);
};

TEST_F(FileModelTest, CountsLinks) {
    EXPECT_EQ(root.links, 3U);
    EXPECT_EQ(folder.links, 3U);
    EXPECT_EQ(inner.links, 2U);
    model.link(inner, "second", file);
    EXPECT_EQ(file.links, 2U);
    EXPECT_EQ(model.paths(file).size(), 2U);
    model.rename(folder, "inner", root, "moved");
    EXPECT_EQ(root.links, 4U);
    EXPECT_EQ(folder.links, 2U);
    EXPECT_EQ(model.path(inner), "/moved");
}

TEST_F(FileModelTest, RefusesWhatRenameRefuses) {
    const auto refusal = [&](ModelNode& from, const char* old_name, ModelNode& to,
                             const char* new_name, bool no_replace = false) {
        return model.may_rename(from, old_name, to, new_name, no_replace);
    };
    EXPECT_EQ(refusal(root, "none", root, "x"), Refusals{Error::NotFound});
    EXPECT_EQ(refusal(root, "folder", inner, "x"), Refusals{Error::InvalidArgument});
    EXPECT_EQ(refusal(root, "folder", root, "file"), Refusals{Error::NotDirectory});
    EXPECT_EQ(refusal(folder, "inner", root, "file", true),
              (Refusals{Error::AlreadyExists, Error::NotDirectory}));
    EXPECT_EQ(refusal(root, "file", folder, "inner"), Refusals{Error::IsDirectory});
    EXPECT_EQ(refusal(folder, "inner", root, "folder"), Refusals{Error::NotEmpty});
    EXPECT_EQ(refusal(root, "file", root, "file"), Refusals{});
}

TEST_F(FileModelTest, KeepsAFileWithoutANameWhileItIsOpen) {
    const std::uint32_t id = file.id;
    model.open(file);
    model.remove(root, "file");
    EXPECT_EQ(model.node(id).links, 0U);
    model.close(file);
    EXPECT_EQ(model.nodes([&](const ModelNode& node) { return node.id == id; }).size(), 0U);
}

// --- Runs in a child ---

TEST(ChildRun, BringsBackWhatItLeft) {
    int figure = 0;
    const ChildReport report = run_in_child(
        [](std::size_t& step, void* figures) {
            step = 7;
            *static_cast<int*>(figures) = 42;
            return std::string();
        },
        &figure, sizeof figure);
    EXPECT_TRUE(report.ok);
    EXPECT_EQ(report.step, 7U);
    EXPECT_EQ(figure, 42);
}

TEST(ChildRun, TellsADifferenceFromACrash) {
    const ChildReport differs =
        run_in_child([](std::size_t&, void*) { return std::string("5 is not 6"); }, nullptr, 0);
    EXPECT_FALSE(differs.ok);
    EXPECT_EQ(differs.what, "5 is not 6");
    EXPECT_EQ(differs.signature, "is not ");
    const ChildReport crashes = run_in_child(
        [](std::size_t&, void*) -> std::string {
            ASSERT(1 + 1 == 3);
            return "";
        },
        nullptr, 0);
    EXPECT_FALSE(crashes.ok);
    EXPECT_NE(crashes.what.find("assertion failed"), std::string::npos) << crashes.what;
}

}  // namespace
}  // namespace quire::test
