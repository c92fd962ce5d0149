// A puppet: a process of a script of the model test, inside Quire (docs/model-test.md). It does
// what it is told through a pipe, by int 0x80 and plain loads and stores, and tells what came of
// it.
//
//     00010000  zone: code, data, stacks                     anonymous memory, once it is set up
//     00018000  ... the script's, empty at first ...
//     BF7E8000  here the break begins
//
// No library, and no memory beside the zone: what a script does to its address space must not be
// able to hurt the puppet, and the puppet must not be in a script's way.
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/mman.h>
#include <stddef.h>

#include "tests/guest/model/puppet.h"
#include "user/system_call.h"

enum { kPage = 4096, kSegv = 11, kBus = 7, kChild = 17 };

struct Zone {
    unsigned char stack[8192] __attribute__((aligned(16)));
    unsigned char signal_stack[8192] __attribute__((aligned(16)));
    unsigned char residence[kPuppetMostPages] __attribute__((aligned(16)));
};
struct Zone zone __attribute__((aligned(4096)));

static unsigned number;
static struct PuppetAnswer answer;  // of the command that is being obeyed
static struct PuppetAnswer answers[kPuppetMostCommands];
static volatile uint32_t recovery;  // where to go on after a fault that was asked for

__asm__(
    ".pushsection .text\n"
    ".globl _start\n"
    "_start:\n"
    "    movl 8(%esp), %ebx\n"  // argv[1]: the number, a digit
    "    movzbl (%ebx), %ebx\n"
    "    movl $zone + 8192, %esp\n"
    "    pushl %ebx\n"
    "    call puppet_main\n"
    "    ud2\n"
    "signal_return:\n"
    "    movl $173, %eax\n"
    "    int $0x80\n"
    ".popsection\n");
extern char signal_return[];

// The words of the saved registers that matter (struct ucontext: EIP is the 20th word).
static void on_fault(int signal, siginfo_t* info, uint32_t* context) {
    if (recovery == 0) system_call(SYS_exit, 99);
    answer.signal = (uint32_t)signal;
    answer.code = (uint32_t)info->si_code;
    answer.address = (uint32_t)info->si_addr;
    context[19] = recovery;
}

static void catch_faults(void) {
    const struct {
        uint32_t start, flags, bytes;
    } stack = {(uint32_t)zone.signal_stack, 0, sizeof zone.signal_stack};
    system_call(__NR_sigaltstack, &stack, 0);
    const struct {
        uint32_t handler, flags, restorer, mask[2];
    } action = {(uint32_t)on_fault,
                SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000,
                (uint32_t)signal_return,
                {0, 0}},
      ignored = {1, 0, 0, {0, 0}};
    system_call(__NR_rt_sigaction, kSegv, &action, 0, 8);
    system_call(__NR_rt_sigaction, kBus, &action, 0, 8);
    system_call(__NR_rt_sigaction, kChild, &ignored, 0, 8);
}

// The zone comes out of a file; a copy takes its place while it runs.
static void become_anonymous(void) {
    const uint32_t bytes = kPuppetZoneEnd - kPuppetZone;
    const long copy =
        system_call6(__NR_mmap2, 0, (long)bytes, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy < 0 && copy > -4096) system_call(SYS_exit, 98);
    uint32_t from = kPuppetZone, to = (uint32_t)copy, count = bytes / 4;
    long result = __NR_mremap;
    __asm__ volatile(
        "cld\n\t"
        "rep movsl\n\t"
        "movl %[bytes], %%ecx\n\t"
        "movl %[bytes], %%edx\n\t"
        "movl $3, %%esi\n\t"  // MREMAP_MAYMOVE | MREMAP_FIXED
        "movl %[zone], %%edi\n\t"
        "int $0x80"
        : "+S"(from), "+D"(to), "+c"(count), "+a"(result)
        : "b"(copy), [bytes] "i"(kPuppetZoneEnd - kPuppetZone), [zone] "i"(kPuppetZone)
        : "edx", "memory", "cc");
    if (result != kPuppetZone) system_call(SYS_exit, 97);
}

// --- Accesses ------------------------------------------------------------------------------------

#define TRIED(instruction, ...)                              \
    __asm__ volatile("movl $1f, %[recovery]\n\t" instruction \
                     "\n"                                    \
                     "1:\n\t"                                \
                     "movl $0, %[recovery]"                  \
                     : [recovery] "=m"(recovery), __VA_ARGS__)

static void load(uint32_t at, uint32_t size) {
    uint32_t value = 0;
    if (size == 1)
        TRIED("movzbl (%[at]), %[value]", [value] "+&r"(value) : [at] "r"(at) : "memory");
    if (size == 2)
        TRIED("movzwl (%[at]), %[value]", [value] "+&r"(value) : [at] "r"(at) : "memory");
    if (size == 4) TRIED("movl (%[at]), %[value]", [value] "+&r"(value) : [at] "r"(at) : "memory");
    answer.value = value;
}

