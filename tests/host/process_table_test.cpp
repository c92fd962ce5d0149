// kernel/process/process_table: pids, families, zombies, groups and sessions.
#include "kernel/process/process_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "kernel/abi/resource.h"
#include "tests/host/process_world.h"
#include "tests/host/seed.h"

namespace quire::kernel {
namespace {

using test::CountingWaiter;
using test::ProcessWorld;

class ProcessTableTest : public testing::Test {
  protected:
    ProcessTableTest() { EXPECT_EQ(start_session(init), "OK"); }
    Process& fork(Process& parent) { return w.fork(parent); }
    static WaitRequest for_pid(ProcessId pid) {
        WaitRequest request;
        request.whom = WaitRequest::Whom::Process;
        request.id = pid;
        return request;
    }
    static WaitRequest for_group(ProcessId group) {
        WaitRequest request;
        request.whom = WaitRequest::Whom::Group;
        request.id = group;
        return request;
    }
    std::string set_group(Process& caller, ProcessId pid, ProcessId group) {
        const auto result = w.table.set_group(caller, pid, group);
        return result.ok() ? "OK" : error_name(result.error());
    }
    std::string start_session(Process& caller) {
        const auto result = w.table.start_session(caller);
        if (!result.ok()) return error_name(result.error());
        EXPECT_EQ(result.value(), caller.pid);
        return "OK";
    }

