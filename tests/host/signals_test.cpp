// kernel/process/signals: what is pending, in which order it is taken, and what the defaults are.
#include "kernel/process/signals.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>

#include "kernel/abi/signal.h"
#include "tests/host/seed.h"

namespace quire::kernel {
namespace {

using namespace abi;

constexpr SignalSet kNone;

SignalSet set_of(std::initializer_list<SignalNumber> signals) {
    SignalSet set;
    for (SignalNumber signal : signals)
        set.add(signal);
    return set;
}

SignalInfo queued(SignalNumber signal, std::uint32_t value) {
    return {.signal = signal, .code = kSiQueue, .value = value};
}

class Pending : public testing::Test {
  protected:
    ~Pending() override { pending.check_invariants(); }
    bool add(SignalNumber signal) { return pending.add({.signal = signal}).ok(); }
    SignalNumber take(SignalSet blocked = kNone) {
        const auto info = pending.take(blocked);
        return info.has_value() ? info->signal : 0;
    }
    PendingSignals pending;
};

TEST_F(Pending, IsEmptyAtFirst) {
    EXPECT_TRUE(pending.set().empty());
    EXPECT_EQ(take(), 0U);
}

TEST_F(Pending, GivesTheLowestFirst) {
    for (SignalNumber signal : {kSigLast, kSigTerm, 33U, kSigHup, 32U, kSigSystem + 1})
        EXPECT_TRUE(add(signal));
    EXPECT_EQ(take(), kSigHup);
    EXPECT_EQ(take(), kSigTerm);
    EXPECT_EQ(take(), 32U);
    EXPECT_EQ(take(), 32U);  // queued twice
    EXPECT_EQ(take(), 33U);
    EXPECT_EQ(take(), kSigLast);
    EXPECT_EQ(take(), 0U);
}

TEST_F(Pending, GivesFaultsBeforeAllOthers) {
    for (SignalNumber signal : {kSigHup, kSigInt, kSigSegv, kSigBus})
        EXPECT_TRUE(add(signal));
    EXPECT_EQ(take(), kSigBus);
    EXPECT_EQ(take(), kSigSegv);
    EXPECT_EQ(take(), kSigHup);
}

TEST_F(Pending, KeepsWhatIsBlocked) {
    EXPECT_TRUE(add(kSigHup));
    EXPECT_TRUE(add(40));
    EXPECT_EQ(take(set_of({kSigHup, 40})), 0U);
    EXPECT_EQ(pending.set(), set_of({kSigHup, 40}));
    EXPECT_EQ(take(set_of({kSigHup})), 40U);
    EXPECT_EQ(take(), kSigHup);
    EXPECT_TRUE(pending.set().empty());
}

TEST_F(Pending, StandardSignalSentTwiceIsOneAndTheFirst) {
    EXPECT_TRUE(pending.add({.signal = kSigUser1, .sender = 5}).ok());
    EXPECT_TRUE(pending.add({.signal = kSigUser1, .sender = 6}).ok());
    EXPECT_EQ(pending.take(kNone)->sender, 5U);
    EXPECT_EQ(take(), 0U);
    EXPECT_TRUE(pending.add({.signal = kSigUser1, .sender = 7}).ok());
    EXPECT_EQ(pending.take(kNone)->sender, 7U);
}

TEST_F(Pending, RealTimeSignalsQueueInOrder) {
    for (std::uint32_t value : {1U, 2U, 3U})
        EXPECT_TRUE(pending.add(queued(40, value)).ok());
    EXPECT_TRUE(pending.add(queued(39, 9)).ok());
    EXPECT_EQ(pending.take(kNone)->value, 9U);
    for (std::uint32_t value : {1U, 2U, 3U}) {
        EXPECT_TRUE(pending.set().has(40));
        EXPECT_EQ(pending.take(kNone)->value, value);
    }
    EXPECT_TRUE(pending.set().empty());
}

TEST_F(Pending, FullQueueRefusesAndLosesNothing) {
    for (std::uint32_t i = 0; i < PendingSignals::kMostQueued; ++i)
        EXPECT_TRUE(pending.add(queued(34, i)).ok());
    EXPECT_EQ(pending.add(queued(34, 99)).error(), Error::TryAgain);
    EXPECT_EQ(pending.add(queued(35, 99)).error(), Error::TryAgain);
    EXPECT_FALSE(pending.set().has(35));
    EXPECT_TRUE(add(kSigTerm));  // standard ones have a place each
    EXPECT_EQ(take(), kSigTerm);
    for (std::uint32_t i = 0; i < PendingSignals::kMostQueued; ++i)
        EXPECT_EQ(pending.take(kNone)->value, i);
    EXPECT_EQ(take(), 0U);
}

TEST_F(Pending, KillArrivesThoughTheQueueIsFull) {
    for (std::uint32_t i = 0; i < PendingSignals::kMostQueued; ++i)
        EXPECT_TRUE(pending.add(queued(34, i)).ok());
    EXPECT_TRUE(pending.add({.signal = 33, .code = kSiUser, .sender = 5}).ok());
    const auto info = pending.take(kNone);
    EXPECT_EQ(info->signal, 33U);
    EXPECT_EQ(info->sender, 0U);  // nobody knows any more
    EXPECT_FALSE(pending.set().has(33));
    pending.discard(set_of({34}));
}

TEST_F(Pending, DiscardForgetsAllOfThem) {
    EXPECT_TRUE(add(kSigTerminalStop));
    EXPECT_TRUE(pending.add(queued(40, 1)).ok());
    EXPECT_TRUE(pending.add(queued(41, 2)).ok());
    EXPECT_TRUE(pending.add(queued(40, 3)).ok());
    pending.discard(set_of({kSigTerminalStop, 40}));
    EXPECT_EQ(pending.set(), set_of({41}));
    EXPECT_EQ(pending.take(kNone)->value, 2U);
    EXPECT_EQ(take(), 0U);
}

// Against the plainest thing that does the same: a list for each signal.
TEST_F(Pending, DoesWhatListsWouldDo) {
    std::map<SignalNumber, std::deque<std::uint32_t>> lists;
    std::size_t real_time = 0;
    test::Random random(test::seed());
    for (std::uint32_t step = 0; step < 20000; ++step) {
        const auto signal = static_cast<SignalNumber>(1 + random.below(kSignals));
        if (random.below(2) == 0) {
            const bool is_full = signal >= 32 && real_time == PendingSignals::kMostQueued;
            EXPECT_EQ(pending.add(queued(signal, step)).ok(), !is_full);
            if (is_full || (signal < 32 && !lists[signal].empty())) continue;
            lists[signal].push_back(step);
            real_time += signal >= 32 ? 1U : 0U;
        } else {
            const SignalSet blocked(random.below(0x80000000) |
                                    std::uint64_t{random.below(0x80000000)} << 31);
            const auto info = pending.take(blocked);
            if (!info.has_value()) continue;
            EXPECT_FALSE(blocked.has(info->signal));
            ASSERT_FALSE(lists[info->signal].empty());
            EXPECT_EQ(lists[info->signal].front(), info->value);
            lists[info->signal].pop_front();
            real_time -= info->signal >= 32 ? 1U : 0U;
        }
        pending.check_invariants();
    }
    for (SignalNumber signal = 1; signal <= kSignals; ++signal)
        EXPECT_EQ(pending.set().has(signal), !lists[signal].empty()) << signal;
}

TEST(SignalDefaults, AreThoseOfTheManual) {
    // signal(7), "Standard signals": T ends, C with core, I nothing, S stops, c continues.
    const std::string actions = "TTCCCCCCTTCTTTTTIcSSSSICCTTITTC";
    ASSERT_EQ(actions.size(), 31U);
    for (SignalNumber signal = 1; signal <= kSignals; ++signal) {
        const char expected = signal <= 31 ? actions[signal - 1] : 'T';
        const char got = "TCISc"[static_cast<std::size_t>(default_action(signal))];
        EXPECT_EQ(got, expected) << signal;
    }
}

TEST(SignalActions, DefaultsIgnoreOnlyWhatDoesNothing) {
    const SignalActions actions;
    for (SignalNumber signal = 1; signal <= kSignals; ++signal) {
        const bool expected = signal == kSigChild || signal == kSigContinue ||
                              signal == kSigUrgent || signal == kSigWindow;
        EXPECT_EQ(actions.ignores(signal), expected) << signal;
    }
}

TEST(SignalActions, IgnoreWhatTheyAreToldTo) {
    SignalActions actions;
    actions.set(kSigTerm, {.handler = SignalAction::kIgnore});
    actions.set(kSigChild, {.handler = 0x1000});
    EXPECT_TRUE(actions.ignores(kSigTerm));
    EXPECT_FALSE(actions.ignores(kSigChild));
    EXPECT_FALSE(actions.ignores(kSigHup));
}

TEST(SignalActions, ExecveForgetsHandlersAndKeepsWhatIsIgnored) {
    SignalActions actions;
    const SignalSet mask = set_of({3});
    actions.set(kSigTerm, {.handler = 0x1000, .flags = kSaSigInfo, .restorer = 5, .mask = mask});
    actions.set(kSigLast, {.handler = SignalAction::kIgnore, .flags = kSaRestart});
    actions.reset_handlers();
    EXPECT_EQ(actions.of(kSigTerm).handler, SignalAction::kDefault);
    EXPECT_EQ(actions.of(kSigTerm).flags, 0U);
    EXPECT_TRUE(actions.of(kSigTerm).mask.empty());
    EXPECT_EQ(actions.of(kSigLast).handler, SignalAction::kIgnore);
    EXPECT_EQ(actions.of(kSigLast).flags, 0U);
}

}  // namespace
}  // namespace quire::kernel
