// Threads by way of the C++ library.
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/guest/programs/glibc/checks.h"

namespace {

std::atomic<int> made, gone;

// Made when a thread first looks at it, and destroyed when that thread ends.
struct Own {
    Own() : text(100, 'x') { ++made; }
    ~Own() { ++gone; }
    std::string text;
};
thread_local Own own;
thread_local std::vector<int> list{1, 2, 3};

void thread_local_objects() {
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 10; ++i)
            threads.emplace_back([&good, i] {
                own.text[0] = static_cast<char>('a' + i);
                list.push_back(i);
                std::this_thread::yield();
                if (own.text[0] == 'a' + i && list.size() == 4 && list.back() == i) ++good;
            });
    }
    report(good == 10 && made == 10 && gone == 10, "thread_local objects are made and destroyed");
}

void futures() {
    std::vector<std::future<long>> parts;
    for (long i = 0; i < 8; ++i)
        parts.push_back(std::async(std::launch::async, [i] {
            long sum = 0;
            for (long j = i * 100000; j < (i + 1) * 100000; ++j)
                sum += j % 7;
            return sum;
        }));
    long sum = 0, expected = 0;
    for (auto& part : parts)
        sum += part.get();
    for (long j = 0; j < 800000; ++j)
        expected += j % 7;
    report(sum == expected, "std::async computes");

    auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("no"); });
    std::string what;
    try {
        failing.get();
    } catch (const std::runtime_error& error) {
        what = error.what();
    }
    report(what == "no", "an exception comes back from another thread");

    std::promise<int> promise;
    std::future<int> later = promise.get_future();
    const bool early = later.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout;
    std::jthread thread([&promise] { promise.set_value(42); });
    report(early && later.get() == 42, "a promise is kept");
}

void stopping() {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::atomic<bool> stopped = false;
    {
        std::jthread thread([&](const std::stop_token& token) {
            std::unique_lock lock(mutex);
            changed.wait(lock, token, [] { return false; });
            stopped = token.stop_requested();
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    report(stopped, "a jthread stops");
}

void synchronisation() {
    std::atomic<int> phase_errors = 0, at = 0;
    std::barrier step(4, []() noexcept {});
    std::counting_semaphore<3> semaphore(3);
    std::latch all(4);
    std::shared_mutex shared;
    long one = 0, two = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                for (int round = 1; round <= 50; ++round) {
                    ++at;
                    step.arrive_and_wait();
                    if (at < 4 * round) ++phase_errors;
                    step.arrive_and_wait();
                    semaphore.acquire();
                    if (i == 0) {
                        const std::unique_lock lock(shared);
                        ++one;
                        std::this_thread::yield();
                        ++two;
                    } else {
                        const std::shared_lock lock(shared);
                        if (one != two) ++phase_errors;
                    }
                    semaphore.release();
                }
                all.count_down();
            });
        all.wait();
    }
    report(phase_errors == 0 && one == 50, "barriers, semaphores, latches, shared locks");

    std::atomic<int> word = 0;
    std::jthread waker([&word] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        word = 1;
        word.notify_all();
    });
    word.wait(0);
    report(word == 1, "std::atomic::wait");
}

std::string& shared_string() {
    static std::string text = [] {
        std::this_thread::yield();
        ++made;
        return std::string("once");
    }();
    return text;
}

void local_statics() {
    made = 0;
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 10; ++i)
            threads.emplace_back([&good] {
                if (shared_string() == "once") ++good;
            });
    }
    report(made == 1 && good == 10, "a local static is made once");
}

}  // namespace

int main() {
    thread_local_objects();
    futures();
    stopping();
    synchronisation();
    local_statics();
    return end_of_checks();
}
