// A worker of the fuzzer: chooses calls and their arguments, and makes them, until it dies of one.
//
//     arena   kArenaPages at kArena: mapped at first, then whatever mmap, mprotect, munmap, mremap
//             and brk make of it; addresses of pages, buffers and structures are taken from it
//     what is in the arena is small numbers, pointers into it and nonsense, renewed now and then
//
// One argument in sixteen is nonsense whatever the call wants; so is one call in thirty-two.
#include "libc/string.h"
#include "tests/guest/fuzz/call_table.h"
#include "tests/guest/fuzz/random.h"
#include "tests/guest/fuzz/shared.h"
#include "user/system.h"

namespace quire::fuzz {
namespace {

constexpr std::uint32_t kPage = 4096;
constexpr std::uint32_t kArena = 0x50000000;
constexpr std::uint32_t kArenaPages = 96;
constexpr std::uint32_t kMostCallsOfChild = 150;
constexpr int kMostDepth = 2;

Shared* everybody;
Worker* me;

const char* const kPaths[] = {"a",
                              "b",
                              "c",
                              "d/a",
                              "d/b",
                              "d",
                              "e",
                              "e/f",
                              "link",
                              "..",
                              ".",
                              "",
                              "/",
                              "/tmp/fuzz/x",
                              "fifo",
                              "/proc/self/maps",
                              "/proc/self/status",
                              "/proc/self/fd",
                              "/proc/self/exe",
                              "/proc/meminfo",
                              "/proc/self/smaps",
                              "/proc/self/pagemap",
                              "/proc/self/mem",
                              "/proc/self/stat",
                              "/proc",
                              "/dev/null",
                              "/dev/zero",
                              "/dev/tty",
                              "/dev/full",
                              "/dev/random",
                              "/bin/true",
                              "/bin",
                              "/fuzz",
                              "/fuzz/nobody",
                              "name-that-is-long/name-that-is-long/name-that-is-long"};

// What calls the kernel: one in each process and each thread, on its stack.
class Caller {
  public:
    /// Depth 0: a worker, which goes on for ever. Others end after kMostCallsOfChild.
    Caller(std::uint64_t seed, int depth) : depth_(depth) { random_.mix(seed); }
    void set_handlers_and_timer();
    [[noreturn]] void go_on();

  private:
    std::uint32_t below(std::uint32_t limit) { return random_.below(limit); }
    template <typename T, std::size_t kCount>
    T one_of(const T (&list)[kCount]) {
        return list[below(kCount)];
    }
    std::uint32_t nonsense();
    std::uint32_t page_address();
    std::uint32_t place();
    std::uint32_t length();
    std::uint32_t few_bits();
    std::uint32_t some_process();
    std::uint32_t time_place();
    std::uint32_t vector_place();
    std::uint32_t open_flags();
    std::uint32_t map_flags();
    std::uint32_t clone_flags();
    std::uint32_t flags_of(short number);
    std::uint32_t some_argument(const Call& call, char kind);
    const Call& some_call();
    void fill_structures();
    void be_child();
    long make_call(const Call& call, std::uint32_t (&arguments)[6]);
    void one_call();

