// What processes and their memory cost, in TSC clocks: under QEMU's -icount a clock is an
// instruction. The same binary runs on Quire and on Linux.
//
//     process_costs               every row
//     process_costs ROW [ROUNDS]  one of them
//
// Prints "cost: ROW VALUE of TURNS" for each, the value for one turn with two decimals: the least
// of several rounds, as an interrupt in between only adds. What each row does stands at its
// function; what is in a value beside the kernel's own work is the call as a program makes it
// (registers, int 0x80).
#include "tests/bench/guest/measure.h"

extern "C" bench::Clocks mark() {
    return bench::clocks();
}

namespace {

using namespace bench;

constexpr unsigned kPages = 1024;  // of which faults are counted
constexpr unsigned kSome = 256;    // of which ranges are changed
constexpr unsigned kCalls = 1000;
constexpr unsigned kRounds = 7;

// The two instructions of a loop's turn: shows that clocks are instructions.
Clocks empty_loop() {
    unsigned turns = kCalls;
    const Clocks begin = mark();
    asm volatile("1: decl %0\n\tjnz 1b" : "+r"(turns)::"cc");
    return mark() - begin;
}

// mov, int 0x80 and the kernel; the loop is taken off.
Clocks getpid() {
    unsigned turns = kCalls;
    const Clocks begin = mark();
    asm volatile("1: movl %1, %%eax\n\tint $0x80\n\tdecl %0\n\tjnz 1b"
                 : "+r"(turns)
                 : "i"(SYS_getpid)
                 : "eax", "cc", "memory");
    return mark() - begin - 2 * kCalls;
}

// A kernel may keep some frames zeroed ahead: nothing of them is left when this returns.
void use_up_zeroed_frames() {
    volatile char* memory = map(128 * kPage);
    touch(memory, 128 * kPage);
    unmap(memory, 128 * kPage);
}

// A write to a page never touched, its frame zeroed in the fault.
Clocks zero_fault() {
    use_up_zeroed_frames();
    volatile char* memory = map(kPages * kPage);
    const Clocks cost = faults_of(touch, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The same after the machine had nothing to do for a while, and could zero frames.
constexpr unsigned kAhead = 32;
Clocks zero_fault_ahead() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPage);  // its page table, too
    const long pause[2] = {0, 100'000'000};
    must("nanosleep", system_call(SYS_nanosleep, pause, 0));
    const Clocks cost = faults_of(touch, memory + kPage, kAhead * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// A read of a page never touched.
Clocks read_fault() {
    volatile char* memory = map(kPages * kPage);
    const Clocks cost = faults_of(read_pages, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The child writes to pages it shares with its parent, who keeps them: each is copied.
Clocks cow_copy() {
    volatile char* shared = map(kPage, kSharedAnonymous);
    auto* const result = reinterpret_cast<volatile Clocks*>(shared);
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    use_up_zeroed_frames();
    if (must("fork", sys::fork()) == 0) {
        *result = faults_of(touch, memory, kPages * kPage);
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = *result;
    unmap(memory, kPages * kPage);
    unmap(shared, kPage);
    return cost;
}

// The child has ended: its parent is the only owner of the pages it writes to. A kernel may let the
// two share whole page tables; `split` makes the child write a page under each first.
template <bool split>
Clocks cow_sole_owner() {
    volatile char* memory = map(kPages * kPage);
    touch(memory, kPages * kPage);
    if (must("fork", sys::fork()) == 0) {
        if (split) {
            memory[0] = 1;
            memory[(kPages - 1) * kPage] = 1;
        }
        sys::exit(0);
    }
    wait_for_child();
    const Clocks cost = faults_of(touch, memory, kPages * kPage);
    unmap(memory, kPages * kPage);
    return cost;
}

// The heap grows by a page, which is touched.
Clocks brk_touch() {
    use_up_zeroed_frames();
    const std::uintptr_t first = sys::set_break(0);
    std::uintptr_t end = (first + kPage - 1) & ~(kPage - 1);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kSome; ++i) {
        end = sys::set_break(end + kPage);
        *reinterpret_cast<volatile char*>(end - 1) = 1;
    }
    const Clocks cost = mark() - begin;
    sys::set_break(first);
    return cost;
}

template <unsigned pages>
Clocks map_unmap() {
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls; ++i)
        unmap(map(pages * kPage), pages * kPage);
    return mark() - begin;
}

Clocks map_touch_unmap() {
    use_up_zeroed_frames();
    const Clocks begin = mark();
    for (unsigned i = 0; i < kSome; ++i) {
        volatile char* page = map(kPage);
        *page = 1;
        unmap(page, kPage);
    }
    return mark() - begin;
}

// A turn is a page.
Clocks unmap_touched() {
    volatile char* memory = map(kSome * kPage);
    touch(memory, kSome * kPage);
    const Clocks begin = mark();
    unmap(memory, kSome * kPage);
    return mark() - begin;
}

// A turn is one call for 256 touched pages: read-only, and writable again.
constexpr unsigned kFlips = 100;
Clocks protect_flip() {
    volatile char* memory = map(kSome * kPage);
    touch(memory, kSome * kPage);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kFlips / 2; ++i) {
        protect(memory, kSome * kPage, kRead);
        protect(memory, kSome * kPage, kReadWrite);
    }
    const Clocks cost = mark() - begin;
    unmap(memory, kSome * kPage);
    return cost;
}

long remap(volatile char* start, std::size_t bytes, std::size_t new_bytes, volatile char* to) {
    enum : long { kMayMove = 1, kFixed = 2 };
    return must("mremap", system_call(SYS_mremap, start, bytes, new_bytes,
                                      to != nullptr ? kMayMove | kFixed : 0, to));
}

// A turn is 256 touched pages moved elsewhere.
constexpr unsigned kMoves = 20;
Clocks remap_move() {
    const std::size_t bytes = kSome * kPage;
    volatile char* room = map(2 * bytes);
    touch(room, bytes);
    unmap(room + bytes, bytes);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kMoves / 2; ++i) {
        remap(room, bytes, bytes, room + bytes);
        remap(room + bytes, bytes, bytes, room);
    }
    const Clocks cost = mark() - begin;
    unmap(room, bytes);
    return cost;
}

// A turn is one page more, or less, at the end of 256, where there is room.
Clocks remap_resize() {
    volatile char* memory = map((kSome + 1) * kPage);
    unmap(memory + kSome * kPage, kPage);
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls / 2; ++i) {
        remap(memory, kSome * kPage, (kSome + 1) * kPage, nullptr);
        remap(memory, (kSome + 1) * kPage, kSome * kPage, nullptr);
    }
    const Clocks cost = mark() - begin;
    unmap(memory, kSome * kPage);
    return cost;
}

// MADV_DONTNEED; a turn is a touched page.
Clocks discard() {
    constexpr long kDontNeed = 4;
    volatile char* memory = map(kSome * kPage);
    touch(memory, kSome * kPage);
    const Clocks begin = mark();
    must("madvise", system_call(SYS_madvise, memory, kSome * kPage, kDontNeed));
    const Clocks cost = mark() - begin;
    unmap(memory, kSome * kPage);
    return cost;
}

// fork, _exit in the child, wait4 in the parent, who has touched this much.
template <std::size_t mib>
Clocks fork_exit_wait() {
    volatile char* memory = nullptr;
    if (mib != 0) {
        memory = map(mib * kMib);
        touch(memory, mib * kMib);
    }
    const Clocks begin = mark();
    if (must("fork", sys::fork()) == 0) sys::exit(0);
    wait_for_child();
    const Clocks cost = mark() - begin;
    if (mib != 0) unmap(memory, mib * kMib);
    return cost;
}

[[noreturn]] void become_nothing() {
    static char path[] = "/bench/nothing";
    static char* arguments[] = {path, nullptr};
    must("execve", sys::execute(path, arguments, arguments + 1));
    sys::exit(1);
}

// /bench/nothing ends as soon as it begins.
Clocks fork_exec() {
    const Clocks begin = mark();
    if (must("fork", sys::fork()) == 0) become_nothing();
    wait_for_child();
    return mark() - begin;
}

Clocks vfork_exec() {
    const Clocks begin = mark();
    if (must("vfork", system_call(SYS_vfork)) == 0) become_nothing();
    wait_for_child();
    return mark() - begin;
}

struct Pipe {
    int ends[2];
    Pipe() { must("pipe2", sys::pipe(ends, 0)); }
    ~Pipe() {
        sys::close(ends[0]);
        sys::close(ends[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void write() { must("write", sys::write(ends[1], "x", 1)); }
    // Whether a byte came; not, when nobody can write any more.
    bool read() {
        char byte;
        return must("read", sys::read(ends[0], &byte, 1)) == 1;
    }
};

// A byte written to a pipe and read back by the same process.
constexpr unsigned kBytes = 100;
Clocks pipe_alone() {
    Pipe pipe;
    const Clocks begin = mark();
    for (unsigned i = 0; i < kBytes; ++i) {
        pipe.write();
        pipe.read();
    }
    return mark() - begin;
}

// A byte to another process, who sends one back: four calls, two of which wait.
Clocks pipe_two() {
    Pipe there;
    Pipe back;
    const long child = must("fork", sys::fork());
    if (child == 0) {
        while (there.read())
            back.write();
        sys::exit(0);
    }
    Clocks begin = 0;
    for (unsigned i = 0; i <= kBytes; ++i) {
        if (i == 1) begin = mark();  // the first finds the other one just born
        there.write();
        back.read();
    }
    const Clocks cost = mark() - begin;
    must("kill", sys::kill(child, 9));
    wait_for_child();
    return cost;
}

void on_signal(int) {}

// kill(2) to this process, the handler, sigreturn(2).
Clocks signal_to_self() {
    constexpr int kUser1 = 10;
    must("rt_sigaction", sys::set_signal(kUser1, on_signal));
    const long self = sys::process_id();
    const Clocks begin = mark();
    for (unsigned i = 0; i < kCalls; ++i)
        must("kill", sys::kill(self, kUser1));
    return mark() - begin;
}

constexpr Row kRows[] = {
    {"loop", kCalls, empty_loop},
    {"getpid", kCalls, getpid},
    {"zero-fault", kPages, zero_fault},
    {"zero-fault-ahead", kAhead, zero_fault_ahead},
    {"read-fault", kPages, read_fault},
    {"cow-copy", kPages, cow_copy},
    {"cow-sole", kPages, cow_sole_owner<true>},
    {"cow-sole-tables", kPages, cow_sole_owner<false>},
    {"brk-touch", kSome, brk_touch},
    {"map-1", kCalls, map_unmap<1>},
    {"map-256", kCalls, map_unmap<256>},
    {"map-touch-1", kSome, map_touch_unmap},
    {"unmap-page", kSome, unmap_touched},
    {"protect-256", kFlips, protect_flip},
    {"remap-256", kMoves, remap_move},
    {"remap-resize", kCalls, remap_resize},
    {"discard-page", kSome, discard},
    {"fork-0", 1, fork_exit_wait<0>},
    {"fork-1", 1, fork_exit_wait<1>},
    {"fork-16", 1, fork_exit_wait<16>},
    {"fork-64", 1, fork_exit_wait<64>},
    {"fork-exec", 1, fork_exec},
    {"vfork-exec", 1, vfork_exec},
    {"pipe-alone", kBytes, pipe_alone},
    {"pipe", kBytes, pipe_two},
    {"signal", kCalls, signal_to_self},
};

void report(const Row& row, unsigned rounds) {
    Clocks least = ~Clocks{0};
    for (unsigned round = 0; round < rounds; ++round) {
        const Clocks cost = row.measure();
        if (cost < least) least = cost;
    }
    // A row takes less than 2^32 clocks.
    const auto hundredths = static_cast<std::uint32_t>(least) / row.turns * 100 +
                            static_cast<std::uint32_t>(least) % row.turns * 100 / row.turns;
    say("cost: %-18s %8u.%02u of %u\n", row.name, hundredths / 100, hundredths % 100, row.turns);
}

bool same(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) {
        ++a;
        ++b;
    }
    return *a == *b;
}

}  // namespace

int main(int count, char** arguments, char**) {
    const unsigned rounds = count > 2 ? static_cast<unsigned>(arguments[2][0] - '0') : kRounds;
    bool found = false;
    for (const Row& row : kRows) {
        if (count > 1 && !same(row.name, arguments[1])) continue;
        report(row, rounds);
        found = true;
    }
    if (!found) say("no such row\n");
    return found ? 0 : 1;
}
