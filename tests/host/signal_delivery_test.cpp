// kernel/process/signal_delivery: who gets a signal, what it does, and what becomes of the call.
#include "kernel/process/signal_delivery.h"

#include <gtest/gtest.h>

#include "kernel/abi/signal.h"
#include "kernel/process/scheduler.h"

namespace quire::kernel {
namespace {

using namespace abi;
using What = Delivery::What;

constexpr std::uint32_t kHandler = 0x08049000;

SignalSet set_of(std::initializer_list<SignalNumber> signals) {
    SignalSet set;
    for (SignalNumber signal : signals)
        set.add(signal);
    return set;
}

SignalInfo from_user(SignalNumber signal) {
    return {.signal = signal, .code = kSiUser, .sender = 77, .user = 1000};
}

// A process of two threads, and its parent.
class SignalDelivery : public testing::Test {
  protected:
    SignalDelivery() {
        parent.signals = &parent_table;
        process.signals = &table;
        process.parent = &parent;
        process.threads.push_back(first);
        process.threads.push_back(second);
        parent.threads.push_back(parents);
    }
    ~SignalDelivery() override {
        process.pending.check_invariants();
        first.pending.check_invariants();
        process.threads.remove(first);
        process.threads.remove(second);
        parent.threads.remove(parents);
    }

    Posted send(SignalNumber signal, Thread* only = nullptr) {
        return post_signal(process, only, from_user(signal)).value();
    }
    void act(SignalNumber signal, std::uint32_t handler, std::uint32_t flags = 0,
             SignalSet mask = {}) {
        EXPECT_TRUE(set_action(process, signal, {handler, flags, 0, mask}).ok());
    }
    What what(Thread& thread) { return take_delivery(thread).what; }