static void store(uint32_t at, uint32_t size, uint32_t value) {
    if (size == 1) TRIED("movb %b[value], (%[at])", [value] "+q"(value) : [at] "r"(at) : "memory");
    if (size == 2) TRIED("movw %w[value], (%[at])", [value] "+r"(value) : [at] "r"(at) : "memory");
    if (size == 4) TRIED("movl %[value], (%[at])", [value] "+r"(value) : [at] "r"(at) : "memory");
}

// The kernel does it, for write(2) and read(2). It cannot say more than EFAULT: then the program
// tries itself, and gets its signal.
static int load_by_kernel(uint32_t at, uint32_t size) {
    if (system_call(SYS_write, kPuppetPipe + 1, at, size) != (long)size) return 0;
    system_call(SYS_read, kPuppetPipe, &answer.value, size);
    return 1;
}

static int store_by_kernel(uint32_t at, uint32_t size, uint32_t value) {
    system_call(SYS_write, kPuppetPipe + 1, &value, size);
    if (system_call(SYS_read, kPuppetPipe, at, size) == (long)size) return 1;
    system_call(SYS_read, kPuppetPipe, &value, size);  // it is still there
    return 0;
}

// --- Telling -------------------------------------------------------------------------------------

static void tell(const void* bytes, uint32_t count) {
    const char* from = bytes;
    while (count != 0) {
        const long sent = system_call(SYS_write, kPuppetAnswers + 2 * number, from, count);
        if (sent <= 0) system_call(SYS_exit, 96);
        from += sent;
        count -= (uint32_t)sent;
    }
}

// As the program itself reads it, with its TLB.
static void show(uint32_t page) {
    static unsigned char copy[kPage] __attribute__((aligned(16)));
    uint32_t value = 0;
    answer.result = -EFAULT;
    for (uint32_t i = 0; i < kPage; i += 4) {
        TRIED("movl (%[at]), %[value]", [value] "+&r"(value) : [at] "r"(page + i) : "memory");
        if (answer.signal != 0) break;
        *(uint32_t*)(void*)&copy[i] = value;
    }
    if (answer.signal == 0) answer.result = 0;
    tell(&answer, sizeof answer);
    if (answer.result == 0) tell(copy, kPage);
}

static void show_by_child(uint32_t page) {
    const long child = system_call(SYS_fork);
    if (child == 0) {
        system_call(__NR_mprotect, page, kPage, PROT_READ);
        show(page);
        system_call(__NR_exit_group, 0);
    }
    if (child > 0) {
        system_call(SYS_waitpid, child, 0, 0);
        return;
    }
    answer.result = (int32_t)child;
    tell(&answer, sizeof answer);
}

static void residence(uint32_t at, uint32_t size) {
    for (uint32_t i = 0; i < kPuppetMostPages; ++i)
        zone.residence[i] = 7;
    answer.result = system_call(__NR_mincore, at, size, zone.residence);
    tell(&answer, sizeof answer);
    if (answer.result == 0) tell(zone.residence, size / kPage + (size % kPage != 0));
}

// Says whether this is the new puppet.
static int fork_puppet(uint32_t child) {
    answer.result = system_call(SYS_fork);
    if (answer.result != 0) return 0;
    number = child;
    return 1;
}

// Says whether there is nothing more to do: bytes follow, or this is a new puppet, and its parent
// answers.
static int obey(const struct PuppetCommand* command) {
    const uint32_t* a = command->arguments;
    answer = (struct PuppetAnswer){0, 0, 0, 0, 0};
    switch (command->action) {
    case kPuppetCall:
        answer.result = system_call6((long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4],
                                     (long)a[5], (long)a[6]);
        break;
    case kPuppetLoad:
        if (a[3] == 0 || !load_by_kernel(a[0], a[1])) load(a[0], a[1]);
        break;
    case kPuppetStore:
        if (a[3] == 0 || !store_by_kernel(a[0], a[1], a[2])) store(a[0], a[1], a[2]);
        break;
    case kPuppetPrefetch:
        __asm__ volatile("prefetcht0 (%0)" : : "r"(a[0]));
        break;
    case kPuppetFork:
        return fork_puppet(a[0]);
    case kPuppetResidence:
        residence(a[0], a[1]);
        return 1;
    case kPuppetShow:
        show(a[0]);
        return 1;
    case kPuppetShowByChild:
        show_by_child(a[0]);
        return 1;
    default:
        system_call(__NR_exit_group, 0);
    }
    return 0;
}

static void obey_all(const struct PuppetBatch* batch) {
    for (uint32_t i = 0; i < batch->count; ++i) {
        if (obey(&batch->commands[i])) return;
        answers[i] = answer;
    }
    tell(answers, batch->count * sizeof answer);
}

__attribute__((used, noreturn)) void puppet_main(uint32_t digit) {
    number = digit - '0';
    become_anonymous();
    catch_faults();
    system_call(__NR_munmap, kPuppetZoneEnd, kPuppetTop - kPuppetZoneEnd);
    answer.result = system_call(__NR_brk, 0);
    tell(&answer, sizeof answer);
    for (;;) {
        static struct PuppetBatch batch;
        const long got = system_call(SYS_read, kPuppetCommands + 2 * number, &batch, sizeof batch);
        if (got != sizeof batch) system_call(__NR_exit_group, 0);
        obey_all(&batch);
    }
}
