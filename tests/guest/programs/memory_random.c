// Random memory calls against a model: 64 pages in which programs map, unmap, protect, move, throw
// away, lock, store and fork, and after each few steps every page must be what the model says.
//
//     model: for each page what it shows (nothing, zeros, a page of an object, or a copy of its
//            own), what may be done there, and the word it holds
//     look:  can it be read? (write(2) from it says so without a signal)  does it hold that word?
//
// Children go on from a copy of the model with steps of their own; what objects hold is shared, in
// the model as in the kernel. The seed is in the test's output when something is wrong.
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tests/guest/programs/tap.h"

enum { kPage = 4096, kPages = 64, kObjects = 3, kObjectPages = 64, kSteps = 400 };

static char* const arena = (char*)0x50000000;

enum Kind { HOLE, PRIVATE, SHARED };

static struct Page {
    enum Kind kind;
    int rights;       // PROT_
    int object;       // -1: none
    int object_page;  // of it
    int own;          // a private copy: `word` counts, not the object's
    unsigned word;
} model[kPages];

// What the pages of the objects hold: 0 is a file, 1 and 2 are files without a name.
static unsigned (*objects)[kObjectPages];
static int object_files[kObjects];

static unsigned long long seed;
static unsigned below(unsigned limit) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % limit;
}

static void* map_anonymous(unsigned long bytes, int flags) {
    return (void*)system_call6(SYS_mmap2, 0, (long)bytes, 3, flags | MAP_ANONYMOUS, -1, 0);
}

static void make_objects(void) {
    objects = map_anonymous(sizeof *objects * kObjects, MAP_SHARED);
    for (int i = 0; i < kObjects; ++i) {
        object_files[i] = (int)(i == 0 ? system_call(SYS_open, "/tmp/memory_random",
                                                     O_CREAT | O_TRUNC | O_RDWR, 0600)
                                       : system_call(__NR_memfd_create, "object", 0));
        REQUIRE(object_files[i] >= 0);
        system_call(SYS_ftruncate, object_files[i], kObjectPages * kPage);
    }
    for (int page = 0; page < kObjectPages; page += 2) {
        objects[0][page] = 1000U + (unsigned)page;
        system_call6(SYS_pwrite64, object_files[0], (long)&objects[0][page], 4, page * kPage, 0, 0);
    }
}

static unsigned expected_word(const struct Page* page) {
    if (page->kind == SHARED || (page->object >= 0 && !page->own))
        return objects[page->object][page->object_page];
    return page->word;
}

static int failures;
static void complain(const char* what, int page, long actual, long expected) {
    if (++failures < 5) tap_note("%s, page %d: %ld, not %ld", what, page, actual, expected);
}

static void look(int scratch) {
    for (int i = 0; i < kPages; ++i) {
        const struct Page* page = &model[i];
        const int readable = page->kind != HOLE && page->rights != PROT_NONE;
        const long probe =
            system_call6(SYS_pwrite64, scratch, (long)(arena + i * kPage), 4, 0, 0, 0);
        if (probe != (readable ? 4 : -EFAULT))
            complain("readable", i, probe, readable ? 4 : -EFAULT);
        if (probe != 4 || !readable) continue;
        const unsigned word = *(volatile unsigned*)(arena + i * kPage);
        if (word != expected_word(page)) complain("word", i, (long)word, (long)expected_word(page));
    }
}

static int some_rights(void) {
    static const int all[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
                              PROT_READ | PROT_EXEC, PROT_NONE};
    return all[below(5)];
}

// --- Steps: the call, and the same with the model ---

static void step_map(int first, int count) {
    const int rights = some_rights();
    const int object = (int)below(kObjects + 2) - 2;  // -1 and below: none
    const int shared = object >= 0 && below(2) == 0;
    const int page = object < 0 ? 0 : (int)below((unsigned)(kObjectPages - count + 1));
    const int flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE) |
                      (object < 0 ? MAP_ANONYMOUS : 0) |
                      (below(4) == 0 && (shared || object < 0) ? MAP_POPULATE : 0);
    const long answer = system_call6(SYS_mmap2, (long)(arena + first * kPage), count * kPage,
                                     rights, flags, object < 0 ? -1 : object_files[object], page);
    if (answer != (long)(arena + first * kPage)) complain("mmap", first, answer, 0);
    for (int i = 0; i < count; ++i) {
        const struct Page fresh = {
            shared ? SHARED : PRIVATE, rights, object < 0 ? -1 : object, page + i, 0, 0};
        model[first + i] = fresh;
    }
}

static void step_unmap(int first, int count) {
    const long answer = system_call(SYS_munmap, arena + first * kPage, count * kPage);
    if (answer != 0) complain("munmap", first, answer, 0);
    for (int i = first; i < first + count; ++i)
        model[i].kind = HOLE;
}

// Up to the first hole.
static void step_protect(int first, int count) {
    const int rights = some_rights();
    const long answer = system_call(SYS_mprotect, arena + first * kPage, count * kPage, rights);
    int i = first;
    for (; i < first + count && model[i].kind != HOLE; ++i)
        model[i].rights = rights;
    const long expected = i < first + count ? -ENOMEM : 0;
    if (answer != expected) complain("mprotect", first, answer, expected);
}

