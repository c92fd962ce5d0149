// kernel/process/process_files: /proc/PID as a program sees it, through the file calls.
#include "kernel/process/process_files.h"

#include <memory>

#include "fs/name_search.h"
#include "kernel/process/limits.h"
#include "tests/host/file_machine.h"

namespace quire::kernel {
namespace {

using fs::NodeKind;
using mm::VirtAddr;
using test::FileTest;

constexpr std::uint32_t kPage = mm::kPageSize;
constexpr std::uint32_t kText = 0x8048000;

/// The kernel around /proc: the caller is whom the test says, memory is read through the space.
class TestHost final : public ProcessHost {
  public:
    explicit TestHost(fs::FileLayer& layer) : layer_(layer) {}
    std::string_view path_of(fs::Node& node) override {
        const auto path = fs::find_path(layer_, node, room_);
        return path.ok() ? path.value() : std::string_view();
    }
    Process* caller() override { return now; }
    ProcessId caller_thread() override { return thread_now; }
    ProcessSurroundings surroundings(Process&) override {
        return {.foreground_group = 1, .memory_total = mm::PageCount(1000)};
    }
    Result<void> read_memory(Process& process, VirtAddr from, std::span<std::byte> to) override {
        mm::AddressSpace& space = process.memory->space;
        for (std::size_t i = 0; i < to.size(); ++i) {
            const VirtAddr at = from + static_cast<std::uint32_t>(i);
            const mm::PageNumber page = page_of(at);
            if (space.regions().find(page) == nullptr) return Error::BadAddress;
            EXPECT_TRUE(
                is_resolved(space.populate({page, page + mm::PageCount(1)}, mm::Access::Read)));
            to[i] = mm::frame_bytes(space.pages().entry(page).frame())[mm::offset_in_page(at)];
        }
        return {};
    }
    ProcessId thread_now = 0;
    Process* now = nullptr;

  private:
    fs::FileLayer& layer_;
    std::array<char, 4096> room_{};
};

class ProcessFilesTest : public FileTest {
  protected:
    ProcessFilesTest() {
        p.mkdir("/proc");
        EXPECT_EQ(test::answer(p.calls.mount(proc, "proc", "/proc")), "OK");
        child.name = {'s', 'h'};
        child.limits = default_limits();
        host.now = &child;
    }
    ~ProcessFilesTest() override {
        host.now = nullptr;
        p.table.close_all();
        p.become(0, 0);
        EXPECT_EQ(test::answer(p.calls.unmount("/proc")), "OK");
        proc.tree().check_invariants();
        if (table.find(2) != nullptr) {
            strip();
            table.undo(child);
        }
        table.undo(init);
    }
    void strip() {
        child.memory = nullptr;
        while (child.threads.pop_front() != nullptr) {
        }
        if (memory != nullptr) memory->executable = {};
    }
    // A page of memory with arguments in it, and an executable.
    void give_memory() {
        memory = std::make_unique<ProgramMemory>(world.machine.memory,
                                                 mm::UserPages::create(world.machine.memory).take(),
                                                 mm::MemoryLimits{});
        child.memory = memory.get();
        mm::MapRequest request;
        request.address = VirtAddr(kText);
        request.bytes = 2 * kPage;
        request.place = mm::MapRequest::Place::Fixed;
        request.rights = mm::Rights::read() | mm::Rights::write();
        ASSERT_TRUE(memory->space.map(request).ok());
        const mm::PageNumber page = page_of(VirtAddr(kText));
        ASSERT_TRUE(is_resolved(
            memory->space.populate({page, page + mm::PageCount(1)}, mm::Access::Write)));
        std::byte* const bytes = mm::frame_bytes(memory->space.pages().entry(page).frame());
        std::memcpy(bytes + 16, "sh\0-c\0A=1\0B=2\0", 14);
        memory->arguments_start = kText + 16;
        memory->arguments_end = kText + 22;
        memory->environment_end = kText + 30;
    }
    void give_files() {
        leader.files = &files;
        leader.place = &place;
        child.threads.push_back(leader);
        place.view.root = place.view.directory = world.mounts.root();
    }
    void become_user(std::uint32_t user) {
        reader.credentials.user = reader.credentials.real_user = user;
        reader.saved_user = user;
        host.now = &reader;
        p.become(user, 0);
    }
    std::uint32_t nodes() {
        std::uint32_t live = 0;
        world.machine.slabs.walk([&](const mm::SlabCache& cache) {
            if (std::string_view(cache.name()) == "proc_inode") live = cache.statistics().live;
        });
        return live;
    }

