// The great model test of ext2: random scripts of what programs do to their files, on small disks
// of every shape, against a tree of files in memory. After each script e2fsck has to find nothing,
// and debugfs has to read back the same names, attributes and bytes (docs/testing.md).
//
// QUIRE_SEED chooses the first script (a number, or random), QUIRE_STEPS how many steps there are
// in all. A script that fails is shortened and printed: put it into QUIRE_SCRIPT, a file, to see
// it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/host/child_run.h"
#include "tests/host/ext2_machine.h"

namespace quire::test {
namespace {

constexpr std::uint64_t kUsualSteps = sizeof(void*) == 8 ? 100'000 : 20'000;
constexpr std::size_t kStepsOfScript = 1000;

struct World {
    const char* name;
    Ext2Shape shape;
    std::uint32_t frames;  // of RAM
    FileTaste taste;
};

const World kWorlds[] = {
    {"1 KiB", {.blocks = 2048}, 1024, {}},
    {"1 KiB, eight groups", {.blocks = 2048, .nodes = 256, .blocks_per_group = 256}, 128, {}},
    {"1 KiB, tiny", {.blocks = 100, .nodes = 32}, 256, {.reach = 60'000, .names = 20}},
    {"1 KiB, far", {.blocks = 4096}, 512, {.far = 72'000'000}},
    {"2 KiB", {.block_size = 2048, .blocks = 1024, .node_bytes = 256}, 96, {}},
    {"4 KiB", {.block_size = 4096, .blocks = 1024}, 128, {}},
    {"4 KiB, small", {.block_size = 4096, .blocks = 96, .nodes = 64}, 1024, {}},
    {"revision 0", {.blocks = 2048, .revision = 0}, 128, {}},
    {"no kinds in names", {.blocks = 1024, .features = "sparse_super"}, 128, {}},
    {"many names", {.blocks = 1024, .nodes = 512}, 256, {.reach = 3000, .names = 400}},
};

/// Made once, by whoever runs scripts.
const DiskBytes& image_of(const World& world) {
    static std::map<const World*, DiskBytes> images;
    DiskBytes& image = images[&world];
    if (image.empty()) image = make_ext2(world.shape);
    return image;
}

std::string judge_disk(const DiskBytes& content, FileJudge& files) {
    const ToolRun checked = check_ext2(content);
    if (checked.code != 0) return "e2fsck: " + checked.output;
    return files.compare(read_back(content));
}

std::string finish(Ext2Machine& machine, FileJudge& files) {
    files.close_all();
    std::string wrong = files.check_all();
    if (!wrong.empty()) return "at the end: " + wrong;
    machine.check_now();
    const Result<void> synced = machine.ext2.sync();
    if (!synced.ok()) return std::string("sync: ") + error_name(synced.error());
    // Nothing may be missing on a disk that was synced, mounted or not.
    wrong = judge_disk(machine.disk.content(), files);
    if (!wrong.empty()) return "synced: " + wrong;
    wrong = machine.unmount();
    if (!wrong.empty()) return "unmount: " + wrong;
    wrong = judge_disk(machine.disk.content(), files);
    return wrong.empty() ? "" : "unmounted: " + wrong;
}

std::string run_script(const World& world, const FileScript& script, std::size_t& step,
                       FileFigures& figures) {
    Ext2Machine machine(image_of(world), world.frames);
    machine.disk.shuffle(script.size());
    std::string wrong = machine.mount();
    if (!wrong.empty()) return "mount: " + wrong;
    FileJudge files(machine);
    for (step = 0; step < script.size(); ++step) {
        wrong = files.step(script[step]);
        if (!wrong.empty()) {
            // Not taken apart: it may not be fit for that.
            std::string text = print(script[step]);
            text.pop_back();
            std::fflush(nullptr);
            return text + ": " + wrong;
        }
    }
    wrong = finish(machine, files);
    figures = files.figures();
    return wrong;
}

ChildReport run_apart(const World& world, const FileScript& script, FileFigures& figures) {
    (void)image_of(world);
    return run_in_child(
        [&](std::size_t& step, void* room) {
            FileFigures own;
            const std::string wrong = run_script(world, script, step, own);
            std::memcpy(room, &own, sizeof own);
            return wrong;
        },
        &figures, sizeof figures);
}

/// "" or all about the failure.
std::string failure_of(const World& world, const FileScript& script, FileFigures& sum) {
    FileFigures figures;
    const ChildReport report = run_apart(world, script, figures);
    sum += figures;
    if (report.ok) return "";
    FileScript cut = script;
    cut.resize(std::min(cut.size(), report.step + 1));
    const FileScript shortest = shorten(cut, [&](const FileScript& candidate) {
        FileFigures ignored;
        const ChildReport again = run_apart(world, candidate, ignored);
        return !again.ok && again.signature == report.signature;
    });
    return std::string(world.name) + ", step " + std::to_string(report.step) + ": " + report.what +
           "\nThe shortest script that fails like this:\n" + print(shortest);
}

std::uint64_t steps_wanted() {
    const char* given = std::getenv("QUIRE_STEPS");
    return given != nullptr ? std::strtoull(given, nullptr, 0) : kUsualSteps;
}

// The same scripts every time, unless others are asked for.
std::uint64_t first_seed() {
    const char* given = std::getenv("QUIRE_SEED");
    if (given == nullptr) return 1;
    const bool any = std::strcmp(given, "random") == 0;
    const std::uint64_t first = any ? std::random_device()() : std::strtoull(given, nullptr, 0);
    std::printf("QUIRE_SEED=%llu\n", static_cast<unsigned long long>(first));
    return first;
}

void print(const FileFigures& figures) {
    for (std::uint32_t i = 0; i < kFileCalls; ++i)
        std::printf("  %-10s %8u done %8u refused\n", call_name(static_cast<FileCall>(i)),
                    figures.done[i], figures.refused[i]);
    std::printf("  %u times the disk was full; %u skipped\n", figures.full, figures.skipped);
}

TEST(Ext2Model, AgreesAHundredThousandTimes) {
    FileFigures figures;
    std::uint64_t script_seed = first_seed();
    while (figures.steps() < steps_wanted() && !HasFailure()) {
        const World& world = kWorlds[script_seed % std::size(kWorlds)];
        RandomChoices choices(script_seed);
        const FileScript script = random_files(choices, kStepsOfScript, world.taste);
        const std::string failure = failure_of(world, script, figures);
        EXPECT_EQ(failure, "") << "QUIRE_SEED=" << script_seed;
        ++script_seed;
    }
    print(figures);
    if (HasFailure() || steps_wanted() < kUsualSteps) return;
    // A test that never got where it is difficult would prove nothing.
    for (std::uint32_t i = 0; i < kFileCalls; ++i)
        EXPECT_GT(figures.done[i], 10U) << call_name(static_cast<FileCall>(i));
    for (const FileCall call :
         {FileCall::Create, FileCall::Remove, FileCall::Rename, FileCall::Link, FileCall::LookUp})
        EXPECT_GT(figures.refused[static_cast<std::uint32_t>(call)], 100U) << call_name(call);
    EXPECT_GT(figures.full, 100U);
}

// The script in the file that QUIRE_SCRIPT names, on world QUIRE_WORLD, in this process: for a
// debugger.
TEST(Ext2Model, RunsTheScriptThatItIsGiven) {
    const char* name = std::getenv("QUIRE_SCRIPT");
    if (name == nullptr) return;
    const char* number = std::getenv("QUIRE_WORLD");
    const World& world = kWorlds[number != nullptr ? std::strtoul(number, nullptr, 0) : 0];
    std::ifstream file(name);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto script = parse_files(text);
    ASSERT_TRUE(script.has_value()) << name;
    std::size_t step = 0;
    FileFigures figures;
    EXPECT_EQ(run_script(world, *script, step, figures), "") << "step " << step;
}

}  // namespace
}  // namespace quire::test