static void step_move(int from, int to) {
    if (from == to) return;
    const long answer = system_call(SYS_mremap, arena + from * kPage, kPage, kPage, 3 /* fixed */,
                                    arena + to * kPage);
    const long expected = model[from].kind == HOLE ? -EFAULT : (long)(arena + to * kPage);
    if (answer != expected) complain("mremap", from, answer, expected);
    if (expected == -EFAULT) {  // Linux may have unmapped the target already
        system_call(SYS_munmap, arena + to * kPage, kPage);
        model[to].kind = HOLE;
        return;
    }
    model[to] = model[from];
    model[from].kind = HOLE;
}

// Past holes.
static void step_throw_away(int first, int count) {
    const long answer = system_call(SYS_madvise, arena + first * kPage, count * kPage, 4);
    int holes = 0;
    for (int i = first; i < first + count; ++i) {
        holes += model[i].kind == HOLE;
        model[i].own = 0;
        model[i].word = 0;
    }
    if (answer != (holes ? -ENOMEM : 0)) complain("madvise", first, answer, holes ? -ENOMEM : 0);
}

// To lock a private page that may be written makes it a copy: of an object's pages the model would
// not know when.
static void step_lock(int first, int count) {
    for (int i = first; i < first + count; ++i)
        if (model[i].kind == PRIVATE && model[i].object >= 0) return;
    system_call(SYS_mlock, arena + first * kPage, count * kPage);
    system_call(SYS_msync, arena + first * kPage, count * kPage, 4 /* MS_SYNC */);
    for (int i = 0; i < kPages; ++i)  // a hole ends a call
        system_call(SYS_munlock, arena + i * kPage, kPage);
}

// By the program, or by the kernel for it.
static void step_store(int i, int scratch) {
    struct Page* page = &model[i];
    unsigned word = 1 + below(1000000);
    char* const at = arena + i * kPage;
    const int writable = page->kind != HOLE && (page->rights & PROT_WRITE) != 0;
    if (!writable || below(2) == 0) {
        system_call6(SYS_pwrite64, scratch, (long)&word, 4, 8, 0, 0);
        const long answer = system_call6(SYS_pread64, scratch, (long)at, 4, 8, 0, 0);
        if (answer != (writable ? 4 : -EFAULT))
            complain("store", i, answer, writable ? 4 : -EFAULT);
        if (!writable) return;
    } else {
        *(volatile unsigned*)at = word;
    }
    if (page->kind == SHARED) {
        objects[page->object][page->object_page] = word;
    } else {
        page->own = 1;
        page->word = word;
    }
}

static void run_steps(int steps, int depth);

static void step_fork(int depth) {
    int status = -1;
    const long child = system_call(SYS_fork);
    if (child == 0) {
        seed += 77;
        failures = 0;
        run_steps(kSteps / 8, depth + 1);
        system_call(SYS_exit_group, failures != 0);
    }
    if (child < 0) return;
    system_call(SYS_wait4, child, &status, 0, 0);
    if (status != 0) complain("child", 0, status, 0);
}

static void run_steps(int steps, int depth) {
    const int scratch = (int)system_call(__NR_memfd_create, "scratch", 0);
    for (int step = 0; step < steps && failures == 0; ++step) {
        const int first = (int)below(kPages);
        const int count = 1 + (int)below(below(4) == 0 ? (unsigned)(kPages - first) : 4);
        const int fits = first + count <= kPages ? count : kPages - first;
        const unsigned what = below(20);
        if (what < 4)
            step_map(first, fits);
        else if (what < 6)
            step_unmap(first, fits);
        else if (what < 9)
            step_protect(first, fits);
        else if (what < 11)
            step_move(first, (int)below(kPages));
        else if (what < 12)
            step_throw_away(first, fits);
        else if (what < 13)
            step_lock(first, fits);
        else if (what < 19)
            step_store(first, scratch);
        else if (depth < 3 && below(2) == 0)
            step_fork(depth);
        if (step % 8 == 0) look(scratch);
    }
    look(scratch);
    system_call(SYS_close, scratch);
}

static void run_seed(unsigned long long which) {
    seed = which * 0x9E3779B97F4A7C15ULL;
    for (int i = 0; i < kPages; ++i)
        model[i].kind = HOLE;
    system_call(SYS_munmap, arena, kPages * kPage);
    make_objects();
    run_steps(kSteps, 0);
    if (failures != 0) tap_note("seed %u", (unsigned)which);
    CHECK_EQUAL(failures, 0);
    for (int i = 0; i < kObjects; ++i)
        system_call(SYS_close, object_files[i]);
    system_call(SYS_munmap, objects, sizeof *objects * kObjects);
    system_call(SYS_unlink, "/tmp/memory_random");
}

TEST(random_calls_of_one_process_and_its_children_agree_with_the_model) {
    for (unsigned which = 1; which <= 20 && failures == 0; ++which)
        run_seed(which);
}