    Random random_;
    int depth_;
    std::uint32_t calls_left_ = kMostCallsOfChild;
};

std::uint32_t Caller::nonsense() {
    static constexpr std::uint32_t kEdges[] = {
        0,          1,          0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFF000,
        0xC0000000, 0xBFFFFFFF, 0xBFFFF000, 0xFFFFFFF0, 0xC0100000, 0x08048000,
        0x1000,     0xFFF,      4097,       0x40000000, 0xFFFFF001};
    switch (below(4)) {
    case 0:
        return one_of(kEdges);
    case 1:
        return random_.next();
    case 2:
        return 1U << below(32);
    default:
        return below(300);
    }
}

std::uint32_t Caller::page_address() {
    switch (below(24)) {
    case 0:
        return 0;
    case 1:
        return kArena - kPage * below(8);
    case 2:
        return reinterpret_cast<std::uint32_t>(&kPaths) & ~(kPage - 1);
    case 3:
        return 0xBFFFF000 - kPage * below(40);
    default:
        return kArena + kPage * below(kArenaPages);
    }
}

std::uint32_t Caller::place() {
    switch (below(16)) {
    case 0:
        return nonsense();
    case 1:
        return kArena + kPage * (1 + below(kArenaPages)) - below(64);  // into the next page
    default:
        return kArena + kPage * below(kArenaPages) + (below(kPage) & ~3U);
    }
}

std::uint32_t Caller::length() {
    static constexpr std::uint32_t kUsual[] = {0,    1,    8,    16,   64,    100,   512,   1024,
                                               4095, 4096, 4097, 8192, 20000, 65536, 300000};
    return below(20) == 0 ? nonsense() : one_of(kUsual);
}

std::uint32_t Caller::few_bits() {
    std::uint32_t bits = 0;
    for (std::uint32_t i = below(4); i > 0; --i)
        bits |= 1U << below(below(4) == 0 ? 32 : 13);
    return bits;
}

std::uint32_t Caller::some_process() {
    switch (below(6)) {
    case 0:
        return static_cast<std::uint32_t>(sys::process_id());
    case 1:
        return static_cast<std::uint32_t>(system_call(SYS_getppid));
    case 2:
        return static_cast<std::uint32_t>(sys::process_id()) + 1 + below(6);
    case 3:
        return 0;
    case 4:
        return ~0U;
    default:
        return nonsense();
    }
}

// A time that is soon over, mostly: in a place where both forms of it make sense.
std::uint32_t Caller::time_place() {
    if (below(8) == 0) return below(2) == 0 ? 0 : place();
    static std::uint32_t spec[4];
    spec[0] = 0;
    spec[1] = below(4) == 0 ? 0 : below(3'000'000);
    spec[2] = spec[1];
    spec[3] = 0;
    return reinterpret_cast<std::uint32_t>(spec);
}

std::uint32_t Caller::vector_place() {
    static std::uint32_t vector[16];
    for (std::size_t i = 0; i < 16; i += 2) {
        vector[i] = place();
        vector[i + 1] = length();
    }
    return below(16) == 0 ? place() : reinterpret_cast<std::uint32_t>(vector);
}

std::uint32_t Caller::open_flags() {
    static constexpr std::uint32_t kWords[] = {0,       1,        2,         0100,     0200,
                                               01000,   02000,    04000,     0100000,  0200000,
                                               0400000, 02000000, 010000000, 020000000};
    return one_of(kWords) | one_of(kWords) | below(3);
}

std::uint32_t Caller::map_flags() {
    static constexpr std::uint32_t kKinds[] = {0x22, 0x22, 0x22, 0x21, 0x02, 0x01, 0x03};
    static constexpr std::uint32_t kMore[] = {0, 0, 0x10, 0x100, 0x2000, 0x4000, 0x8000, 0x100000};
    return below(16) == 0 ? few_bits() : one_of(kKinds) | one_of(kMore) | (below(2) << 4);
}

std::uint32_t Caller::flags_of(short number) {
    constexpr short kOpen = 5, kOpenAt = 295, kMap = 192;
    if (number == kOpen || number == kOpenAt) return open_flags();
    if (number == kMap) return map_flags();
    if (number == SYS_wait4 || number == SYS_waitpid || number == SYS_waitid)
        return few_bits() | (below(8) == 0 ? 0 : sys::kWaitNoHang);
    return few_bits();
}

std::uint32_t Caller::some_argument(const Call& call, char kind) {
    if (below(16) == 0) return nonsense();
    switch (kind) {
    case 'd':
        return below(12) == 0 ? static_cast<std::uint32_t>(-100) : below(24);
    case 'b':
    case 'S':
        return below(12) == 0 ? 0 : place();
    case 'l':
        return length();
    case 'i':
        return below(16);
    case 'p':
        return below(24) == 0 ? place() : reinterpret_cast<std::uint32_t>(one_of(kPaths));
    case 'f':
        return flags_of(call.number);
    case 'a':
        return page_address();
    case 'n':
        return kPage * (1 + below(below(6) == 0 ? 600 : 8)) - (below(8) == 0 ? 1 : 0);
    case 's':
        return below(65);
    case 'r':
        return below(6) == 0 ? below(8) : 3;
    case 'k':
        return some_process();
    case 'o':
        return below(4) == 0 ? kPage * below(64) : below(20) == 0 ? nonsense() : below(9000);
    case 't':
        return time_place();
    case 'v':
        return vector_place();
    case 'w':
        return kArena + kPage * below(4);
    case 'c':
        return below(12);
    case 'u':
        return below(3) == 0 ? ~0U : static_cast<std::uint32_t>(kFirstUser) + below(6);
    case 'm':
        return below(4) == 0 ? random_.next() & 0177777 : 0600 | below(0100);
    default:
        return nonsense();
    }
}

// --- The worker's own affairs ---

void map_arena() {
    constexpr long kFixedPrivate = 0x32;
    system_call6(SYS_mmap2, kArena, kArenaPages * kPage, 3, kFixedPrivate, -1, 0);
}

// Small numbers and pointers make a structure that a call may take. The kernel writes for us, so
// that a page which is not there does no harm.
void Caller::fill_structures() {
    static std::uint32_t words[64];
    for (std::uint32_t& word : words)
        word = below(3) == 0 ? place() : below(4) == 0 ? nonsense() : below(40);
    int ends[2];
    if (sys::pipe(ends, 0) < 0) return;
    sys::write(ends[1], words, sizeof words);
    sys::read(ends[0], reinterpret_cast<void*>(kArena + kPage * below(kArenaPages)), sizeof words);
    sys::close(ends[0]);
    sys::close(ends[1]);
}

void on_signal(int) {}

void Caller::set_handlers_and_timer() {
    constexpr int kSignals[] = {1, 2, 10, 12, 13, 14, 15, 17};
    for (const int signal : kSignals)
        sys::set_signal(signal, on_signal);
    const std::uint32_t often[4] = {0, 1000 + below(20000), 0, 1000 + below(20000)};
    system_call(SYS_setitimer, 0, often, 0);
}

// After a fork a child goes on with numbers of its own, and not for ever.
void Caller::be_child() {
    ++depth_;
    calls_left_ = kMostCallsOfChild;
    random_.mix(static_cast<std::uint64_t>(system_call(SYS_gettid)));
    if (below(2) == 0) set_handlers_and_timer();
}

void Caller::go_on() {
    for (;;) {
        one_call();
        if (depth_ == 0 || --calls_left_ > 0) continue;
        for (;;)
            system_call(below(2) == 0 ? SYS_exit : SYS_exit_group, 0);
    }
}

}  // namespace

extern "C" [[noreturn]] void thread_of_fuzzer() {
    Caller caller(static_cast<std::uint64_t>(system_call(SYS_gettid)), 1);
    caller.go_on();
}

namespace {

// With a stack of its own a child cannot return to where its parent was.
long clone_with_stack(std::uint32_t flags, std::uint32_t stack, const std::uint32_t* arguments) {
    long result = 0;
    asm volatile(
        "int $0x80\n\t"
        "test %%eax, %%eax\n\t"
        "jnz 1f\n\t"
        "call thread_of_fuzzer\n"
        "1:"
        : "=a"(result)
        : "a"(long{kClone}), "b"(flags), "c"(stack), "d"(arguments[2]), "S"(arguments[3]),
          "D"(arguments[4])
        : "memory", "cc");
    return result;
}

std::uint32_t Caller::clone_flags() {
    constexpr std::uint32_t kThread = 0x00010000 | 0x100 | 0x200 | 0x400 | 0x800;
    constexpr std::uint32_t kSignalOfChild = 17;
    switch (below(4)) {
    case 0:
        return few_bits() | below(65);
    case 1:
        return kSignalOfChild;
    default:
        return kThread | (below(2) << 20) | (below(2) << 21) | (below(2) << 24);
    }
}

long Caller::make_call(const Call& call, std::uint32_t (&arguments)[6]) {
    const auto raw = [&arguments](int i) { return static_cast<long>(arguments[i]); };
    if (call.number == kClone) {
        arguments[0] = clone_flags();
        arguments[1] = below(8) == 0 ? arguments[1] : kArena + kPage * (1 + below(kArenaPages));
        if (arguments[1] != 0) return clone_with_stack(arguments[0], arguments[1], arguments);
    }
    return system_call6(call.number, raw(0), raw(1), raw(2), raw(3), raw(4), raw(5));
}

bool makes_child(short number) {
    return number == kFork || number == kVfork || number == kClone;
}

const Call& Caller::some_call() {
    std::uint32_t all = 0;
    for (const Call& call : kCalls)
        all += call.weight;
    std::uint32_t left = below(all);
    for (const Call& call : kCalls) {
        if (left < call.weight) return call;
        left -= call.weight;
    }
    return kCalls[0];
}

void note(const Call& call, const std::uint32_t (&arguments)[6]) {
    me->number = static_cast<std::uint32_t>(call.number);
    for (int i = 0; i < 6; ++i)
        me->arguments[i] = arguments[i];
    me->calls = me->calls + 1;
    everybody->tried[call.number] = everybody->tried[call.number] + 1;
}

void Caller::one_call() {
    if (below(64) == 0) map_arena();
    if (below(24) == 0) fill_structures();
    Call call = some_call();
    if (below(32) == 0) call = {static_cast<short>(below(kMostNumber)), "xxxxxx", 1};
    if (call.number == kReboot || (makes_child(call.number) && depth_ >= kMostDepth)) return;
    std::uint32_t arguments[6] = {};
    for (int i = 0; i < 6; ++i)
        arguments[i] = some_argument(call, call.arguments[i] != 0 ? call.arguments[i] : 'x');
    note(call, arguments);
    const long result = make_call(call, arguments);
    if (result >= 0 || result < -4095)
        everybody->succeeded[call.number] = everybody->succeeded[call.number] + 1;
    if (!makes_child(call.number) || result != 0) return;
    if (call.number == kVfork) sys::exit(0);  // its parent waits on the same stack
    be_child();
}

}  // namespace

void work(Shared& all, Worker& mine, std::uint64_t seed) {
    everybody = &all;
    me = &mine;
    map_arena();
    Caller caller(seed, 0);
    caller.set_handlers_and_timer();
    caller.go_on();
}

}  // namespace quire::fuzz
