// kernel/process/proc_texts: /proc/PID/stat, statm, status and their kin, to the letter of Linux.
#include "kernel/process/proc_texts.h"

#include <gtest/gtest.h>

#include <string>

#include "kernel/process/limits.h"
#include "kernel/process/process_table.h"
#include "tests/host/user_machine.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using mm::PageCount;
using mm::PageNumber;
using mm::VirtAddr;
using test::written;

class ProcTexts : public testing::Test {
  protected:
    ProcTexts() {
        process.parent = &parent;
        process.name = {'s', 'h'};
        process.limits = default_limits();
        process.group = 7;
        process.session = 3;
        process.terminal = 0x401;
        process.threads.push_back(thread);
        thread.state = ThreadState::Sleeping;
    }
    ~ProcTexts() override {
        process.threads.remove(thread);
        machine.check();
    }
    void give_memory() {
        process.memory = &memory;
        mm::MapRequest request;
        request.address = VirtAddr(0x8048000);
        request.bytes = 3 * mm::kPageSize;
        request.place = mm::MapRequest::Place::Fixed;
        request.rights = mm::Rights::read() | mm::Rights::write();
        ASSERT_TRUE(memory.space.map(request).ok());
        const PageNumber first = page_of(VirtAddr(0x8048000));
        ASSERT_TRUE(
            is_resolved(memory.space.populate({first, first + PageCount(2)}, mm::Access::Write)));
        memory.code_start = 0x8048000;
        memory.code_end = 0x8048FFF;
        memory.data_start = 0x8049000;
        memory.data_end = 0x804A010;
        memory.break_start = 0x804B000;
        memory.stack_start = 0xBFFFF000;
        memory.arguments_start = 0xBFFFF100;
        memory.arguments_end = 0xBFFFF110;
        memory.environment_end = 0xBFFFF200;
    }
    template <typename... Arguments>
    std::string text(void (*write)(Arguments..., const mm::TextWriter&), Arguments... arguments) {
        return written([&](const mm::TextWriter& out) { write(arguments..., out); });
    }
    std::string stat() {
        return written([&](const mm::TextWriter& out) { write_stat(process, around, out); });
    }
    std::string status() {
        return written([&](const mm::TextWriter& out) { write_status(process, out); });
    }
    bool status_has(const std::string& line) {
        return ("\n" + status()).find("\n" + line + "\n") != std::string::npos;
    }

