// Kernel threads on the real CPU: switching, sleeping and waking, the kernel lock, the tick, and
// that nothing is left of those that have ended.
#include <array>

#include "kernel/memory.h"
#include "kernel/processes.h"
#include "kernel/selftest.h"

namespace quire::test {
namespace {

using kernel::KernelLockGuard;
using kernel::Processes;
using kernel::Threads;

// What a thread of a test works on.
struct Shared {
    Processes& processes;
    std::array<char, 64> story{};  // who did something, in order
    std::uint32_t steps = 0;
    std::uint32_t ended = 0;
    bool may_go_on = false;
    fs::WaitQueue queue = {};

    void tell(char who) {
        if (steps < story.size()) story[steps] = who;
        ++steps;
    }
    void let_others_run() {
        processes.scheduler().yield();
        processes.threads().switch_away();
    }
};

// Runs until `done` says so. A tick comes at the latest after 10 ms, so this ends or the test hangs
// visibly.
template <typename Condition>
void run_until(Shared& shared, Condition done) {
    while (!done())
        shared.let_others_run();
}

SELFTEST(threads_take_turns) {
    Processes& processes = *test.system().processes;
    Shared shared{processes};
    for (const char* name : {"a", "b"}) {
        const auto thread = processes.threads().start_kernel_thread(
            name,
            [](void* context) {
                auto& its = *static_cast<Shared*>(context);
                const char who = its.processes.threads().current().name[0];
                for (int i = 0; i < 3; ++i) {
                    its.tell(who);
                    its.let_others_run();
                }
                ++its.ended;
            },
            &shared);
        CHECK(thread.ok());
    }
    run_until(shared, [&] { return shared.ended == 2; });
    CHECK(std::string_view(shared.story.data()) == "ababab");
    processes.check_invariants();
}

SELFTEST(threads_sleep_until_they_are_woken) {
    Processes& processes = *test.system().processes;
    Shared shared{processes};
    const auto thread = processes.threads().start_kernel_thread(
        "sleeper",
        [](void* context) {
            auto& its = *static_cast<Shared*>(context);
            its.processes.threads().wait_on(its.queue, [&] { return its.may_go_on; });
            its.tell('s');
            ++its.ended;
        },
        &shared);
    CHECK(thread.ok());
    for (int i = 0; i < 5; ++i)
        shared.let_others_run();
    CHECK(shared.steps == 0 && !shared.queue.empty());
    shared.may_go_on = true;
    shared.queue.wake_all();
    run_until(shared, [&] { return shared.ended == 1; });
    CHECK(shared.queue.empty());
}

SELFTEST(threads_sleep_for_a_time) {
    Processes& processes = *test.system().processes;
    fs::WaitQueue nobody_wakes;
    const std::uint64_t start = processes.now();
    constexpr std::uint64_t kLength = 50'000'000;
    Result<void> slept;
    while (processes.now() < start + kLength)
        slept = processes.sleep_on(nobody_wakes, start + kLength);
    CHECK(!slept.ok() && slept.error() == Error::TimedOut);
    CHECK(nobody_wakes.empty());
}

SELFTEST(threads_wait_for_the_kernel_lock) {
    Processes& processes = *test.system().processes;
    Shared shared{processes};
    const std::uint32_t held = processes.lock().give_up();  // the monitor has it, beside programs
    {
        const KernelLockGuard guard(processes.lock());
        const auto thread = processes.threads().start_kernel_thread(
            "rival",
            [](void* context) {
                auto& its = *static_cast<Shared*>(context);
                {
                    const KernelLockGuard its_guard(its.processes.lock());
                    its.tell('r');
                }
                ++its.ended;
            },
            &shared);
        CHECK(thread.ok());
        const KernelLockGuard again(processes.lock());
        for (int i = 0; i < 5; ++i)
            shared.let_others_run();
        CHECK(shared.steps == 0);
        const std::uint32_t depth = processes.lock().give_up();
        CHECK(depth == 2);
        run_until(shared, [&] { return shared.ended == 1; });
        processes.lock().take_back(depth);
    }
    CHECK(!processes.lock().is_held());
    processes.lock().take_back(held);
}

SELFTEST(threads_leave_nothing_behind) {
    Processes& processes = *test.system().processes;
    Shared shared{processes};
    const auto nothing = [](void* context) { ++static_cast<Shared*>(context)->ended; };
    constexpr std::uint32_t kThreads = 30;
    mm::PageCount before{};
    std::uint32_t stacks = 0;
    for (std::uint32_t round = 1; round <= 2; ++round) {  // the first fills what is kept
        for (std::uint32_t i = 0; i < kThreads; ++i)
            CHECK(processes.threads().start_kernel_thread("short", nothing, &shared).ok());
        run_until(shared, [&] { return shared.ended == round * kThreads; });
        if (round == 1) {
            before = test.system().memory->frames().free_frames();
            stacks = processes.threads().stack_count();
        }
    }
    CHECK(test.system().memory->frames().free_frames() == before);
    CHECK(processes.threads().stack_count() == stacks);
    processes.check_invariants();
    test.system().memory->check_invariants();
}

// As many threads as there are stacks kept sleep, so that a new one needs frames.
SELFTEST(threads_that_cannot_be_made_leave_nothing) {
    Processes& processes = *test.system().processes;
    mm::FailureInjector& injector = test.system().memory->frames().injector();
    Shared shared{processes};
    const auto sleep = [](void* context) {
        auto& its = *static_cast<Shared*>(context);
        its.processes.threads().wait_on(its.queue, [&] { return its.may_go_on; });
        ++its.ended;
    };
    std::uint32_t made = 0;
    std::uint32_t failures = 0;
    for (; made < 10; ++made)
        CHECK(processes.threads().start_kernel_thread("sleeper", sleep, &shared).ok());
    const std::uint32_t stacks = processes.threads().stack_count();
    for (std::uint32_t n = 1; made == 10; ++n) {
        injector.fail_nth(n);
        const bool ok = processes.threads().start_kernel_thread("late", sleep, &shared).ok();
        injector.fail_nth(0);
        if (ok) ++made;
        if (!ok) ++failures;
        CHECK(ok || processes.threads().stack_count() == stacks);
        test.system().memory->check_invariants();
    }
    CHECK(failures >= Threads::kStackPages.raw());
    shared.may_go_on = true;
    while (shared.ended != made) {
        shared.queue.wake_all();
        shared.let_others_run();
    }
    processes.check_invariants();
}

}  // namespace
}  // namespace quire::test
