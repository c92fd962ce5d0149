// /fuzz/calls [SEED [CALLS]]: hostile system calls of several processes at once.
//
//     supervisor (root)  looks ten times a second: who has died is born again, who makes no
//     progress
//                        is killed with all that has its user, who cannot be killed is a bug
//     kWorkers workers   each a user of its own, make calls with arguments chosen by the seed
//     (worker.cpp)       (call_table.h), fork, clone, exec, and get signals and timers
//
// Ends when CALLS calls were made (20,000 if not told), with all workers and their files gone, and
// says how many of which calls succeeded. Code 1: a process could not be killed, or the kernel has
// more in use than before (Snapshot). What pressure has moved, either way, is gone after another
// few calls; what is lost is lost.
#include "kernel/abi/errno.h"
#include "libc/string.h"
#include "tests/guest/fuzz/random.h"
#include "tests/guest/fuzz/shared.h"
#include "tests/guest/programs/snapshot.h"
#include "user/directory.h"
#include "user/output.h"
#include "user/system.h"

namespace {

using namespace quire;
using namespace quire::fuzz;

// Workers may write in these, and not in what they lie in.
constexpr const char* kParents[] = {"/tmp/fuzz", "/fuzz_files"};
constexpr const char* kFolders[] = {"/tmp/fuzz/work", "/fuzz_files/work"};
constexpr int kStuckAfter = 5;                 // looks without a call
constexpr int kLostAfter = 300;                // looks after which a killed process must have gone
constexpr std::uint32_t kGeneration = 20'000;  // calls, after which a worker begins anew

struct Limit {
    std::uint32_t what, most;
};
constexpr Limit kLimits[] = {{1, 4U << 20},
                             {6, 24},
                             {7, 64},
                             {8, 1U << 20},
                             {9, 256U << 20}};  // FSIZE NPROC NOFILE MEMLOCK AS

void pause_between_looks() {
    const std::uint32_t tenth[2] = {0, 100'000'000};
    system_call(SYS_nanosleep, tenth, 0);
}

[[noreturn]] void become_worker(Shared& all, std::uint32_t index, std::uint64_t seed) {
    const long user = kFirstUser + static_cast<long>(index);
    sys::start_session();
    const long null = sys::open("/dev/null", abi::kOpenReadWrite);
    for (int file = 0; file < 3; ++file)
        sys::duplicate_to(static_cast<int>(null), file);
    sys::close(static_cast<int>(null));
    sys::change_directory(kFolders[index % 2]);
    for (const Limit& limit : kLimits) {
        const std::uint32_t both[2] = {limit.most, limit.most};
        system_call(SYS_setrlimit, limit.what, both);
    }
    system_call(SYS_setresgid32, user, user, user);
    system_call(SYS_setresuid32, user, user, user);
    work(all, all.workers[index], seed);
}

class Supervisor {
  public:
    Supervisor(Shared& all, std::uint32_t seed, std::uint32_t wanted) : all_(all), wanted_(wanted) {
        random_.mix(seed);
    }
    /// Whether all could be ended.
    bool run() {
        for (std::uint32_t i = 0; i < kWorkers; ++i)
            start(i);
        while (calls() < wanted_) {
            pause_between_looks();
            for (std::uint32_t i = 0; i < kWorkers; ++i)
                if (!look_at(i)) return false;
        }
        for (std::uint32_t i = 0; i < kWorkers; ++i)
            if (!end(i)) return false;
        return true;
    }
    [[nodiscard]] std::uint32_t calls() const {
        std::uint32_t sum = 0;
        for (const Worker& worker : all_.workers)
            sum += worker.calls;
        return sum;
    }
    [[nodiscard]] std::uint32_t born() const { return born_; }
    [[nodiscard]] std::uint32_t stuck() const { return stuck_; }

  private:
    struct State {
        long pid = 0;
        std::uint32_t calls = 0;       // at the last look
        std::uint32_t began_with = 0;  // calls at its birth
        int looks_without = 0;
    };

    void start(std::uint32_t index) {
        const std::uint64_t seed = std::uint64_t{random_.next()} << 32 | random_.next();
        const long pid = sys::fork();
        if (pid == 0) become_worker(all_, index, seed);
        states_[index] = {pid, all_.workers[index].calls, all_.workers[index].calls, 0};
        ++born_;
    }
    bool look_at(std::uint32_t index) {
        State& state = states_[index];
        const std::uint32_t calls = all_.workers[index].calls;
        state.looks_without = calls == state.calls ? state.looks_without + 1 : 0;
        state.calls = calls;
        const bool has_died = state.pid < 0 || sys::wait_for(state.pid, nullptr, 1) == state.pid;
        const bool is_stuck = state.looks_without >= kStuckAfter;
        if (!has_died && !is_stuck && calls - state.began_with < kGeneration) return true;
        if (has_died) state.pid = -1;
        if (is_stuck) ++stuck_;
        if (!end(index)) return false;
        start(index);
        return true;
    }
    // Everything that the worker's user runs.
    static void kill_user(std::uint32_t index) {
        const long killer = sys::fork();
        if (killer == 0) {
            const long user = kFirstUser + static_cast<long>(index);
            system_call(SYS_setresuid32, user, user, user);
            constexpr int kKill = 9;
            sys::kill(-1, kKill);
            sys::exit(0);
        }
        if (killer > 0) sys::wait_for(killer, nullptr, 0);
    }
    bool end(std::uint32_t index) {
        kill_user(index);
        const long pid = states_[index].pid;
        if (pid < 0) return true;
        for (int look = 0; look < kLostAfter; ++look) {
            if (sys::wait_for(pid, nullptr, sys::kWaitNoHang) == pid) return true;
            kill_user(index);
            pause_between_looks();
        }
        const Worker& worker = all_.workers[index];
        say("call_fuzz: process %ld cannot be killed; its call: %u(%x, %x, %x, %x, %x, %x)\n", pid,
            worker.number, worker.arguments[0], worker.arguments[1], worker.arguments[2],
            worker.arguments[3], worker.arguments[4], worker.arguments[5]);
        return false;
    }