    SignalTable table, parent_table;
    Process process{10}, parent{5};
    Thread first{10, &process}, second{11, &process}, parents{5, &parent};
};

TEST_F(SignalDelivery, DefaultsEndStopOrDoNothing) {
    EXPECT_EQ(what(first), What::Nothing);
    send(kSigTerm);
    EXPECT_EQ(what(first), What::End);
    send(kSigQuit);
    EXPECT_EQ(what(first), What::End);
    send(kSigTerminalStop);
    EXPECT_EQ(what(first), What::Stop);
    send(kSigChild);
    EXPECT_FALSE(has_signal_work(first));
}

TEST_F(SignalDelivery, HandlersAreCalledWithWhatWasAskedFor) {
    act(kSigUser1, kHandler, kSaSigInfo | kSaRestart, set_of({3, 40}));
    EXPECT_EQ(send(kSigUser1).wakes, &first);
    const Delivery delivery = take_delivery(first);
    EXPECT_EQ(delivery.what, What::Handler);
    EXPECT_EQ(delivery.info.signal, kSigUser1);
    EXPECT_EQ(delivery.info.sender, 77U);
    EXPECT_EQ(delivery.action.handler, kHandler);
    EXPECT_EQ(delivery.action.flags, kSaSigInfo | kSaRestart);
    EXPECT_EQ(delivery.action.mask, set_of({3, 40}));
    EXPECT_EQ(what(first), What::Nothing);
}

TEST_F(SignalDelivery, WhatIsIgnoredIsNotEvenSent) {
    act(kSigTerm, SignalAction::kIgnore);
    EXPECT_EQ(send(kSigTerm).wakes, nullptr);
    EXPECT_TRUE(process.pending.set().empty());
}

TEST_F(SignalDelivery, WhatIsBlockedIsKeptThoughIgnored) {
    act(kSigTerm, SignalAction::kIgnore);
    first.blocked = second.blocked = set_of({kSigTerm});
    EXPECT_EQ(send(kSigTerm).wakes, nullptr);
    EXPECT_TRUE(process.pending.set().has(kSigTerm));
    EXPECT_FALSE(has_signal_work(first));
    act(kSigTerm, kHandler);
    first.blocked = {};
    EXPECT_EQ(what(first), What::Handler);
}

TEST_F(SignalDelivery, IgnoredWhenTakenIsPassedOver) {
    first.blocked = set_of({kSigTerm});
    send(kSigTerm);
    send(kSigUser1);
    SignalAction ignore{.handler = SignalAction::kIgnore};
    table.actions.set(kSigTerm, ignore);
    first.blocked = {};
    EXPECT_EQ(take_delivery(first).info.signal, kSigUser1);
}

TEST_F(SignalDelivery, InterruptsTheSleepOfWhoMustLookOnly) {
    send(kSigUser1);
    EXPECT_TRUE(interrupts_sleep(first));
    first.must_look = false;  // nobody leaves it so: check_must_look()
    EXPECT_FALSE(interrupts_sleep(first));
    first.must_look = true;
    first.blocked = set_of({kSigUser1});
    EXPECT_FALSE(interrupts_sleep(first));
    first.awaited = set_of({kSigUser1});
    EXPECT_TRUE(interrupts_sleep(first));
}

TEST_F(SignalDelivery, ChoosesAThreadThatDoesNotBlockIt) {
    first.blocked = set_of({kSigUser1});
    EXPECT_EQ(send(kSigUser1).wakes, &second);
    EXPECT_FALSE(interrupts_sleep(first));
    EXPECT_TRUE(interrupts_sleep(second));
    EXPECT_EQ(what(first), What::Nothing);
    EXPECT_EQ(what(second), What::End);
}

TEST_F(SignalDelivery, ThreadsThatHaveEndedGetNothing) {
    first.state = ThreadState::Ended;
    EXPECT_EQ(send(kSigUser1).wakes, &second);
}

TEST_F(SignalDelivery, SentToAThreadIsForThatThread) {
    act(kSigUser1, kHandler);
    EXPECT_EQ(send(kSigUser1, &second).wakes, &second);
    EXPECT_FALSE(has_signal_work(first));
    EXPECT_EQ(what(first), What::Nothing);
    EXPECT_EQ(what(second), What::Handler);
    second.blocked = set_of({kSigUser1});
    EXPECT_EQ(send(kSigUser1, &second).wakes, nullptr);
}

TEST_F(SignalDelivery, ThreadsOwnComeFirst) {
    act(kSigUser1, kHandler);
    act(kSigHup, kHandler);
    send(kSigHup);
    send(kSigUser1, &first);
    EXPECT_EQ(take_delivery(first).info.signal, kSigUser1);
    EXPECT_EQ(take_delivery(first).info.signal, kSigHup);
}

TEST_F(SignalDelivery, KillComesBeforeAllOthers) {
    act(kSigHup, kHandler);
    send(kSigHup, &first);
    EXPECT_TRUE(send(kSigKill).resumes);
    const Delivery delivery = take_delivery(first);
    EXPECT_EQ(delivery.what, What::End);
    EXPECT_EQ(delivery.info.signal, kSigKill);
}

TEST_F(SignalDelivery, NobodyBlocksCatchesOrIgnoresKillAndStop) {
    set_blocked(first, ~SignalSet());
    EXPECT_FALSE(first.blocked.has(kSigKill));
    EXPECT_FALSE(first.blocked.has(kSigStop));
    for (SignalNumber signal : {kSigKill, kSigStop}) {
        EXPECT_EQ(set_action(process, signal, {.handler = kHandler}).error(),
                  Error::InvalidArgument);
        EXPECT_EQ(table.actions.of(signal).handler, SignalAction::kDefault);
    }
    act(kSigTerm, kHandler, 0, ~SignalSet());
    EXPECT_EQ(table.actions.of(kSigTerm).mask, ~kUnstoppable);
}

TEST_F(SignalDelivery, UnknownFlagsAreDropped) {
    act(kSigTerm, kHandler, ~0U);
    EXPECT_EQ(table.actions.of(kSigTerm).flags, kSaKnown);
}

TEST_F(SignalDelivery, IgnoringForgetsWhatIsPending) {
    first.blocked = second.blocked = set_of({kSigUser1, kSigChild});
    send(kSigUser1);
    send(kSigUser1, &second);
    send(kSigChild);
    act(kSigUser1, SignalAction::kIgnore);
    act(kSigChild, SignalAction::kDefault);
    EXPECT_TRUE(process.pending.set().empty());
    EXPECT_TRUE(second.pending.set().empty());
}

TEST_F(SignalDelivery, ResetHandlerIsCalledOnce) {
    act(kSigUser1, kHandler, kSaResetHandler | kSaRestart);
    send(kSigUser1);
    EXPECT_EQ(take_delivery(first).action.handler, kHandler);
    EXPECT_EQ(table.actions.of(kSigUser1).handler, SignalAction::kDefault);
    EXPECT_EQ(table.actions.of(kSigUser1).flags, kSaResetHandler | kSaRestart);
    send(kSigUser1);
    EXPECT_EQ(what(first), What::End);
}

TEST_F(SignalDelivery, HandlerBlocksItsSignalAndItsMask) {
    act(kSigUser1, kHandler, 0, set_of({kSigTerm}));
    first.blocked = set_of({kSigHup});
    send(kSigUser1);
    const Delivery delivery = take_delivery(first);
    EXPECT_EQ(mask_after_handler(first), set_of({kSigHup}));
    block_for_handler(first, delivery);
    EXPECT_EQ(first.blocked, set_of({kSigHup, kSigTerm, kSigUser1}));
}

TEST_F(SignalDelivery, NoDeferLeavesItsSignalOpen) {
    act(kSigUser1, kHandler, kSaNoDefer, set_of({kSigTerm}));
    send(kSigUser1);
    block_for_handler(first, take_delivery(first));
    EXPECT_EQ(first.blocked, set_of({kSigTerm}));
}

TEST_F(SignalDelivery, SigsuspendsMaskComesBackAfterTheHandler) {
    act(kSigUser1, kHandler);
    first.blocked_before = set_of({kSigHup});
    set_blocked(first, set_of({kSigInt}));
    EXPECT_TRUE(has_signal_work(first));  // the mask has to come back
    EXPECT_FALSE(interrupts_sleep(first));
    send(kSigUser1);
    const Delivery delivery = take_delivery(first);
    EXPECT_EQ(mask_after_handler(first), set_of({kSigHup}));
    block_for_handler(first, delivery);
    EXPECT_EQ(first.blocked, set_of({kSigInt, kSigUser1}));
    EXPECT_FALSE(first.blocked_before.has_value());
}

TEST_F(SignalDelivery, SigsuspendsMaskComesBackWithoutAHandler) {
    first.blocked_before = set_of({kSigHup});
    end_without_handler(first);
    EXPECT_EQ(first.blocked, set_of({kSigHup}));
    end_without_handler(first);
    EXPECT_EQ(first.blocked, set_of({kSigHup}));
}

TEST_F(SignalDelivery, WhatIsAwaitedWakesAndIsNotDelivered) {
    first.blocked = second.blocked = set_of({kSigChild, kSigUser1});
    second.awaited = set_of({kSigChild});
    EXPECT_EQ(send(kSigUser1).wakes, nullptr);
    EXPECT_EQ(send(kSigChild).wakes, &second);
    EXPECT_TRUE(interrupts_sleep(second));
    EXPECT_FALSE(interrupts_sleep(first));
    EXPECT_FALSE(has_signal_work(second));
}

TEST_F(SignalDelivery, FaultsAreNeitherBlockedNorIgnored) {
    first.blocked = set_of({kSigSegv});
    act(kSigSegv, kHandler);
    post_fault(first, {.signal = kSigSegv, .code = kSegvMapError});
    EXPECT_EQ(what(first), What::End);
    EXPECT_FALSE(first.blocked.has(kSigSegv));
    act(kSigSegv, SignalAction::kIgnore);
    post_fault(first, {.signal = kSigSegv, .code = kSegvMapError});
    EXPECT_EQ(what(first), What::End);
    act(kSigSegv, kHandler);
    post_fault(first, {.signal = kSigSegv, .code = kSegvMapError});
    EXPECT_EQ(what(first), What::Handler);
}

TEST_F(SignalDelivery, WhoUnblocksASignalHasToLook) {
    first.blocked = second.blocked = set_of({kSigUser1, kSigHup});
    send(kSigUser1);
    first.must_look = second.must_look = false;
    set_blocked(first, set_of({kSigUser1}));
    EXPECT_FALSE(first.must_look) << "nothing waits";
    check_must_look(process);
    set_blocked(first, {});
    EXPECT_TRUE(first.must_look);
    EXPECT_FALSE(second.must_look);
    check_must_look(process);
}

TEST_F(SignalDelivery, WhoHasAFaultHasToLook) {
    first.must_look = false;
    post_fault(first, {.signal = kSigSegv, .code = kSegvMapError});
    EXPECT_TRUE(first.must_look);
}

TEST_F(SignalDelivery, ASignalThatNobodyLooksForIsADefect) {
    send(kSigUser1);
    first.must_look = false;
    check_must_look(process);  // the second may take it
    second.must_look = false;
    EXPECT_DEATH(check_must_look(process), "looked_for");
    first.must_look = true;
    send(kSigUser2, &second);
    EXPECT_DEATH(check_must_look(process), "has_own");
    second.must_look = true;
    check_must_look(process);
}

TEST_F(SignalDelivery, FaultTellsMoreThanAKillBeforeIt) {
    act(kSigSegv, kHandler);
    send(kSigSegv, &first);
    post_fault(first, {.signal = kSigSegv, .code = kSegvMapError, .address = 0x1000});
    EXPECT_EQ(take_delivery(first).info.address, 0x1000U);
    EXPECT_EQ(what(first), What::Nothing);
}

TEST_F(SignalDelivery, InitGetsOnlyWhatItHandlesAndItsFaults) {
    process.pid = 1;
    for (SignalNumber signal : {kSigTerm, kSigKill, kSigStop, kSigSegv, kSigInt})
        EXPECT_EQ(send(signal).wakes, nullptr) << signal;
    EXPECT_TRUE(process.pending.set().empty());
    first.blocked = second.blocked = set_of({kSigTerm});
    send(kSigTerm);
    first.blocked = second.blocked = {};
    EXPECT_EQ(what(first), What::Nothing);
    act(kSigTerm, kHandler);
    send(kSigTerm);
    EXPECT_EQ(what(first), What::Handler);
    const SignalInfo typed{.signal = kSigInt, .code = kSiKernel};  // at its terminal
    EXPECT_EQ(post_signal(process, nullptr, typed).value().wakes, nullptr);
    post_fault(first, {.signal = kSigSegv, .code = kSiKernel});
    EXPECT_EQ(what(first), What::End);
}

TEST_F(SignalDelivery, FullQueueIsTold) {
    first.blocked = second.blocked = set_of({40});
    const SignalInfo info{.signal = 40, .code = kSiQueue};
    for (std::uint32_t i = 0; i < PendingSignals::kMostQueued; ++i)
        EXPECT_TRUE(post_signal(process, nullptr, info).ok());
    EXPECT_EQ(post_signal(process, nullptr, info).error(), Error::TryAgain);
}

TEST_F(SignalDelivery, ZombiesTakeEverythingAndDoNothing) {
    process.state = ProcessState::Zombie;
    EXPECT_EQ(send(kSigKill).wakes, nullptr);
    EXPECT_TRUE(process.pending.set().empty());
}

TEST_F(SignalDelivery, StopAndContinueUndoEachOther) {
    first.blocked = second.blocked = set_of({kSigTerminalStop, kSigContinue});
    send(kSigTerminalStop);
    send(kSigTerminalInput, &second);
    EXPECT_TRUE(send(kSigContinue).resumes);
    EXPECT_EQ(process.pending.set(), set_of({kSigContinue}));
    EXPECT_TRUE(second.pending.set().empty());
    EXPECT_FALSE(send(kSigTerminalOutput).resumes);
    EXPECT_EQ(process.pending.set(), set_of({kSigTerminalOutput}));
}

TEST_F(SignalDelivery, ContinueResumesThoughIgnoredOrBlocked) {
    EXPECT_TRUE(send(kSigContinue).resumes);
    act(kSigContinue, SignalAction::kIgnore);
    EXPECT_TRUE(send(kSigContinue).resumes);
}

TEST_F(SignalDelivery, StopIsToldWhenTheLastThreadHasStopped) {
    begin_stop(process, kSigTerminalStop);
    EXPECT_EQ(process.state, ProcessState::Stopped);
    EXPECT_TRUE(has_signal_work(second));
    EXPECT_TRUE(interrupts_sleep(second));
    EXPECT_FALSE(has_stopped_now(process, &first));
    EXPECT_FALSE(process.stop_untold);
    first.state = ThreadState::Stopped;
    EXPECT_TRUE(has_stopped_now(process, &second));
    EXPECT_TRUE(process.stop_untold);
    EXPECT_EQ(process.stop_signal, kSigTerminalStop);
    EXPECT_FALSE(has_stopped_now(process, &second));  // once
}

TEST_F(SignalDelivery, SecondStopChangesNothing) {
    begin_stop(process, kSigTerminalStop);
    begin_stop(process, kSigStop);
    EXPECT_EQ(process.stop_signal, kSigTerminalStop);
}

TEST_F(SignalDelivery, ContinueEndsAStopAndIsTold) {
    EXPECT_FALSE(end_stop(process, true));
    begin_stop(process, kSigStop);
    second.state = ThreadState::Stopped;
    EXPECT_TRUE(has_stopped_now(process, &first));
    EXPECT_TRUE(end_stop(process, true));
    EXPECT_EQ(process.state, ProcessState::Alive);
    EXPECT_FALSE(process.stop_untold);
    EXPECT_TRUE(process.continue_untold);
    begin_stop(process, kSigStop);
    EXPECT_FALSE(process.continue_untold);
    EXPECT_FALSE(has_stopped_now(process, &second));  // the first runs
    first.state = ThreadState::Ended;
    EXPECT_TRUE(has_stopped_now(process, &second));
    EXPECT_TRUE(end_stop(process, false));  // SIGKILL
    EXPECT_FALSE(process.continue_untold);
}

TEST_F(SignalDelivery, SigtimedwaitTakesWhatIsBlocked) {
    act(kSigUser1, kHandler);
    first.blocked = set_of({kSigUser1, kSigUser2});
    send(kSigUser2);
    send(kSigUser1, &first);
    EXPECT_FALSE(take_one_of(first, set_of({kSigHup})).has_value());
    EXPECT_EQ(take_one_of(first, set_of({kSigUser1, kSigUser2}))->signal, kSigUser1);
    EXPECT_EQ(take_one_of(first, set_of({kSigUser2}))->signal, kSigUser2);
    EXPECT_FALSE(take_one_of(first, ~SignalSet()).has_value());
}

TEST_F(SignalDelivery, RightToSendIsOfUserAndSession) {
    constexpr std::uint32_t kAnn = 1000, kBob = 1001;
    const auto may = [this](SignalNumber signal) { return may_send(parent, process, signal); };
    process.credentials.user = process.credentials.real_user = process.saved_user = kBob;
    EXPECT_TRUE(may(kSigTerm));  // root
    parent.credentials.user = parent.credentials.real_user = kAnn;
    EXPECT_FALSE(may(kSigTerm));
    process.credentials.user = kAnn;
    EXPECT_FALSE(may(kSigTerm));  // whom it acts as does not count
    process.credentials.real_user = kAnn;
    EXPECT_TRUE(may(kSigTerm));
    process.credentials.real_user = kBob;
    process.saved_user = kAnn;
    EXPECT_TRUE(may(kSigTerm));
    parent.credentials.user = 5;
    EXPECT_TRUE(may(kSigTerm));  // its real one does
    parent.credentials.user = kAnn;
    parent.credentials.real_user = 5;
    EXPECT_TRUE(may(kSigTerm));  // or whom it acts as
    parent.credentials.user = 5;
    parent.session = 3;
    process.session = 4;
    EXPECT_FALSE(may(kSigContinue));
    process.session = 3;
    EXPECT_TRUE(may(kSigContinue));
    EXPECT_FALSE(may(kSigTerm));
}

TEST(SignalStops, OrphansAreNotStoppedByTerminals) {
    EXPECT_TRUE(may_stop(kSigStop, true));
    for (SignalNumber signal : {kSigTerminalStop, kSigTerminalInput, kSigTerminalOutput}) {
        EXPECT_FALSE(may_stop(signal, true));
        EXPECT_TRUE(may_stop(signal, false));
    }
}

TEST(SignalRestart, DependsOnCallAndHandler) {
    const SignalAction plain{.handler = kHandler};
    const SignalAction restarting{.handler = kHandler, .flags = kSaRestart};
    // restarts, resumes, handler
    EXPECT_TRUE(begins_again(true, false, &restarting));
    EXPECT_FALSE(begins_again(true, false, &plain));
    EXPECT_TRUE(begins_again(true, false, nullptr));
    EXPECT_FALSE(begins_again(false, true, &restarting));
    EXPECT_FALSE(begins_again(false, true, &plain));
    EXPECT_TRUE(begins_again(false, true, nullptr));
    EXPECT_FALSE(begins_again(false, false, &restarting));
    EXPECT_FALSE(begins_again(false, false, nullptr));
}

TEST_F(SignalDelivery, ParentHearsOfItsChildren) {
    process.credentials.real_user = 1000;
    const auto news = news_of(process, kChildStopped, 20);
    ASSERT_TRUE(news.has_value());
    EXPECT_EQ(news->signal, kSigChild);
    EXPECT_EQ(news->code, kChildStopped);
    EXPECT_EQ(news->sender, 10U);
    EXPECT_EQ(news->user, 1000U);
    EXPECT_EQ(news->status, 20);
}

TEST_F(SignalDelivery, ParentMayNotWantToHearOfStops) {
    EXPECT_TRUE(set_action(parent, kSigChild, {kHandler, kSaNoChildStop, 0, {}}).ok());
    EXPECT_FALSE(news_of(process, kChildStopped, 20).has_value());
    EXPECT_FALSE(news_of(process, kChildContinued, 18).has_value());
    EXPECT_TRUE(news_of(process, kChildExited, 0).has_value());
    parent.signals = nullptr;
    EXPECT_FALSE(news_of(process, kChildExited, 0).has_value());
    process.parent = nullptr;
    EXPECT_FALSE(news_of(process, kChildExited, 0).has_value());
}

TEST(SignalDeliveryOfKernelThreads, IsNothing) {
    const Thread thread(3, nullptr);
    EXPECT_FALSE(interrupts_sleep(thread));
    EXPECT_FALSE(has_signal_work(thread));
}

// --- Threads ---

TEST_F(SignalDelivery, AThreadThatIsIdleIsPreferred) {
    EXPECT_EQ(send(kSigUser1).wakes, &first);
    EXPECT_EQ(send(kSigUser2).wakes, &first) << "both have something to do: the first one again";
    take_delivery(first);
    take_delivery(first);
    send(kSigUser1, &first);
    EXPECT_EQ(send(kSigUser2).wakes, &second);
}

TEST_F(SignalDelivery, WhoMustEndTakesNothing) {
    ASSERT_TRUE(begin_survival(second).ok());
    EXPECT_EQ(send(kSigUser1).wakes, &second);
    EXPECT_TRUE(interrupts_sleep(first) && has_signal_work(first));
    EXPECT_TRUE(is_dying(first));
    EXPECT_FALSE(is_dying(second));
}

TEST_F(SignalDelivery, TheKillSignalIsForAllToSee) {
    const Posted posted = send(kSigKill, &second);
    EXPECT_TRUE(posted.ends && posted.resumes);
    EXPECT_FALSE(send(kSigTerm).ends);
    EXPECT_TRUE(is_dying(second));
    EXPECT_FALSE(is_dying(first)) << "not before it is taken";
    send(kSigKill);
    EXPECT_TRUE(is_dying(first));
}

// The threads of the process, asleep in a scheduler.
class HandedOn : public SignalDelivery {
  protected:
    HandedOn() {
        for (Thread* thread : {&first, &second}) {
            scheduler.add(*thread);
            EXPECT_EQ(scheduler.next(), thread);
            scheduler.prepare_to_sleep();
            EXPECT_TRUE(scheduler.sleep(ThreadState::Sleeping));
            scheduler.next();
        }
    }
    ~HandedOn() override {
        scheduler.check_invariants();
        for (Thread* thread : {&first, &second})
            scheduler.remove(*thread);
    }
    [[nodiscard]] static bool sleeps(const Thread& thread) {
        return thread.state == ThreadState::Sleeping;
    }
    Scheduler scheduler;
};

TEST_F(HandedOn, ASignalThatItsTakerBlocksNowIsAnothers) {
    EXPECT_EQ(send(kSigUser1).wakes, &first);
    set_blocked(first, set_of({kSigUser1}));
    EXPECT_FALSE(sleeps(second));
}

TEST_F(HandedOn, WhatNobodyTakesWakesNobody) {
    set_blocked(second, set_of({kSigUser1}));
    send(kSigUser1);
    set_blocked(first, set_of({kSigUser1, kSigUser2}));
    EXPECT_TRUE(sleeps(second));
}

TEST_F(HandedOn, OnlyWhatIsNewlyBlockedIsHandedOn) {
    set_blocked(first, set_of({kSigUser1}));
    send(kSigUser1);
    set_blocked(first, set_of({kSigUser1, kSigUser2}));
    EXPECT_TRUE(sleeps(second)) << "it was told when the signal was sent";
}

TEST_F(HandedOn, WhoWaitsForItIsToldThoughItBlocksIt) {
    set_blocked(second, set_of({kSigUser1}));
    second.awaited = set_of({kSigUser1});
    send(kSigUser1);
    set_blocked(first, set_of({kSigUser1}));
    EXPECT_FALSE(sleeps(second));
}

TEST_F(HandedOn, WhoWaitsNoMoreLeavesTheOthersOfItsSignals) {
    first.blocked = set_of({kSigUser1, kSigUser2});
    first.awaited = first.blocked;
    EXPECT_EQ(send(kSigUser1).wakes, &first);
    EXPECT_EQ(take_one_of(first, first.awaited)->signal, kSigUser1);
    second.must_look = false;
    end_await(first);
    EXPECT_TRUE(sleeps(second)) << "nothing is left";
    EXPECT_FALSE(second.must_look);
    first.awaited = first.blocked;
    EXPECT_EQ(send(kSigUser2).wakes, &first);
    end_await(first);
    EXPECT_TRUE(first.awaited.empty());
    EXPECT_FALSE(sleeps(second));
    EXPECT_TRUE(second.must_look);
}

TEST_F(HandedOn, AThreadThatEndsLeavesItsSignals) {
    send(kSigUser1);
    leave_signals(first);
    EXPECT_FALSE(sleeps(second));
}

TEST_F(HandedOn, AThreadThatEndsWithoutSignalsWakesNobody) {
    send(kSigUser1, &first);
    leave_signals(first);
    EXPECT_TRUE(sleeps(second));
}

}  // namespace
}  // namespace quire::kernel