    fs::Procfs proc{world.machine.memory, world.time};
    mm::ObjectCache<Process> processes{world.machine.slabs, "process"};
    ProcessTable table{processes};
    TestHost host{world.layer};
    ProcessFiles process_files{proc, world.machine.memory, world.machine.slabs, table, host};
    Process& init = *table.create(nullptr).take();
    Process& child = *table.create(&init).take();
    Thread leader{2, &child};
    Process reader{77};
    std::unique_ptr<ProgramMemory> memory;
    FileTable files{world.block_cache};
    WorkingPlace place;
};

TEST_F(ProcessFilesTest, EachProcessHasADirectory) {
    const auto names = p.list("/proc");
    EXPECT_EQ(names, (std::map<std::string, NodeKind>{{"1", NodeKind::Directory},
                                                      {"2", NodeKind::Directory},
                                                      {"self", NodeKind::SymbolicLink},
                                                      {"thread-self", NodeKind::SymbolicLink}}));
    EXPECT_EQ(p.stat("/proc/1"), "OK");
    EXPECT_EQ(p.stat("/proc/3"), "ENOENT");
    for (const char* name : {"/proc/0", "/proc/01", "/proc/+1", "/proc/1x", "/proc/99999999999"})
        EXPECT_EQ(p.stat(name), "ENOENT") << name;
}

TEST_F(ProcessFilesTest, AListIsReadInPiecesToo) {
    std::vector<Process*> more;
    for (int i = 0; i < 40; ++i)
        more.push_back(table.create(&init).take());
    EXPECT_EQ(p.list("/proc", 64).size(), 44U);
    EXPECT_EQ(p.list("/proc/1", 64), p.list("/proc/1"));
    for (Process* process : more)
        table.undo(*process);
}

TEST_F(ProcessFilesTest, SelfIsTheCaller) {
    EXPECT_EQ(p.readlink("/proc/self"), "2");
    EXPECT_EQ(p.get("/proc/self/comm"), "sh\n");
    host.now = &init;
    EXPECT_EQ(p.readlink("/proc/self"), "1");
    host.now = nullptr;
    EXPECT_EQ(p.readlink("/proc/self"), "ENOENT");
}

TEST_F(ProcessFilesTest, ADirectoryHasLinuxsFiles) {
    const auto names = p.list("/proc/2");
    EXPECT_EQ(names.size(), ProcessFiles::entries().size());
    EXPECT_EQ(names.at("status"), NodeKind::File);
    EXPECT_EQ(names.at("fd"), NodeKind::Directory);
    EXPECT_EQ(names.at("exe"), NodeKind::SymbolicLink);
    EXPECT_EQ(p.stat("/proc/2/nothing"), "ENOENT");
    EXPECT_EQ(p.get("/proc/2/stat").substr(0, 12), "2 (sh) Z 1 0");
}

// Threads 3 and 4 beside the leader, 2.
class ThreadFilesTest : public ProcessFilesTest {
  protected:
    ThreadFilesTest() {
        for (Thread* thread : {&leader, &third, &fourth})
            child.threads.push_back(*thread);
        third.own_name = {'w', 'o', 'r', 'k'};
        third.start_time = 7;
    }
    ~ThreadFilesTest() override {
        while (child.threads.pop_front() != nullptr) {
        }
    }
    Thread third{table.take_thread_id(child).value(), &child},
        fourth{table.take_thread_id(child).value(), &child};
};

TEST_F(ThreadFilesTest, EachThreadHasADirectoryWithTheSameFiles) {
    EXPECT_EQ(
        p.list("/proc/2/task"),
        (std::map<std::string, NodeKind>{
            {"2", NodeKind::Directory}, {"3", NodeKind::Directory}, {"4", NodeKind::Directory}}));
    EXPECT_EQ(p.list("/proc/2/task", 40).size(), 3U) << "in pieces";
    auto names = p.list("/proc/2");
    names.erase("task");
    EXPECT_EQ(p.list("/proc/2/task/3"), names);
    EXPECT_EQ(p.stat("/proc/2/task/3/task"), "ENOENT");
    EXPECT_EQ(p.get("/proc/2/task/2/comm"), "sh\n");
    EXPECT_EQ(p.get("/proc/2/task/3/comm"), "work\n");
    EXPECT_EQ(p.get("/proc/2/task/3/stat").substr(0, 12), "3 (work) R 1");
    for (const char* name : {"1", "5", "03", "x", "self"})
        EXPECT_EQ(p.stat("/proc/2/task/" + std::string(name)), "ENOENT") << name;
}

TEST_F(ThreadFilesTest, TheWayUpAndTheNumbersAreRight) {
    EXPECT_EQ(p.chdir("/proc/2/task/3/fd"), "OK");
    EXPECT_EQ(p.getcwd(), "/proc/2/task/3/fd");
    EXPECT_EQ(p.get("../comm"), "work\n");
    EXPECT_EQ(p.get("../../../comm"), "sh\n");
    EXPECT_EQ(p.chdir("/"), "OK");
    std::set<std::uint64_t> numbers;
    for (const char* name : {"/proc/2", "/proc/2/task", "/proc/2/comm", "/proc/2/task/2",
                             "/proc/2/task/2/comm", "/proc/2/task/3", "/proc/2/task/3/comm"})
        EXPECT_TRUE(numbers.insert(p.attributes(name).number).second) << name;
    EXPECT_EQ(p.open("/proc/2/task"), "OK");
    for (const auto& entry : p.entries(p.last, 4096)) {
        if (entry.name != "4") {
            EXPECT_EQ(numbers.count(entry.number), 1U) << entry.name;
        }
    }
    EXPECT_EQ(nodes(), 1U);  // the open one
}

TEST_F(ThreadFilesTest, WhatIsOpenOfAThreadThatHasGoneIsGone) {
    EXPECT_EQ(p.open("/proc/2/task/3/comm"), "OK");
    const auto file = p.last;
    child.threads.remove(third);
    EXPECT_EQ(p.stat("/proc/2/task/3"), "ENOENT");
    EXPECT_EQ(p.read(file, 10), "ESRCH");
    Thread again(3, &child);
    again.start_time = 8;
    child.threads.push_back(again);
    EXPECT_EQ(p.read(file, 10), "ESRCH") << "another with its number";
    child.threads.remove(again);
    child.threads.push_back(third);
    EXPECT_EQ(p.read(file, 10), "work\n");
}

TEST_F(ThreadFilesTest, ALeaderThatHasEndedIsAZombieInTheList) {
    child.threads.remove(leader);
    EXPECT_EQ(p.list("/proc/2/task").size(), 3U);
    EXPECT_EQ(p.get("/proc/2/task/2/stat").substr(0, 8), "2 (sh) Z");
    EXPECT_EQ(p.get("/proc/2/stat").substr(0, 8), "2 (sh) Z");
}

TEST_F(ThreadFilesTest, ThreadSelfIsTheReader) {
    host.thread_now = 3;
    EXPECT_EQ(p.readlink("/proc/thread-self"), "2/task/3");
    EXPECT_EQ(p.get("/proc/thread-self/comm"), "work\n");
    p.put("/proc/thread-self/comm", "other");
    EXPECT_EQ(p.get("/proc/2/task/3/comm"), "other\n");
    EXPECT_EQ(p.get("/proc/2/comm"), "sh\n");
    host.now = nullptr;
    EXPECT_EQ(p.readlink("/proc/thread-self"), "ENOENT");
}

TEST_F(ProcessFilesTest, NothingIsLeftOfNodes) {
    EXPECT_EQ(p.get("/proc/2/comm"), "sh\n");
    EXPECT_EQ(p.list("/proc/2/fd").size(), 0U);
    EXPECT_EQ(nodes(), 0U);
}

TEST_F(ProcessFilesTest, NumbersTellNodesApart) {
    std::set<std::uint64_t> numbers;
    EXPECT_EQ(p.open("/proc/2"), "OK");
    for (const auto& entry : p.entries(p.last, 4096))
        EXPECT_TRUE(numbers.insert(entry.number).second) << entry.name;
    EXPECT_EQ(p.attributes("/proc/2/comm").number, p.attributes("/proc/2/comm").number);
    EXPECT_NE(p.attributes("/proc/2/comm").number, p.attributes("/proc/1/comm").number);
    EXPECT_EQ(numbers.count(p.attributes("/proc/2/comm").number), 1U);
    EXPECT_EQ(numbers.count(p.attributes("/proc").number), 1U) << "..";
}

TEST_F(ProcessFilesTest, DotsLeadUpAndTheWayDownIsFound) {
    EXPECT_EQ(p.chdir("/proc/2/fd"), "OK");
    EXPECT_EQ(p.getcwd(), "/proc/2/fd");
    EXPECT_EQ(p.get("../comm"), "sh\n");
    EXPECT_EQ(p.get("../../2/comm"), "sh\n");
    EXPECT_EQ(p.chdir("/"), "OK");
}

TEST_F(ProcessFilesTest, CommandLineAndEnvironmentAreTheProgramsOwn) {
    EXPECT_EQ(p.get("/proc/2/cmdline"), "") << "without memory";
    give_memory();
    EXPECT_EQ(p.get("/proc/2/cmdline"), std::string("sh\0-c\0", 6));
    EXPECT_EQ(p.get("/proc/2/environ"), std::string("A=1\0B=2\0", 8));
    memory->arguments_end = 0x9000000;
    EXPECT_EQ(p.open("/proc/2/cmdline"), "OK");
    EXPECT_EQ(p.read(p.last), "EFAULT") << "unmapped meanwhile";
}

TEST_F(ProcessFilesTest, MapsAreSeen) {
    EXPECT_EQ(p.get("/proc/2/maps"), "");
    give_memory();
    EXPECT_EQ(p.get("/proc/2/maps"), "08048000-0804a000 rw-p 00000000 00:00 0 \n");
    EXPECT_EQ(p.get("/proc/2/smaps").substr(0, 40), "08048000-0804a000 rw-p 00000000 00:00 0 ");
    EXPECT_EQ(p.get("/proc/2/statm"), "2 1 0 0 0 2 0\n");
}

TEST_F(ProcessFilesTest, PagemapTellsWherePagesAre) {
    give_memory();
    const auto word = [&](std::uint32_t page) {
        const std::string bytes = p.pread(p.last, 8, std::int64_t{page} * 8);
        std::uint64_t value = 0;
        EXPECT_EQ(bytes.size(), 8U);
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    };
    ASSERT_EQ(p.open("/proc/2/pagemap"), "OK");
    const mm::PageNumber page = page_of(VirtAddr(kText));
    const std::uint64_t frame = memory->space.pages().entry(page).frame().raw();
    EXPECT_EQ(word(kText / kPage), std::uint64_t{1} << 63 | std::uint64_t{1} << 56 | frame);
    EXPECT_EQ(word(kText / kPage + 1), 0U) << "not there";
    EXPECT_EQ(word(5), 0U) << "no region";
    EXPECT_EQ(p.pread(p.last, 7, 0), "EINVAL");
    EXPECT_EQ(p.pread(p.last, 8, 4), "EINVAL");
    EXPECT_EQ(p.pread(p.last, 32, (0xC0000 - 1) * 8).size(), 8U) << "the last of user space";
    EXPECT_EQ(p.pread(p.last, 8, 0xC0000 * 8), "");
}

TEST_F(ProcessFilesTest, LinksLeadToFiles) {
    EXPECT_EQ(p.readlink("/proc/2/exe"), "ENOENT");
    EXPECT_EQ(p.readlink("/proc/2/cwd"), "ENOENT");
    give_memory();
    give_files();
    p.mkdir("/bin");
    p.put("/bin/sh", "program", 0755);
    EXPECT_EQ(p.open("/bin/sh"), "OK");
    const fs::NodeRef program = p.calls.file(p.last).value()->node();
    EXPECT_EQ(test::answer(p.calls.close(p.last)), "OK");
    memory->executable = fs::ExecutableRef::create(program).take();
    EXPECT_EQ(p.readlink("/proc/2/exe"), "/bin/sh");
    EXPECT_EQ(p.get("/proc/2/exe"), "program");
    EXPECT_EQ(p.readlink("/proc/2/cwd"), "/");
    EXPECT_EQ(p.readlink("/proc/2/root"), "/");
    EXPECT_EQ(p.unlink("/bin/sh"), "OK");
    EXPECT_EQ(p.readlink("/proc/2/exe"), "(deleted)");
    place.view = {};
}

TEST_F(ProcessFilesTest, DescriptorsAreLinks) {
    give_files();
    p.put("/file", "text");
    ASSERT_EQ(p.open("/file"), "OK");
    const fs::FileRef file = p.calls.file(p.last).value();
    const fs::PipeEnds ends = p.calls.pipe(0).value();
    ASSERT_TRUE(files.table.replace(0, file, false).ok());
    ASSERT_TRUE(files.table.replace(700, p.calls.file(ends.read).value(), false).ok());
    EXPECT_EQ(p.list("/proc/2/fd"),
              (std::map<std::string, NodeKind>{{"0", NodeKind::SymbolicLink},
                                               {"700", NodeKind::SymbolicLink}}));
    EXPECT_EQ(p.readlink("/proc/2/fd/0"), "/file");
    EXPECT_EQ(p.get("/proc/2/fd/0"), "text");
    EXPECT_EQ(p.readlink("/proc/2/fd/700").substr(0, 6), "pipe:[");
    EXPECT_EQ(p.readlink("/proc/2/fd/1"), "ENOENT");
    EXPECT_EQ(p.readlink("/proc/2/fd/1024"), "ENOENT");
    EXPECT_EQ(p.attributes("/proc/2/fd/0").permissions, 0500);
    EXPECT_EQ(p.attributes("/proc/2/fd/700").permissions, 0500);
    EXPECT_EQ(p.attributes("/proc/2/fd/700").bytes, 64U);
    ASSERT_TRUE(files.table.replace(5, p.calls.file(ends.write).value(), false).ok());
    EXPECT_EQ(p.attributes("/proc/2/fd/5").permissions, 0300);
    files.table.close_all();
    place.view = {};
}

TEST_F(ProcessFilesTest, ADescriptorLeadsToAFileThatHasNoName) {
    give_files();
    p.put("/file", "text");
    p.mkdir("/here");
    p.put("/here/inner", "below");
    ASSERT_EQ(p.open("/file"), "OK");
    ASSERT_TRUE(files.table.replace(0, p.calls.file(p.last).value(), false).ok());
    ASSERT_EQ(p.open("/here"), "OK");
    ASSERT_TRUE(files.table.replace(1, p.calls.file(p.last).value(), false).ok());
    ASSERT_EQ(p.unlink("/file"), "OK");
    EXPECT_EQ(p.readlink("/proc/2/fd/0"), "(deleted)");
    EXPECT_EQ(p.get("/proc/2/fd/0"), "text");
    EXPECT_EQ(p.stat("/proc/2/fd/0/"), "ENOTDIR");
    EXPECT_EQ(p.stat("/proc/2/fd/0/x"), "ENOTDIR");
    EXPECT_EQ(p.try_open("/proc/2/fd/0/"), "ENOTDIR");
    EXPECT_EQ(p.get("/proc/2/fd/1/inner"), "below");
    EXPECT_EQ(p.get("/proc/2/fd/1/../here/inner"), "below");
    EXPECT_EQ(p.try_open("/proc/2/fd/1/"), "OK");
    files.table.close_all();
    place.view = {};
}

TEST_F(ProcessFilesTest, ALinkToALinkOfProcIsCountedLikeAnyOther) {
    give_files();
    p.put("/file", "text");
    ASSERT_EQ(p.open("/file"), "OK");
    ASSERT_TRUE(files.table.replace(0, p.calls.file(p.last).value(), false).ok());
    std::string target = "/proc/2/fd/0";
    for (int i = 0; i < 40; ++i) {
        const std::string name = "/l" + std::to_string(i);
        ASSERT_EQ(p.symlink(target, name), "OK");
        target = name;
    }
    EXPECT_EQ(p.get("/l38"), "text");
    EXPECT_EQ(p.try_open("/l39"), "ELOOP");
    files.table.close_all();
    place.view = {};
}

TEST_F(ProcessFilesTest, APipeCanBeOpenedOnceMoreThroughProc) {
    give_files();
    const fs::PipeEnds ends = p.calls.pipe(0).value();
    ASSERT_TRUE(files.table.replace(0, p.calls.file(ends.read).value(), false).ok());
    ASSERT_EQ(p.open("/proc/2/fd/0", abi::kOpenWriteOnly), "OK") << "waits for nobody";
    const auto writer = p.last;
    EXPECT_EQ(test::answer(p.calls.close(ends.write)), "OK");
    EXPECT_EQ(p.write(writer, "ab"), "2");
    EXPECT_EQ(p.read(ends.read, 5), "ab");
    EXPECT_EQ(test::answer(p.calls.close(writer)), "OK");
    EXPECT_EQ(p.read(ends.read, 5), "") << "no writer is left";
    EXPECT_EQ(p.open("/proc/2/fd/0", abi::kOpenReadOnly), "OK");
    p.become(1000, 1000);
    EXPECT_EQ(p.try_open("/proc/2/fd/0"), "EACCES");
    p.become(0, 0);
    files.table.close_all();
    place.view = {};
}

TEST_F(ProcessFilesTest, AFileOfAProcessThatHasGoneIsEsrch) {
    ASSERT_EQ(p.open("/proc/2/comm"), "OK");
    const fs::Descriptor comm = p.last;
    ASSERT_EQ(p.open("/proc/2"), "OK");
    const fs::Descriptor directory = p.last;
    table.undo(child);
    host.now = nullptr;
    EXPECT_EQ(p.read(comm), "ESRCH");
    EXPECT_EQ(test::answer(p.calls.stat(static_cast<std::int32_t>(directory), "comm")), "ESRCH");
    EXPECT_EQ(p.list("/proc").count("2"), 0U);
}

TEST_F(ProcessFilesTest, AnotherProcessWithTheNumberIsNotMistaken) {
    ASSERT_EQ(p.open("/proc/2/comm"), "OK");
    child.start_time = 5;
    EXPECT_EQ(p.read(p.last), "ESRCH");
}

TEST_F(ProcessFilesTest, WhatIsPrivateIsForWhoMayTrace) {
    give_memory();
    give_files();
    become_user(1000);
    for (const char* name : {"maps", "smaps", "environ", "auxv", "pagemap"})
        EXPECT_EQ(p.try_open(std::string("/proc/2/") + name), "EACCES") << name;
    EXPECT_EQ(p.readlink("/proc/2/exe"), "EACCES");
    EXPECT_EQ(p.stat("/proc/2/fd/0"), "EACCES");
    EXPECT_EQ(p.get("/proc/2/comm"), "sh\n");
    EXPECT_EQ(p.get("/proc/2/cmdline"), std::string("sh\0-c\0", 6));
    child.credentials.user = child.credentials.real_user = child.saved_user = 1000;
    EXPECT_EQ(p.try_open("/proc/2/maps"), "OK");
    child.is_dumpable = false;
    EXPECT_EQ(p.try_open("/proc/2/maps"), "EACCES");
    child.is_dumpable = true;
    child.saved_user = 0;
    EXPECT_EQ(p.try_open("/proc/2/maps"), "EACCES");
    place.view = {};
}

TEST_F(ProcessFilesTest, FilesAreTheProcesssOwn) {
    child.credentials.user = 1000;
    child.credentials.group = 100;
    EXPECT_EQ(p.attributes("/proc/2/maps").user, 1000U);
    EXPECT_EQ(p.attributes("/proc/2").group, 100U);
    child.is_dumpable = false;
    EXPECT_EQ(p.attributes("/proc/2/maps").user, 0U);
    EXPECT_EQ(p.attributes("/proc/2").user, 1000U);
    EXPECT_EQ(p.chmod("/proc/2/maps", 0777), "EPERM");
}

TEST_F(ProcessFilesTest, CommCanBeWrittenByItself) {
    p.put("/proc/2/comm", "a name that is much too long\n");
    EXPECT_EQ(p.get("/proc/2/comm"), "a name that is \n");
    p.put("/proc/2/comm", "x\n");
    EXPECT_EQ(p.get("/proc/2/comm"), "x\n");
    host.now = &init;
    ASSERT_EQ(p.open("/proc/2/comm", abi::kOpenWriteOnly), "OK");
    EXPECT_EQ(p.write(p.last, "y"), "EINVAL");
}

TEST_F(ProcessFilesTest, TheOomAdjustmentCanBeWritten) {
    const auto set = [&](std::string_view text) {
        EXPECT_EQ(p.open("/proc/2/oom_score_adj", abi::kOpenWriteOnly), "OK");
        return p.write(p.last, text);
    };
    EXPECT_EQ(set("-1000\n"), "6");
    EXPECT_EQ(p.get("/proc/2/oom_score_adj"), "-1000\n");
    EXPECT_EQ(set(" 17 "), "4");
    EXPECT_EQ(child.oom_adjustment, 17);
    for (const char* text : {"", "x", "-", "1001", "-1001", "1 2", "99999999999"})
        if (*text != '\0') {
            EXPECT_EQ(set(text), "EINVAL") << text;
        }
    child.credentials.user = 1000;
    p.become(1000, 0);
    EXPECT_EQ(set("16"), "EACCES") << "lower is root's";
    EXPECT_EQ(set("18"), "2");
    EXPECT_EQ(child.oom_adjustment, 18);
    EXPECT_EQ(p.open("/proc/2/status", abi::kOpenWriteOnly), "EACCES");
    p.become(0, 0);
    EXPECT_EQ(p.open("/proc/2/status", abi::kOpenWriteOnly), "OK");
    EXPECT_EQ(p.write(p.last, "x"), "EINVAL");
}

TEST_F(ProcessFilesTest, WithoutMemoryForANodeNothingIsThere) {
    world.machine.machine.injector.fail_every(1);
    Result<fs::Status> found = p.calls.stat(abi::kAtWorkingDirectory, "/proc/2");
    std::vector<fs::NodeRef> kept;
    while (found.ok()) {
        const auto node = process_files.look_up("2");
        if (!node.ok()) break;
        kept.push_back(node.value());
    }
    const auto node = process_files.look_up("2");
    EXPECT_FALSE(node.ok());
    if (!node.ok()) {
        EXPECT_EQ(node.error(), Error::OutOfMemory);
    }
    world.machine.machine.injector.fail_nth(0);
    EXPECT_TRUE(process_files.look_up("2").ok());
}

}  // namespace
}  // namespace quire::kernel