    Shared& all_;
    std::uint32_t wanted_;
    Random random_;
    State states_[kWorkers];
    std::uint32_t born_ = 0;
    std::uint32_t stuck_ = 0;
};

// It buries the children of those who were killed.
void wait_for_init() {
    for (int i = 0; i < 20; ++i)
        pause_between_looks();
}

// Goes into a folder, removes what is there, and comes back out.
void empty_folder(const char* path) {
    if (sys::change_directory(path) != 0) return;
    for (bool again = true; again;) {
        again = false;
        Directory directory(".");
        while (const char* const name = directory.next()) {
            long error = sys::remove(name);
            if (error == -abi::kEisdir) {
                system_call(SYS_chmod, name, 0700);
                empty_folder(name);
                error = sys::remove_directory(name);
            }
            again |= error == 0;
        }
    }
    sys::change_directory("..");
}

// Segments of shmget(2) outlive who made them.
void remove_segments() {
    constexpr long kControl = 396;
    constexpr long kRemove = 0;
    constexpr long kStatusOfIndex = 13;  // SHM_STAT
    constexpr long kMostSegments = 4096;
    std::uint32_t status[32];
    for (long index = 0; index < kMostSegments; ++index) {
        const long id = system_call(kControl, index, kStatusOfIndex, status);
        if (id >= 0) system_call(kControl, id, kRemove, 0);
    }
}

void remove_folders() {
    for (const char* const folder : kFolders) {
        empty_folder(folder);
        sys::change_directory("/");
        sys::remove_directory(folder);
    }
    for (const char* const parent : kParents)
        sys::remove_directory(parent);
    for (const char* const folder : {"/tmp", "/dev/shm"})  // whoever goes up may write there
        empty_folder(folder);
    sys::change_directory("/");
}

void make_folders() {
    system_call(SYS_umask, 0);
    for (const char* const parent : kParents)
        sys::make_directory(parent, 0755);
    for (const char* const folder : kFolders)
        sys::make_directory(folder, 0777);
}

void say_result(const Shared& all, const Supervisor& supervisor) {
    std::uint32_t tried = 0;
    std::uint32_t well = 0;
    for (std::uint32_t number = 0; number < kMostNumber; ++number) {
        if (all.tried[number] == 0) continue;
        ++tried;
        well += all.succeeded[number] > 0 ? 1 : 0;
    }
    say("call_fuzz: %u calls, %u workers born, %u stuck; %u numbers tried, %u succeeded\n",
        supervisor.calls(), supervisor.born(), supervisor.stuck(), tried, well);
}

// The kernel keeps some kernel stacks of processes that have ended: it has as many as it keeps now.
void fill_kept_stacks() {
    constexpr int kMore = 16;
    for (int i = 0; i < kMore; ++i) {
        if (sys::fork() != 0) continue;
        pause_between_looks();
        sys::exit(0);
    }
    while (sys::wait_for(-1, nullptr, 0) > 0) {
    }
}

// One run of all workers. Whether all of them could be ended. In a child, so that what the
// supervisor itself takes goes with it.
bool run(Shared& all, std::uint32_t seed, std::uint32_t calls) {
    const long child = sys::fork();
    if (child == 0) {
        memset(&all, 0, sizeof all);
        make_folders();
        Supervisor supervisor(all, seed, calls);
        const bool ended = supervisor.run();
        remove_folders();
        remove_segments();
        say_result(all, supervisor);
        sys::exit(ended ? 0 : 1);
    }
    int status = -1;
    return child > 0 && sys::wait_for(child, &status, 0) == child && status == 0;
}

bool is_well(Shared& all, std::uint32_t seed, std::uint32_t calls) {
    constexpr std::uint32_t kFewCalls = 500;
    constexpr int kMostRounds = 6;
    static Snapshot before, after;
    fill_kept_stacks();
    if (!run(all, seed, kFewCalls)) return false;  // what is made once and stays is there now
    wait_for_init();
    after.take();
    before.take();
    if (!run(all, seed, calls)) return false;
    for (int round = 1; round <= kMostRounds; ++round) {
        wait_for_init();
        after.take();
        if (!before.has_grown(after)) return true;
        if (!run(all, seed + static_cast<std::uint32_t>(round), kFewCalls)) return false;
    }
    complain("call_fuzz: the kernel has more in use than before\n");
    return false;
}

}  // namespace

int main(int argc, char** argv, char**) {
    const std::uint32_t seed = argc > 1 ? static_cast<std::uint32_t>(atoi(argv[1])) : 1;
    const std::uint32_t calls = argc > 2 ? static_cast<std::uint32_t>(atoi(argv[2])) : 20'000;
    say("call_fuzz: seed %u, %u calls\n", seed, calls);
    constexpr long kSharedAnonymous = 0x21;
    const long shared = system_call6(SYS_mmap2, 0, sizeof(Shared), 3, kSharedAnonymous, -1, 0);
    if (shared < 0 && shared > -4096) {
        complain("call_fuzz: no memory: %s\n", error_text(shared));
        return 1;
    }
    Shared& all = *reinterpret_cast<Shared*>(shared);
    remove_folders();
    return is_well(all, seed, calls) ? 0 : 1;
}
