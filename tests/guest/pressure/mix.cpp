// /pressure/mix SEED BILLIONS: runs the programs of this folder, one or two at a time, with
// arguments that the seed chooses, and meanwhile changes the replacement policy; until so many
// billions of clocks of the TSC have gone by.
//
// Each program prints its line, which says what it was asked and what came out, so that somebody
// else can do the same and compare. Exit code 1: one of them failed.
#include "libc/format.h"
#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

constexpr std::uint32_t kWords = 5;
struct Job {
    char text[kWords][24];
    char* words[kWords + 1];
    long pid;
};

// At most 72 MiB: two of them fit into 16 MiB of RAM and 128 MiB of swap.
void choose(Job& job, Random& random) {
    const std::uint32_t seed = 1 + random.below(1000000);
    const auto set = [&](std::uint32_t place, const char* format, std::uint32_t number) {
        snprintf(job.text[place], sizeof job.text[place], format, number);
        job.words[place] = job.text[place];
        job.words[place + 1] = nullptr;
    };
    switch (random.below(4)) {
    case 0:
        set(0, "/pressure/sort", 0);
        set(1, "%u", 4 + random.below(45));
        return set(2, "%u", seed);
    case 1:
        set(0, "/pressure/hash", 0);
        set(1, "%u", 4 + random.below(25));
        set(2, "%u", 1000 + random.below(20000));
        return set(3, "%u", seed);
    case 2:
        set(0, "/pressure/matrix", 0);
        set(1, "%u", 4 + random.below(37));
        set(2, "%u", 1 + random.below(3));
        return set(3, "%u", seed);
    default:
        set(0, "/pressure/forks", 0);
        set(1, "%u", 2 + random.below(11));
        set(2, "%u", 1 + random.below(8));
        return set(3, "%u", seed);
    }
}

void start(Job& job, char** environment) {
    job.pid = must("fork", sys::fork());
    if (job.pid != 0) return;
    must(job.words[0], sys::execute(job.words[0], job.words, environment));
    sys::exit(127);
}

void change_policy(Random& random) {
    constexpr const char* kPolicies[] = {"fifo", "clock", "aging", "two-lists", "generations"};
    constexpr const char* kFile = "/proc/sys/vm/replacement_policy";
    const char* const policy = kPolicies[random.below(5)];
    const int file = static_cast<int>(must(kFile, sys::open(kFile, abi::kOpenWriteOnly)));
    must(policy, sys::write(file, policy, strlen(policy)));
    sys::close(file);
}

// Waits for all children; now and then the policy changes. Returns how many of them failed.
std::uint32_t wait_for_all(Random& random, std::uint32_t& changes) {
    const std::uint32_t pause[2] = {0, 20'000'000 + random.below(200'000'000)};
    std::uint32_t failed = 0;
    for (;;) {
        int status = 0;
        const long child = sys::wait_for(-1, &status, sys::kWaitNoHang);
        if (child < 0) return failed;
        if (child > 0) {
            if (status != 0) ++failed;
            continue;
        }
        system_call(SYS_nanosleep, pause, 0);
        change_policy(random);
        ++changes;
    }
}

}  // namespace

int main(int argc, char** argv, char** environment) {
    const Arguments arguments(argc, argv, 2, "mix SEED BILLIONS");
    const std::uint64_t end = clocks() + std::uint64_t{arguments[1]} * 1'000'000'000;
    Random random;
    random.mix(arguments[0]);
    std::uint32_t jobs = 0, changes = 0, failed = 0;
    while (clocks() < end && failed == 0) {
        Job job[2];
        const std::uint32_t together = 1 + random.below(2);
        for (std::uint32_t i = 0; i < together; ++i) {
            choose(job[i], random);
            start(job[i], environment);
        }
        failed = wait_for_all(random, changes);
        jobs += together;
    }
    say("mix %u %u: %u jobs, %u changes of policy, %u failed\n", arguments[0], arguments[1], jobs,
        changes, failed);
    return failed == 0 ? 0 : 1;
}