    test::UserMachine machine;
    ProgramMemory memory{machine.memory, mm::UserPages::create(machine.memory).take(),
                         mm::MemoryLimits{}};
    SignalTable signals;
    WorkingPlace place;
    Process parent{3};
    Process process{12};
    Thread thread{12, &process};
    ProcessSurroundings around{.foreground_group = 7, .memory_total = PageCount(10'000)};
};

TEST_F(ProcTexts, StatHasItsFiftyTwoFields) {
    give_memory();
    process.usage = {20'000'000, 0, 5, 6, 0, 0, 0};
    thread.usage = {10'000'000, 40'000'000, 1, 1, 0, 0, 0};
    process.children_usage = {1'000'000'000, 2'000'000'000, 7, 8, 0, 0, 0};
    process.start_time = 12'340'000'000;
    process.nice = 5;
    EXPECT_EQ(stat(),
              "12 (sh) S 3 7 3 1025 7 0 6 7 7 8 3 4 100 200 25 5 1 0 1234 12288 2 4294967295 "
              "134512640 134516735 3221221376 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 "
              "134516736 134520848 134524928 3221221632 3221221648 3221221648 3221221888 0\n");
}

TEST_F(ProcTexts, StatOfAZombieHasNoMemory) {
    process.threads.remove(thread);
    process.state = ProcessState::Zombie;
    process.exit_status = 0x100;
    around.foreground_group = -1;
    EXPECT_EQ(stat(),
              "12 (sh) Z 3 7 3 1025 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0 4294967295 "
              "0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 256\n");
    process.threads.push_back(thread);
}

TEST_F(ProcTexts, StatTellsSignalsOfTheFirst31) {
    process.signals = &signals;
    SignalAction action;
    action.handler = SignalAction::kIgnore;
    signals.actions.set(13, action);
    signals.actions.set(40, action);
    action.handler = 0x8048000;
    signals.actions.set(2, action);
    thread.blocked = SignalSet(0x3);
    EXPECT_NE(stat().find(" 0 0 0 3 4096 2 0 0 0 17 "), std::string::npos) << stat();
    EXPECT_TRUE(status_has("SigIgn:\t0000008000001000")) << status();
    EXPECT_TRUE(status_has("SigCgt:\t0000000000000002"));
    EXPECT_TRUE(status_has("SigBlk:\t0000000000000003"));
    process.signals = nullptr;
}

TEST_F(ProcTexts, StatusIsLinuxs) {
    give_memory();
    place.view.umask = 022;
    thread.place = &place;
    process.credentials.user = process.credentials.real_user = 1000;
    process.saved_user = 1001;
    process.credentials.groups[0] = 4;
    process.credentials.groups[1] = 24;
    process.credentials.group_count = 2;
    thread.usage.voluntary_switches = 3;
    thread.usage.involuntary_switches = 4;
    EXPECT_EQ(status(),
              "Name:\tsh\n"
              "Umask:\t0022\n"
              "State:\tS (sleeping)\n"
              "Tgid:\t12\n"
              "Ngid:\t0\n"
              "Pid:\t12\n"
              "PPid:\t3\n"
              "TracerPid:\t0\n"
              "Uid:\t1000\t1000\t1001\t1000\n"
              "Gid:\t0\t0\t0\t0\n"
              "FDSize:\t0\n"
              "Groups:\t4 24 \n"
              "VmPeak:\t      12 kB\n"
              "VmSize:\t      12 kB\n"
              "VmLck:\t       0 kB\n"
              "VmPin:\t       0 kB\n"
              "VmHWM:\t       8 kB\n"
              "VmRSS:\t       8 kB\n"
              "RssAnon:\t       8 kB\n"
              "RssFile:\t       0 kB\n"
              "RssShmem:\t       0 kB\n"
              "VmData:\t      12 kB\n"
              "VmStk:\t       0 kB\n"
              "VmExe:\t       4 kB\n"
              "VmLib:\t       0 kB\n"
              "VmPTE:\t       4 kB\n"
              "VmSwap:\t       0 kB\n"
              "HugetlbPages:\t       0 kB\n"
              "CoreDumping:\t0\n"
              "THP_enabled:\t0\n"
              "Threads:\t1\n"
              "SigQ:\t0/4096\n"
              "SigPnd:\t0000000000000000\n"
              "ShdPnd:\t0000000000000000\n"
              "SigBlk:\t0000000000000000\n"
              "SigIgn:\t0000000000000000\n"
              "SigCgt:\t0000000000000000\n"
              "CapInh:\t0000000000000000\n"
              "CapPrm:\t0000000000000000\n"
              "CapEff:\t0000000000000000\n"
              "CapBnd:\t000001ffffffffff\n"
              "CapAmb:\t0000000000000000\n"
              "NoNewPrivs:\t0\n"
              "Seccomp:\t0\n"
              "Seccomp_filters:\t0\n"
              "Cpus_allowed:\t1\n"
              "Cpus_allowed_list:\t0\n"
              "Mems_allowed:\t1\n"
              "Mems_allowed_list:\t0\n"
              "voluntary_ctxt_switches:\t3\n"
              "nonvoluntary_ctxt_switches:\t4\n");
    thread.place = nullptr;
}

TEST_F(ProcTexts, StatusOfAZombieHasNoMemory) {
    process.threads.remove(thread);
    process.state = ProcessState::Zombie;
    EXPECT_EQ(status().find("Vm"), std::string::npos);
    EXPECT_EQ(status().find("Umask"), std::string::npos);
    EXPECT_TRUE(status_has("State:\tZ (zombie)"));
    EXPECT_TRUE(status_has("Threads:\t1"));
    EXPECT_TRUE(status_has("CapEff:\t000001ffffffffff")) << "it is root's";
    process.threads.push_back(thread);
}

TEST_F(ProcTexts, AStateIsThatOfTheLeader) {
    Thread other(13, &process);
    process.threads.push_back(other);
    other.state = ThreadState::Ready;
    const auto state = [&](ThreadState leaders) {
        thread.state = leaders;
        return state_letter(process);
    };
    EXPECT_EQ(state(ThreadState::Ready), 'R');
    EXPECT_EQ(state(ThreadState::Sleeping), 'S');
    EXPECT_EQ(state(ThreadState::Waiting), 'D');
    EXPECT_EQ(state(ThreadState::Stopped), 'T');
    EXPECT_EQ(state_letter({process, 13}), 'R');
    process.threads.remove(thread);
    EXPECT_EQ(state_letter(process), 'Z') << "it has ended before the other";
    EXPECT_EQ(state_letter({process, 12}), 'Z');
    EXPECT_TRUE(status_has("Threads:\t2"));
    process.threads.push_back(thread);
    process.threads.remove(other);
}

TEST_F(ProcTexts, AThreadHasItsOwnNumberNameTimesAndSignals) {
    Thread other(13, &process);
    process.threads.push_back(other);
    other.own_name = {'w', 'o', 'r', 'k'};
    other.usage = {50'000'000, 70'000'000, 1, 2, 8, 9, 0};
    other.start_time = 990'000'000;
    other.blocked = SignalSet(0x8);
    process.usage.user_time = 10'000'000;
    const ProcSubject about(process, 13);
    const auto stat_of_it =
        written([&](const mm::TextWriter& out) { write_stat(about, around, out); });
    EXPECT_EQ(stat_of_it.substr(0, 77),
              "13 (work) R 3 7 3 1025 7 0 1 0 2 0 5 7 0 0 20 0 2 0 99 0 0 4294967295 0 0 0 0")
        << stat_of_it;
    const auto text = written([&](const mm::TextWriter& out) { write_status(about, out); });
    for (const char* const line :
         {"Name:\twork\n", "Tgid:\t12\n", "\nPid:\t13\n", "Threads:\t2\n",
          "SigBlk:\t0000000000000008\n", "\nvoluntary_ctxt_switches:\t8\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
    EXPECT_TRUE(status_has("SigBlk:\t0000000000000000")) << "the leader's";
    EXPECT_TRUE(status_has("voluntary_ctxt_switches:\t8")) << "of all";
    process.threads.remove(other);
}

TEST_F(ProcTexts, StatmCountsPages) {
    const auto statm = [&] {
        return written([&](const mm::TextWriter& out) { write_statm(process, out); });
    };
    EXPECT_EQ(statm(), "0 0 0 0 0 0 0\n");
    give_memory();
    EXPECT_EQ(statm(), "3 2 0 1 0 3 0\n");
}

TEST_F(ProcTexts, TheOomScoreIsLinuxs) {
    const auto score = [&](std::int32_t adjustment) {
        process.oom_adjustment = adjustment;
        return written([&](const mm::TextWriter& out) { write_oom_score(process, around, out); });
    };
    EXPECT_EQ(score(0), "0\n") << "nothing to be had of a zombie";
    give_memory();  // 2 pages and a page table of 10,000
    EXPECT_EQ(score(0), "666\n");
    around.memory_total = PageCount(30);
    EXPECT_EQ(score(0), "733\n");
    EXPECT_EQ(score(1000), "1400\n");
    EXPECT_EQ(score(-999), "67\n");
    EXPECT_EQ(score(-1000), "0\n");
    EXPECT_EQ(written([&](const mm::TextWriter& out) { write_oom_adjustment(process, out); }),
              "-1000\n");
}

TEST_F(ProcTexts, CommIsTheName) {
    EXPECT_EQ(written([&](const mm::TextWriter& out) { write_comm(process, out); }), "sh\n");
}

TEST_F(ProcTexts, TheAuxiliaryVectorEndsWithItsNull) {
    const auto auxiliary = [&] {
        return written([&](const mm::TextWriter& out) { write_auxiliary(process, out); });
    };
    EXPECT_EQ(auxiliary(), "");
    give_memory();
    memory.auxiliary[0] = 6;
    memory.auxiliary[1] = 4096;
    memory.auxiliary[2] = 25;
    memory.auxiliary[3] = 0xBFFFF000;
    EXPECT_EQ(auxiliary().size(), 24U);
    EXPECT_EQ(auxiliary().substr(0, 4), std::string("\6\0\0\0", 4));
    memory.auxiliary.fill(1);
    EXPECT_EQ(auxiliary().size(), 192U) << "as much as there is";
}

}  // namespace
}  // namespace quire::kernel