    ProcessWorld w;
    Process& init = w.init();
};

// --- Numbers ---

TEST_F(ProcessTableTest, PidsAreGivenOutInTurn) {
    EXPECT_EQ(fork(init).pid, 2U);
    Process& third = fork(init);
    EXPECT_EQ(third.pid, 3U);
    w.table.undo(third);
    EXPECT_EQ(fork(init).pid, 4U);
    EXPECT_EQ(w.table.count(), 3U);
}

TEST_F(ProcessTableTest, FindsTheLivingAndZombies) {
    Process& child = fork(init);
    EXPECT_EQ(w.table.find(2), &child);
    EXPECT_EQ(w.table.find(1), &init);
    EXPECT_FALSE(w.end(child));
    EXPECT_EQ(w.table.find(2), &child);
    EXPECT_EQ(w.collect(init), "2 0");
    EXPECT_EQ(w.table.find(2), nullptr);
    EXPECT_EQ(w.table.find(0), nullptr);
    EXPECT_EQ(w.table.find(ProcessTable::kMostId + 1), nullptr);
    EXPECT_EQ(w.table.find(~0U), nullptr);
}

TEST_F(ProcessTableTest, TakesLaterWhatWasLookedAtBefore) {
    Process& child = fork(init);
    fork(init);
    child.usage.minor_faults = 7;
    w.end(child);
    WaitRequest look;
    look.leave = true;
    EXPECT_EQ(w.collect(init, look), "2 0");
    const WaitResult told = w.table.collect(init, look).take();
    w.table.take(init, told);
    EXPECT_EQ(init.children_usage.minor_faults, 7U);
    EXPECT_EQ(w.table.find(2), nullptr);
    EXPECT_EQ(w.collect(init, look), "-");
    EXPECT_DEATH(w.table.take(init, told), "");
    w.table.check_invariants();
}

TEST_F(ProcessTableTest, AThreadsNumberIsNoProcess) {
    EXPECT_EQ(w.table.take_thread_id(init).value(), 2U);
    EXPECT_EQ(w.table.find(2), nullptr);
    Process& process = fork(init);
    EXPECT_EQ(process.pid, 3U);
    Thread thread(2, &process);
    process.threads.push_back(thread);
    EXPECT_EQ(w.table.find(2), nullptr);
    EXPECT_EQ(w.table.find_by_thread(2), &process);
    EXPECT_EQ(w.table.find_by_thread(3), &process);
    EXPECT_EQ(w.table.find_by_thread(4), nullptr);
    EXPECT_EQ(w.table.find_by_thread(0), nullptr);
    process.threads.remove(thread);
    w.table.give_back_thread_id(2);
    w.table.check_invariants();
}

// A thread beside the leader, as the kernel makes and ends it.
class ThreadTableTest : public ProcessTableTest {
  protected:
    ThreadTableTest() {
        process.threads.push_back(leader);
        process.threads.push_back(other);
    }
    ~ThreadTableTest() override {
        while (Thread* thread = process.threads.front())
            w.table.remove_thread(*thread);
    }
    Process& process = fork(init);  // 2
    Thread leader{2, &process};
    Thread other{w.table.take_thread_id(process).value(), &process};  // 3
};

TEST_F(ThreadTableTest, ThreadsAreFoundAsLongAsTheyLive) {
    EXPECT_EQ(w.table.find_thread(2), &leader);
    EXPECT_EQ(w.table.find_thread(3), &other);
    EXPECT_EQ(w.table.find_thread(4), nullptr);
    EXPECT_EQ(w.table.find_thread(0), nullptr);
    w.table.remove_thread(leader);
    EXPECT_EQ(w.table.find_thread(2), nullptr);
    EXPECT_EQ(w.table.find_by_thread(2), &process) << "the number is the process's";
    EXPECT_EQ(thread_count(process), 2U) << "the leader counts though it has ended";
    EXPECT_EQ(fork(init).pid, 4U);
    w.table.check_invariants();
}

TEST_F(ThreadTableTest, TheLastOneMayTakeOverTheLeadersNumber) {
    w.table.remove_thread(leader);
    w.table.become_leader(other);
    EXPECT_EQ(other.tid, 2U);
    EXPECT_EQ(process.leader(), &other);
    EXPECT_EQ(w.table.find_thread(3), nullptr);
    w.table.become_leader(other);  // it is
    EXPECT_EQ(w.table.take_thread_id(process).value(), 4U);
    w.table.give_back_thread_id(4);
    w.table.check_invariants();
}

TEST_F(ThreadTableTest, ChildrenOfAThreadBecomeAnothers) {
    Process& child = fork(process);  // 4
    child.parent_thread = &other;
    WaitRequest request;
    request.of_thread = &leader;
    EXPECT_EQ(w.collect(process, request), "NoChild");
    request.of_thread = &other;
    EXPECT_EQ(w.collect(process, request), "-");
    w.table.remove_thread(other);
    EXPECT_EQ(child.parent_thread, &leader);
    w.table.check_invariants();
    request.of_thread = &leader;
    w.end(child);
    EXPECT_EQ(w.collect(process, request), "4 0");
}

TEST_F(ThreadTableTest, AChildMayBeGivenToAnotherParent) {
    Process& brother = fork(process);  // 4
    brother.parent_thread = &other;
    w.table.give_to(brother, init, nullptr);
    EXPECT_EQ(w.collect(process), "NoChild");
    EXPECT_EQ(brother.parent, &init);
    w.table.check_invariants();
}

TEST_F(ThreadTableTest, TheLimitCountsThreads) {
    process.credentials.real_user = process.credentials.user = 1000;
    process.limits[abi::kLimitProcesses].soft = 2;
    EXPECT_EQ(w.table.take_thread_id(process).error(), Error::TryAgain);
    EXPECT_EQ(w.table.create(&process).error(), Error::TryAgain);
    process.limits[abi::kLimitProcesses].soft = 3;
    EXPECT_EQ(w.table.take_thread_id(process).value(), 4U);
    w.table.give_back_thread_id(4);
}

TEST_F(ThreadTableTest, AThreadIsNoProcessToBeMovedToAGroup) {
    EXPECT_EQ(w.table.set_group(process, 3, 0).error(), Error::InvalidArgument);
    EXPECT_EQ(w.table.set_group(process, 9, 0).error(), Error::NoSuchProcess);
}

TEST_F(ProcessTableTest, NumbersBeginAnewAboveInitAndLeaveOutWhatIsUsed) {
    Process& stays = fork(init);                       // 2
    const auto thread = w.table.take_thread_id(init);  // 3
    for (ProcessId pid = 4; pid <= ProcessTable::kMostId; ++pid) {
        Process& one = fork(init);
        ASSERT_EQ(one.pid, pid);
        w.table.undo(one);
    }
    EXPECT_EQ(fork(init).pid, 4U);
    std::vector<ProcessId> seen;
    w.table.for_each([&](const Process& process) { seen.push_back(process.pid); });
    EXPECT_EQ(seen, (std::vector<ProcessId>{1, 2, 4}));
    EXPECT_EQ(w.table.find(2), &stays);
    w.table.give_back_thread_id(thread.value());
}

TEST_F(ProcessTableTest, TheNumberOfAGroupWithMembersIsNotGivenOut) {
    Process& leader = fork(init);  // 2
    Process& member = fork(leader);
    EXPECT_EQ(set_group(leader, 0, 0), "OK");
    EXPECT_EQ(set_group(member, 0, 2), "OK");
    EXPECT_FALSE(w.end(leader));
    EXPECT_EQ(w.collect(init), "2 0");
    for (ProcessId pid = 4; pid <= ProcessTable::kMostId; ++pid)
        w.table.undo(fork(init));
    EXPECT_EQ(fork(init).pid, 4U) << "2 is a group, 3 its member";
    EXPECT_EQ(set_group(member, 0, 0), "OK");
    for (ProcessId pid = 5; pid <= ProcessTable::kMostId; ++pid)
        w.table.undo(fork(init));
    EXPECT_EQ(fork(init).pid, 2U);
}

TEST_F(ProcessTableTest, TooManyIsTryAgain) {
    std::vector<ProcessId> threads;
    while (w.table.count() + threads.size() < ProcessTable::kMostProcesses)
        threads.push_back(w.table.take_thread_id(init).value());
    EXPECT_EQ(w.table.create(&init).error(), Error::TryAgain);
    EXPECT_EQ(w.table.take_thread_id(init).error(), Error::TryAgain);
    w.table.give_back_thread_id(threads.front());
    EXPECT_TRUE(w.table.create(&init).ok());
    EXPECT_EQ(w.table.create(&init).error(), Error::TryAgain);
    for (std::size_t i = 1; i < threads.size(); ++i)
        w.table.give_back_thread_id(threads[i]);
}

TEST_F(ProcessTableTest, RlimitNprocCountsTheUsersProcesses) {
    Process& parent = fork(init);
    parent.credentials.real_user = parent.credentials.user = 1000;
    parent.limits[abi::kLimitProcesses] = {2, 10};
    EXPECT_TRUE(w.table.create(&parent).ok());
    EXPECT_EQ(w.table.create(&parent).error(), Error::TryAgain);
    Process& other = fork(init);
    other.credentials.real_user = other.credentials.user = 1001;
    other.limits[abi::kLimitProcesses] = {2, 10};
    EXPECT_TRUE(w.table.create(&other).ok()) << "another user's are not counted";
    parent.credentials.user = 0;
    EXPECT_TRUE(w.table.create(&parent).ok()) << "root may";
}

TEST_F(ProcessTableTest, WithoutMemoryNothingHasChanged) {
    w.frames.injector.fail_nth(1);
    Result<Process*> made = w.table.create(&init);
    while (made.ok())
        made = w.table.create(&init);
    EXPECT_EQ(made.error(), Error::OutOfMemory);
    const std::uint32_t count = w.table.count();
    w.table.check_invariants();
    w.frames.injector.fail_nth(0);
    EXPECT_EQ(fork(init).pid, count + 1) << "the number was not used up";
}

TEST_F(ProcessTableTest, AChildIsLikeItsParent) {
    Process& parent = fork(init);
    EXPECT_EQ(start_session(parent), "OK");
    parent.name = {'s', 'h'};
    parent.terminal = 0x401;
    parent.credentials.user = 7;
    parent.saved_user = 8;
    parent.saved_group = 9;
    parent.limits[3] = {11, 12};
    parent.nice = 5;
    parent.oom_adjustment = -17;
    parent.is_dumpable = false;
    parent.has_run_exec = true;
    parent.usage.user_time = parent.children_usage.user_time = 1;
    const Process& child = fork(parent);
    EXPECT_EQ(child.parent, &parent);
    EXPECT_EQ(child.group, parent.pid);
    EXPECT_EQ(child.session, parent.pid);
    EXPECT_STREQ(child.name.data(), "sh");
    EXPECT_EQ(child.terminal, 0x401U);
    EXPECT_EQ(child.credentials.user, 7U);
    EXPECT_EQ(child.saved_user, 8U);
    EXPECT_EQ(child.saved_group, 9U);
    EXPECT_EQ(child.limits[3].hard, 12U);
    EXPECT_EQ(child.nice, 5);
    EXPECT_EQ(child.oom_adjustment, -17);
    EXPECT_FALSE(child.is_dumpable);
    EXPECT_FALSE(child.has_run_exec);
    EXPECT_EQ(child.usage.user_time + child.children_usage.user_time, 0U);
}

// --- Zombies ---

TEST_F(ProcessTableTest, WithoutChildrenThereIsNobodyToWaitFor) {
    EXPECT_EQ(w.collect(init), "NoChild");
    Process& child = fork(init);
    EXPECT_EQ(w.collect(init), "-");
    EXPECT_EQ(w.collect(child), "NoChild");
    fork(child);
    EXPECT_EQ(w.collect(init, for_pid(3)), "NoChild") << "a grandchild";
    EXPECT_EQ(w.collect(init, for_pid(77)), "NoChild");
}

TEST_F(ProcessTableTest, AZombieTellsItsStatusOnce) {
    Process& child = fork(init);
    EXPECT_FALSE(w.end(child, WaitStatus::exited(0x1FE)));
    w.table.check_invariants();
    EXPECT_EQ(w.collect(init), "2 0xfe00");
    EXPECT_EQ(w.collect(init), "NoChild");
    EXPECT_EQ(w.table.count(), 1U);
}

TEST_F(ProcessTableTest, TheParentIsWoken) {
    Process& child = fork(init);
    const CountingWaiter waiter(init.child_changes);
    EXPECT_FALSE(w.end(child));
    EXPECT_EQ(waiter.count, 1);
}

TEST_F(ProcessTableTest, TheAlarmOfAZombieIsOff) {
    Process& child = fork(init);
    TimerQueue timers;
    // Nobody looks at it: the alarm does not ring.
    alignas(16) std::byte nobody[16];
    child.alarm.emplace(reinterpret_cast<Processes&>(nobody), child, [](void*) { FAIL(); });
    timers.set(child.alarm->timer, 5);
    EXPECT_FALSE(w.end(child));
    EXPECT_EQ(timers.next_deadline(), ~std::uint64_t{0});
    timers.run_until(10);
}

TEST_F(ProcessTableTest, TheOldestZombieIsFirst) {
    Process& a = fork(init);
    Process& b = fork(init);
    fork(init);
    EXPECT_FALSE(w.end(b, 1));
    EXPECT_FALSE(w.end(a, 2));
    EXPECT_EQ(w.collect(init), "2 0x2");
    EXPECT_EQ(w.collect(init), "3 0x1");
    EXPECT_EQ(w.collect(init), "-");
}

TEST_F(ProcessTableTest, CanWaitForOneOrForAGroup) {
    Process& a = fork(init);
    Process& b = fork(init);
    EXPECT_EQ(set_group(b, 0, 0), "OK");
    EXPECT_FALSE(w.end(a, 1));
    EXPECT_FALSE(w.end(b, 2));
    EXPECT_EQ(w.collect(init, for_group(77)), "NoChild");
    EXPECT_EQ(w.collect(init, for_group(3)), "3 0x2");
    EXPECT_EQ(w.collect(init, for_pid(3)), "NoChild");
    EXPECT_EQ(w.collect(init, for_pid(2)), "2 0x1");
}

TEST_F(ProcessTableTest, WhatIsLeftCanBeWaitedForAgain) {
    Process& child = fork(init);
    child.usage.user_time = 5;
    EXPECT_FALSE(w.end(child, 9));
    WaitRequest request;
    request.leave = true;
    EXPECT_EQ(w.collect(init, request), "2 0x9");
    EXPECT_EQ(w.collect(init, request), "2 0x9");
    EXPECT_EQ(init.children_usage.user_time, 0U);
    EXPECT_EQ(w.collect(init), "2 0x9");
    EXPECT_EQ(init.children_usage.user_time, 5U);
}

TEST_F(ProcessTableTest, StopsAndContinuesAreToldToWhoAsks) {
    Process& child = fork(init);
    child.state = ProcessState::Stopped;
    child.stop_signal = 19;
    child.stop_untold = true;
    EXPECT_EQ(w.collect(init), "-") << "not asked for";
    WaitRequest stops;
    stops.stopped = true;
    stops.leave = true;
    EXPECT_EQ(w.collect(init, stops), "2 0x137f");
    stops.leave = false;
    EXPECT_EQ(w.collect(init, stops), "2 0x137f");
    EXPECT_EQ(w.collect(init, stops), "-") << "told once";
    child.state = ProcessState::Alive;
    child.continue_untold = true;
    EXPECT_EQ(w.collect(init, stops), "-");
    WaitRequest continues;
    continues.continued = true;
    EXPECT_EQ(w.collect(init, continues), "2 0xffff");
    EXPECT_EQ(w.collect(init, continues), "-");
}

// Between the look and the taking the status is written, which may wait for a disk.
TEST_F(ProcessTableTest, OnlyWhatWasToldIsTaken) {
    Process& child = fork(init);
    WaitRequest changes;
    changes.stopped = changes.continued = changes.leave = true;
    child.continue_untold = true;
    const WaitResult continued = w.table.collect(init, changes).take();
    child.continue_untold = false;  // SIGTSTP from the terminal
    child.state = ProcessState::Stopped;
    child.stop_signal = 20;
    child.stop_untold = true;
    w.table.take(init, continued);
    const WaitResult stopped = w.table.collect(init, changes).take();
    EXPECT_EQ(stopped.status, WaitStatus::stopped(20));
    child.stop_untold = false;  // SIGCONT, as the terminal hangs up
    child.state = ProcessState::Alive;
    child.continue_untold = true;
    w.table.take(init, stopped);
    EXPECT_EQ(w.collect(init, changes), "2 0xffff");
    w.table.take(init, w.table.collect(init, changes).take());
    EXPECT_EQ(w.collect(init, changes), "-");
    child.state = ProcessState::Stopped;
    child.stop_signal = 19;
    child.stop_untold = true;
    w.table.take(init, stopped);
    EXPECT_EQ(w.collect(init, changes), "2 0x137f");
}

TEST_F(ProcessTableTest, TheEndIsAllThatAZombieTells) {
    Process& child = fork(init);
    child.stop_untold = child.continue_untold = true;
    EXPECT_FALSE(w.end(child, 3));
    WaitRequest stops;
    stops.exited = false;
    stops.stopped = stops.continued = true;
    EXPECT_EQ(w.collect(init, stops), "NoChild");
    EXPECT_EQ(w.collect(init), "2 0x3");
}

TEST_F(ProcessTableTest, CloneChildrenAreWaitedForByWhoSaysSo) {
    Process& child = fork(init);
    child.exit_signal = 0;
    EXPECT_EQ(w.collect(init), "NoChild");
    EXPECT_FALSE(w.end(child, 4));
    EXPECT_EQ(w.collect(init), "NoChild");
    WaitRequest clones;
    clones.kind = WaitRequest::Kind::Clones;
    WaitRequest all;
    all.kind = WaitRequest::Kind::All;
    all.leave = true;
    EXPECT_EQ(w.collect(init, all), "2 0x4");
    EXPECT_EQ(w.collect(init, clones), "2 0x4");
    fork(init);
    EXPECT_EQ(w.collect(init, clones), "NoChild");
}

TEST_F(ProcessTableTest, UsageGoesUpTheFamilyAsItIsWaitedFor) {
    Process& child = fork(init);
    Process& grandchild = fork(child);
    grandchild.usage = {1, 2, 3, 4, 5, 6, 70};
    EXPECT_FALSE(w.end(grandchild));
    EXPECT_EQ(w.collect(child), "3 0");
    child.usage = {10, 20, 30, 40, 50, 60, 7};
    EXPECT_FALSE(w.end(child));
    const WaitResult result = w.table.collect(init, {}).value();
    EXPECT_EQ(result.usage.user_time, 11U);
    EXPECT_EQ(result.usage.involuntary_switches, 66U);
    EXPECT_EQ(result.usage.most_resident, 70U);
    EXPECT_EQ(init.children_usage.system_time, 22U);
    EXPECT_EQ(init.children_usage.minor_faults, 33U);
    EXPECT_EQ(init.children_usage.major_faults, 44U);
    EXPECT_EQ(init.children_usage.voluntary_switches, 55U);
    EXPECT_EQ(init.usage.user_time, 0U);
}

TEST_F(ProcessTableTest, WhoIgnoresSigchldGetsNoZombies) {
    Process& parent = fork(init);
    SignalAction ignore;
    ignore.handler = SignalAction::kIgnore;
    w.actions(parent).set(17, ignore);
    const CountingWaiter waiter(parent.child_changes);
    Process& child = fork(parent);
    child.usage.user_time = 5;
    EXPECT_TRUE(w.end(child));
    EXPECT_EQ(waiter.count, 1) << "who waits for it learns that there is nobody any more";
    EXPECT_EQ(w.table.find(3), nullptr);
    EXPECT_EQ(parent.children_usage.user_time, 0U) << "was not waited for";
    EXPECT_EQ(w.collect(parent), "NoChild");
}

TEST_F(ProcessTableTest, WhoSaysSaNocldwaitGetsNoZombies) {
    SignalAction action;
    action.handler = 0x8048000;
    action.flags = 2;
    w.actions(init).set(17, action);
    EXPECT_TRUE(w.end(fork(init)));
    Process& clone = fork(init);
    clone.exit_signal = 10;
    EXPECT_FALSE(w.end(clone)) << "its end is told by another signal";
    action.flags = 0;
    w.actions(init).set(17, action);
    EXPECT_FALSE(w.end(fork(init)));
}

TEST_F(ProcessTableTest, OrphansBecomeInits) {
    Process& parent = fork(init);
    Process& alive = fork(parent);
    Process& dead = fork(parent);
    alive.exit_signal = 0;
    EXPECT_FALSE(w.end(dead, 5));
    const CountingWaiter waiter(init.child_changes);
    EXPECT_FALSE(w.end(parent, 6));
    w.table.check_invariants();
    EXPECT_EQ(alive.parent, &init);
    EXPECT_EQ(alive.exit_signal, 17U);
    EXPECT_GE(waiter.count, 1);
    EXPECT_EQ(w.collect(init, for_pid(4)), "4 0x5");
    EXPECT_EQ(w.collect(init), "2 0x6");
    EXPECT_EQ(w.collect(init), "-");
}

TEST_F(ProcessTableTest, InitIsWokenForAZombieItInherits) {
    Process& parent = fork(fork(init));
    EXPECT_FALSE(w.end(fork(parent), 5));
    const CountingWaiter waiter(init.child_changes);
    EXPECT_FALSE(w.end(parent, 6));  // tells its own parent, who is not init
    EXPECT_EQ(waiter.count, 1);
}

TEST_F(ProcessTableTest, AnInitThatIgnoresSigchldInheritsNoZombies) {
    SignalAction ignore;
    ignore.handler = SignalAction::kIgnore;
    w.actions(init).set(17, ignore);
    Process& parent = fork(init);
    EXPECT_FALSE(w.end(fork(parent), 5));
    EXPECT_TRUE(w.end(parent, 6));
    EXPECT_EQ(w.table.count(), 1U);
}

// --- Groups and sessions ---

TEST_F(ProcessTableTest, AChildMayBePutIntoAGroupUntilItRunsExec) {
    Process& shell = fork(init);
    EXPECT_EQ(start_session(shell), "OK");
    Process& a = fork(shell);
    Process& b = fork(shell);
    EXPECT_EQ(set_group(shell, a.pid, 0), "OK");
    EXPECT_EQ(a.group, a.pid);
    EXPECT_EQ(set_group(shell, b.pid, a.pid), "OK");
    EXPECT_EQ(b.group, a.pid);
    EXPECT_TRUE(w.table.group_exists(a.pid, shell.pid));
    EXPECT_FALSE(w.table.group_exists(a.pid, init.pid));
    EXPECT_FALSE(w.table.group_exists(b.pid, shell.pid));
    b.has_run_exec = true;
    EXPECT_EQ(set_group(shell, b.pid, b.pid), "AccessDenied");
    EXPECT_EQ(set_group(b, 0, 0), "OK") << "for itself it may";
    EXPECT_EQ(b.group, b.pid);
}

TEST_F(ProcessTableTest, SetpgidRefusesAsLinuxDoes) {
    Process& shell = fork(init);
    EXPECT_EQ(start_session(shell), "OK");
    Process& child = fork(shell);
    Process& grandchild = fork(child);
    EXPECT_EQ(set_group(shell, 77, 0), "NoSuchProcess");
    EXPECT_EQ(set_group(shell, grandchild.pid, 0), "NoSuchProcess");
    EXPECT_EQ(set_group(child, shell.pid, 0), "NoSuchProcess") << "its parent";
    EXPECT_EQ(set_group(shell, 0, 0), "NotPermitted") << "a session's leader";
    EXPECT_EQ(set_group(shell, child.pid, 77), "NotPermitted") << "no such group";
    EXPECT_EQ(set_group(shell, child.pid, init.group), "NotPermitted") << "another session's";
    EXPECT_EQ(start_session(child), "OK");
    child.has_run_exec = true;
    EXPECT_EQ(set_group(shell, child.pid, shell.pid), "NotPermitted") << "before EACCES";
}

TEST_F(ProcessTableTest, ASessionsLeaderStartsNoOther) {
    Process& leader = fork(init);
    leader.terminal = 0x401;
    EXPECT_EQ(start_session(leader), "OK");
    EXPECT_EQ(leader.session, leader.pid);
    EXPECT_EQ(leader.group, leader.pid);
    EXPECT_EQ(leader.terminal, 0U);
    EXPECT_EQ(start_session(leader), "NotPermitted");
}

TEST_F(ProcessTableTest, AGroupsNumberStartsNoSession) {
    Process& leader = fork(init);
    Process& member = fork(leader);
    EXPECT_EQ(set_group(leader, 0, 0), "OK");
    EXPECT_EQ(set_group(member, 0, leader.pid), "OK");
    EXPECT_EQ(set_group(leader, 0, init.group), "OK") << "the group lives on without its leader";
    EXPECT_EQ(start_session(leader), "NotPermitted");
    EXPECT_EQ(set_group(member, 0, init.group), "OK");
    EXPECT_EQ(start_session(leader), "OK");
}

TEST_F(ProcessTableTest, AGroupIsOrphanedWhenNobodyAboveItIsOfItsSession) {
    Process& shell = fork(init);
    EXPECT_EQ(start_session(shell), "OK");
    Process& job = fork(shell);
    EXPECT_EQ(set_group(job, 0, 0), "OK");
    fork(job);  // of the same group
    EXPECT_FALSE(w.table.is_orphaned(job.pid));
    EXPECT_TRUE(w.table.is_orphaned(shell.pid)) << "its parent is init";
    EXPECT_FALSE(w.end(shell));
    EXPECT_TRUE(w.table.is_orphaned(job.pid));
}

TEST_F(ProcessTableTest, AZombieHoldsNoGroup) {
    Process& shell = fork(init);
    EXPECT_EQ(start_session(shell), "OK");
    Process& job = fork(shell);
    EXPECT_EQ(set_group(job, 0, 0), "OK");
    EXPECT_FALSE(w.end(job));
    EXPECT_TRUE(w.table.is_orphaned(job.pid));
}

TEST_F(ProcessTableTest, WhoLeavesMayStrandAStoppedGroup) {
    Process& shell = fork(init);
    EXPECT_EQ(start_session(shell), "OK");
    Process& job = fork(shell);
    EXPECT_EQ(set_group(job, 0, 0), "OK");
    Process& worker = fork(job);  // of the same group
    EXPECT_FALSE(w.table.strands(shell, job, shell)) << "nobody is stopped";
    worker.state = ProcessState::Stopped;
    EXPECT_TRUE(w.table.strands(shell, job, shell));
    EXPECT_TRUE(w.table.strands(job, job, shell)) << "the worker has nobody above it then";
    EXPECT_FALSE(w.table.strands(job, worker, job)) << "of one group";
    EXPECT_FALSE(w.table.strands(shell, shell, init)) << "init holds nobody";
    job.state = ProcessState::Stopped;
    worker.state = ProcessState::Alive;
    EXPECT_FALSE(w.table.strands(job, job, shell)) << "who leaves does not count";
    Process& other = fork(shell);
    EXPECT_EQ(set_group(other, 0, job.pid), "OK");
    EXPECT_FALSE(w.table.strands(job, job, shell)) << "another child of the shell is there";
    worker.state = job.state = ProcessState::Alive;
}

// --- At random, beside a model of sets and maps ---

struct ModelProcess {
    ProcessId parent;
    bool zombie = false;
    std::uint32_t status = 0;
};

TEST(ProcessTableRandom, AgreesWithAModel) {
    test::Random random(test::seed());
    ProcessWorld w;
    w.init();
    std::map<ProcessId, ModelProcess> model{{1, {0}}};
    const auto any = [&] {
        auto it = model.begin();
        std::advance(it, random.below(model.size()));
        return it->first;
    };
    for (int step = 0; step < 20000; ++step) {
        const ProcessId pid = any();
        ModelProcess& one = model.at(pid);
        Process& process = *w.table.find(pid);
        const std::size_t what = random.below(model.size() < 60 ? 8 : 4);
        if (what >= 4) {
            if (one.zombie) continue;
            const ProcessId child = w.fork(process).pid;
            ASSERT_TRUE(model.emplace(child, ModelProcess{pid}).second);
        } else if (what >= 2) {
            if (one.zombie || pid == 1) continue;
            one = {one.parent, true, static_cast<std::uint32_t>(random.below(0x10000))};
            ASSERT_FALSE(w.end(process, one.status));
            for (auto& [id, other] : model)
                if (other.parent == pid) other.parent = 1;
        } else if (!one.zombie) {
            std::set<ProcessId> zombies;
            bool any_child = false;
            for (const auto& [id, other] : model) {
                if (other.parent != pid) continue;
                any_child = true;
                if (other.zombie) zombies.insert(id);
            }
            const auto result = w.table.collect(process, {});
            ASSERT_EQ(result.ok(), any_child);
            if (!any_child) continue;
            const ProcessId found = result.value().pid;
            ASSERT_EQ(found == 0, zombies.empty());
            if (found == 0) continue;
            ASSERT_TRUE(zombies.contains(found));
            ASSERT_EQ(result.value().status, model.at(found).status);
            model.erase(found);
        }
        ASSERT_EQ(w.table.count(), model.size());
        if (step % 64 == 0) w.table.check_invariants();
    }
}

}  // namespace
}  // namespace quire::kernel
