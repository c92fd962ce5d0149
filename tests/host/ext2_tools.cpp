#include "tests/host/ext2_tools.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "fs/node.h"

namespace quire::test {

namespace {

// Debian keeps these in sbin, which is not on everybody's PATH.
std::string find_tool(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::stringstream folders(std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin");
    std::string folder;
    while (std::getline(folders, folder, ':')) {
        const std::string file = folder + "/" + name;
        if (!folder.empty() && access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

std::string read_all(std::FILE* file) {
    std::rewind(file);
    std::string text;
    char piece[4096];
    while (const std::size_t got = std::fread(piece, 1, sizeof piece, file))
        text.append(piece, got);
    return text;
}

std::string read_file(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return {};
    std::string text = read_all(file);
    std::fclose(file);
    return text;
}

// The same bytes and the same words whatever day it is, and whatever this machine's settings are.
std::vector<char*> environment() {
    static std::string fixed[] = {"LC_ALL=C", "TZ=UTC", "E2FSPROGS_FAKE_TIME=1767225600",
                                  "MKE2FS_CONFIG=/dev/null", "E2FSCK_CONFIG=/dev/null"};
    std::vector<char*> variables;
    for (std::string& variable : fixed)
        variables.push_back(variable.data());
    variables.push_back(nullptr);
    return variables;
}

ToolRun spawn(const std::string& program, std::vector<std::string> words, std::FILE* input) {
    std::FILE* output = std::tmpfile();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(input), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(output), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(output), STDERR_FILENO);
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    int status = -1;
    ToolRun run;
    if (posix_spawn(&child, program.c_str(), &files, nullptr, arguments.data(),
                    environment().data()) == 0 &&
        waitpid(child, &status, 0) == child && WIFEXITED(status))
        run.code = WEXITSTATUS(status);
    run.output = read_all(output);
    posix_spawn_file_actions_destroy(&files);
    std::fclose(output);
    return run;
}

}  // namespace

ToolRun run_tool(const std::vector<std::string>& words, const std::string& input) {
    const std::string program = find_tool(words.at(0));
    if (program.empty()) {
        ADD_FAILURE() << "there is no " << words[0] << " on this machine: "
                      << "'tools/setup.sh test' installs it (package e2fsprogs)";
        return {};
    }
    std::FILE* file = std::tmpfile();
    std::fwrite(input.data(), 1, input.size(), file);
    std::rewind(file);
    const ToolRun run = spawn(program, words, file);
    std::fclose(file);
    EXPECT_NE(run.code, -1) << words[0] << " did not end well:\n" << run.output;
    return run;
}

// In memory where that is possible: e2fsck waits until what it wrote is on the disk.
ScratchFolder::ScratchFolder() {
    const bool has_memory = access("/dev/shm", W_OK) == 0;
    const std::filesystem::path place =
        has_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    folder_ = (place / "quire-XXXXXX").string();
    EXPECT_NE(mkdtemp(folder_.data()), nullptr) << folder_;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

DiskBytes make_ext2(const Ext2Shape& shape) {
    const ScratchFolder scratch;
    const std::string file = scratch.path("image");
    DiskImage::save(DiskBytes(std::size_t{shape.blocks} * shape.block_size), file);
    std::vector<std::string> words = {"mke2fs",
                                      "-q",
                                      "-F",
                                      "-t",
                                      "ext2",
                                      "-m",
                                      "0",
                                      "-b",
                                      std::to_string(shape.block_size),
                                      "-N",
                                      std::to_string(shape.nodes),
                                      "-r",
                                      std::to_string(shape.revision),
                                      "-U",
                                      "51756972-6500-4000-8000-000000000001"};
    if (shape.revision != 0)
        words.insert(words.end(),
                     {"-I", std::to_string(shape.node_bytes), "-O", "none," + shape.features, "-E",
                      "root_owner=0:0,hash_seed=51756972-6500-4000-8000-000000000002"});
    if (shape.blocks_per_group != 0)
        words.insert(words.end(), {"-g", std::to_string(shape.blocks_per_group)});
    if (!shape.tree.empty()) words.insert(words.end(), {"-d", shape.tree});
    words.insert(words.end(), {file, std::to_string(shape.blocks)});
    const ToolRun run = run_tool(words);
    EXPECT_EQ(run.code, 0) << run.output;
    return run.code == 0 ? DiskImage::load(file) : DiskBytes();
}

ToolRun check_ext2(const DiskBytes& content) {
    const ScratchFolder scratch;
    DiskImage::save(content, scratch.path("image"));
    return run_tool({"e2fsck", "-fn", scratch.path("image")});
}

ToolRun repair_ext2(DiskBytes& content, bool everything) {
    const ScratchFolder scratch;
    DiskImage::save(content, scratch.path("image"));
    const ToolRun run = run_tool({"e2fsck", everything ? "-fy" : "-fp", scratch.path("image")});
    content = DiskImage::load(scratch.path("image"));
    return run;
}

std::string debugfs(DiskBytes& content, const std::string& commands, bool writes) {
    const ScratchFolder scratch;
    DiskImage::save(content, scratch.path("image"));
    std::vector<std::string> words = {"debugfs", "-f", "-", scratch.path("image")};
    if (writes) words.insert(words.begin() + 1, "-w");
    const ToolRun run = run_tool(words, commands);
    if (writes) content = DiskImage::load(scratch.path("image"));
    return run.output;
}

// --- Reading back ---

namespace {

using Tree = std::map<std::string, NodeOnDisk>;
constexpr std::uint32_t kDirectory = static_cast<std::uint32_t>(fs::NodeKind::Directory);
constexpr std::uint32_t kFile = static_cast<std::uint32_t>(fs::NodeKind::File);
constexpr std::uint32_t kSymbolicLink = static_cast<std::uint32_t>(fs::NodeKind::SymbolicLink);

std::string by_number(std::uint32_t number) {
    return "<" + std::to_string(number) + ">";
}

// The part of a text behind `mark`, or nothing.
const char* behind(const std::string& text, const char* mark) {
    const std::size_t at = text.find(mark);
    return at == std::string::npos ? nullptr : text.c_str() + at + std::strlen(mark);
}

class ReadBack {
  public:
    explicit ReadBack(const DiskBytes& content) : image_(scratch_.path("image")) {
        DiskImage::save(content, image_);
    }

    Tree run() {
        tree_["/"] = {.number = 2, .kind = kDirectory};
        std::vector<std::string> folders = {"/"};
        while (!folders.empty())
            folders = list(folders);
        ask_about_each();
        fetch_files();
        return std::move(tree_);
    }

  private:
    std::string ask(const std::string& commands) {
        return run_tool({"debugfs", "-f", "-", image_}, commands).output;
    }

    // Enters what these folders hold; answers the folders among it.
    std::vector<std::string> list(const std::vector<std::string>& folders) {
        std::string commands;
        for (const std::string& folder : folders)
            commands += "ls -p " + by_number(tree_[folder].number) + "\n";
        std::stringstream answer(ask(commands));
        std::vector<std::string> found;
        std::size_t which = 0;
        std::string line;
        while (std::getline(answer, line)) {
            if (line.rfind("debugfs: ls", 0) == 0) ++which;
            // /number/mode, octal/user/group/name/size/
            unsigned number = 0, mode = 0, user = 0, group = 0;
            char name[256] = {};
            if (std::sscanf(line.c_str(), "/%u/%o/%u/%u/%255[^/]/", &number, &mode, &user, &group,
                            name) != 5 ||
                number == 0 || std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
                continue;
            const std::string& folder = folders.at(which - 1);
            const std::string path = (folder == "/" ? "" : folder) + "/" + name;
            EXPECT_TRUE(
                tree_.emplace(path, NodeOnDisk{.number = number, .kind = mode >> 12}).second)
                << path << " is there twice";
            if (mode >> 12 == kDirectory) found.push_back(path);
            if (tree_.size() > kMostNodes) return {};
        }
        return found;
    }

    void ask_about_each() {
        std::string commands;
        for (const auto& [path, node] : tree_)
            commands += "stat " + by_number(node.number) + "\n";
        const std::string answer = ask(commands);
        std::size_t at = 0;
        for (auto& [path, node] : tree_) {
            at = answer.find("debugfs: stat " + by_number(node.number) + "\n", at);
            if (at == std::string::npos) {
                ADD_FAILURE() << "debugfs says nothing about " << path;
                return;
            }
            const std::size_t end = answer.find("debugfs: stat", at + 1);
            take_answer(path, node, answer.substr(at, end - at));
            ++at;
        }
    }

    static void take_answer(const std::string& path, NodeOnDisk& node, const std::string& text) {
        const char* mode = behind(text, "Mode:");
        const char* user = behind(text, "User:");
        const char* group = behind(text, "Group:");
        const char* links = behind(text, "Links:");
        const char* blocks = behind(text, "Blockcount:");
        if (mode == nullptr || user == nullptr || group == nullptr || links == nullptr ||
            blocks == nullptr) {
            ADD_FAILURE() << path << ": " << text;
            return;
        }
        node.permissions = static_cast<std::uint32_t>(std::strtoul(mode, nullptr, 8));
        node.user = static_cast<std::uint32_t>(std::strtoul(user, nullptr, 10));
        node.group = static_cast<std::uint32_t>(std::strtoul(group, nullptr, 10));
        node.links = static_cast<std::uint32_t>(std::strtoul(links, nullptr, 10));
        node.half_kib = std::strtoull(blocks, nullptr, 10);
        if (const char* target = behind(text, "Fast link dest: \""))
            node.bytes.assign(target, std::strcspn(target, "\"\n"));
    }

    void fetch_files() {
        std::string commands;
        for (const auto& [path, node] : tree_)
            if (is_fetched(node))
                commands += "dump " + by_number(node.number) + " " + file_of(node) + "\n";
        if (!commands.empty()) (void)ask(commands);
        for (auto& [path, node] : tree_)
            if (is_fetched(node)) node.bytes = read_file(file_of(node));
    }
    static bool is_fetched(const NodeOnDisk& node) {
        return node.kind == kFile || (node.kind == kSymbolicLink && node.bytes.empty());
    }
    [[nodiscard]] std::string file_of(const NodeOnDisk& node) const {
        return scratch_.path(std::to_string(node.number));
    }

    static constexpr std::size_t kMostNodes = 100'000;  // folders in a circle would have no end

    ScratchFolder scratch_;
    std::string image_;
    Tree tree_;
};

}  // namespace

std::map<std::string, NodeOnDisk> read_back(const DiskBytes& content) {
    return ReadBack(content).run();
}

}  // namespace quire::test
