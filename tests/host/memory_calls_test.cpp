// The memory calls in Linux' own numbers: what each answers, observed on Linux 6.1 (i386).
//
// Each row is one call in one situation. Neighbours of the observed cases are here too; what
// regions and pages do otherwise is the matter of the other tests.
#include "mm/memory_calls.h"

#include "tests/host/errno_name.h"
#include "tests/host/map_world.h"

namespace quire::mm {
namespace {

using namespace abi;

constexpr std::uint32_t kAnonymous = kMapPrivate | kMapAnonymous;
constexpr std::uint32_t kBoth = kProtRead | kProtWrite;
constexpr std::uint32_t kP = kPageSize;
constexpr std::uint32_t kVector = 0x08000000;  // where mincore's answer would go

using test::answer;

class Calls : public test::MapTest {
  protected:
    void SetUp() override {
        machine.commit.set_mode(Overcommit::Always);
        load(*space);
    }
    void TearDown() override {
        space->empty();
        MapTest::TearDown();
    }

    static void row(const char* situation, const std::string& actual, const char* expected) {
        EXPECT_EQ(actual, expected) << situation;
    }

    Result<VirtAddr> mmap2(std::uint32_t address, std::uint32_t length, std::uint32_t prot,
                           std::uint32_t flags, const MappableFile* of = nullptr,
                           std::uint32_t page_offset = 0) {
        MapRequest request = TRY(decode_mmap2({address, length, prot, flags, page_offset}, of));
        if (request.shared && request.object == nullptr) {  // the kernel makes it
            request.object = &shared_memory;
            request.object_rights = Rights::all();
        }
        return space->map(request);
    }
    // Anonymous memory of so many pages, touched or not.
    std::uint32_t pages(std::uint32_t count, std::uint32_t prot = kBoth,
                        std::uint32_t more_flags = 0) {
        const Result<VirtAddr> place = mmap2(0, count * kP, prot, kAnonymous | more_flags);
        EXPECT_TRUE(place.ok());
        return place.ok() ? place.value().raw() : 0;
    }
    std::string mincore(std::uint32_t address, std::uint32_t length,
                        std::uint32_t vector = kVector) {
        const Result<PageCount> count = MemoryCalls::mincore_pages(address, length, vector);
        if (!count.ok()) return answer(count);
        residence.assign(count.value().raw() + 1, 0xEE);
        return answer(space->residence(VirtAddr(address), length, residence));
    }

    // The first byte at an address as a program reads it, faults included; -1: a signal.
    int peek(std::uint32_t address) {
        std::uint32_t value = 0;
        while (const auto fault =
                   machine.machine.mmu.load(VirtAddr(address), 1, Ring::User, value)) {
            if (!is_resolved(space->handle(*fault))) return -1;
        }
        return static_cast<int>(value);
    }
    bool poke(std::uint32_t address, std::uint32_t value) {
        while (const auto fault =
                   machine.machine.mmu.store(VirtAddr(address), 1, Ring::User, value)) {
            if (!is_resolved(space->handle(*fault))) return false;
        }
        return true;
    }

    MemoryCalls calls{*space};
    test::ResidentObject object{machine, 16};
    test::ResidentObject shared_memory{machine, 16};
    MappableFile file{&object, kBothRights, true};
    MappableFile read_only{&object, Rights::read(), true};
    MappableFile write_only{&object, Rights::write(), true};
    MappableFile pipe{nullptr, Rights::read(), false};
    std::vector<std::uint8_t> residence;

  private:
    static constexpr Rights kBothRights = Rights::read() | Rights::write();
};

TEST_F(Calls, Brk) {
    constexpr std::uint32_t kStart = 0x08100000;
    space->set_break_start(VirtAddr(kStart));
    EXPECT_EQ(calls.brk(0), VirtAddr(kStart));
    EXPECT_EQ(calls.brk(kStart + 100000), VirtAddr(kStart + 100000));
    EXPECT_TRUE(poke(kStart + 99999, 7));
    EXPECT_EQ(calls.brk(kStart), VirtAddr(kStart));
    EXPECT_EQ(peek(kStart), -1);
    EXPECT_EQ(calls.brk(1), VirtAddr(kStart));
    EXPECT_EQ(calls.brk(0xC0000000), VirtAddr(kStart));
    const std::uint32_t above = kStart + 16 * kP;
    row("a mapping can be placed above the break",
        answer(mmap2(above, kP, kBoth, kAnonymous | kMapFixed)), "OK");
    EXPECT_EQ(calls.brk(kStart + 32 * kP), VirtAddr(kStart));
    row("munmap", answer(calls.munmap(above, kP)), "OK");
    EXPECT_EQ(calls.brk(kStart + 32 * kP), VirtAddr(kStart + 32 * kP));
}

TEST_F(Calls, Mmap2OfNoFile) {
    row("len 0", answer(mmap2(0, 0, kBoth, kAnonymous)), "EINVAL");
    row("len 0xffffffff", answer(mmap2(0, 0xFFFFFFFF, kBoth, kAnonymous)), "ENOMEM");
    row("len 0xfffff000", answer(mmap2(0, 0xFFFFF000, kBoth, kAnonymous)), "ENOMEM");
    row("same again (no room left)", answer(mmap2(0, 0xFFFFF000, kBoth, kAnonymous)), "ENOMEM");
    row("type 3 with ANON", answer(mmap2(0, kP, kBoth, kMapSharedValidate | kMapAnonymous)),
        "EINVAL");
    row("type 0 with ANON", answer(mmap2(0, kP, kBoth, kMapAnonymous)), "EINVAL");
    row("type 5 with ANON", answer(mmap2(0, kP, kBoth, 5 | kMapAnonymous)), "EINVAL");
    row("unknown flag bits", answer(mmap2(0, kP, kBoth, kAnonymous | 0x08000080)), "OK");
    row("unknown prot bits", answer(mmap2(0, kP, 0xFFFFFFF8 | kBoth, kAnonymous)), "OK");
    row("SHARED ANON", answer(mmap2(0, kP, kBoth, kMapShared | kMapAnonymous)), "OK");
    row("GROWSDOWN SHARED ANON",
        answer(mmap2(0, kP, kBoth, kMapShared | kMapAnonymous | kMapGrowsDown)), "EINVAL");
    row("GROWSDOWN SHARED ANON where nothing may be",
        answer(mmap2(0, kP, kBoth, kMapShared | kMapAnonymous | kMapGrowsDown | kMapFixed)),
        "EPERM");
    row("GROWSDOWN", answer(mmap2(0, kP, kBoth, kAnonymous | kMapGrowsDown)), "OK");
    row("NORESERVE", answer(mmap2(0, kP, kBoth, kAnonymous | kMapNoReserve)), "OK");
    row("HUGETLB", answer(mmap2(0, 4U << 20, kBoth, kAnonymous | kMapHugeTlb)), "ENOMEM");
    row("ANON, pgoff + pages overflows",
        answer(mmap2(0, 2 * kP, kBoth, kAnonymous, nullptr, 0xFFFFFFFF)), "EOVERFLOW");
    row("SHARED ANON, the same",
        answer(mmap2(0, 2 * kP, kBoth, kMapShared | kMapAnonymous, nullptr, 0xFFFFFFFF)),
        "EOVERFLOW");
    const Result<VirtAddr> offset = mmap2(0, kP, kBoth, kMapShared | kMapAnonymous, nullptr, 77);
    row("SHARED ANON, pgoff is not looked at", answer(offset), "OK");
    const Region* region = space->regions().find(page_of(Result(offset).take()));
    EXPECT_EQ(region->object_page(), 0U);
}

// Refused before the kernel makes shared memory, or looks at what is no file.
TEST_F(Calls, Mmap2RefusesEarly) {
    const auto decode = [](std::uint32_t length, std::uint32_t flags) {
        return answer(decode_mmap2({0, length, kBoth, flags, 0}, nullptr));
    };
    row("SHARED ANON, len 0", decode(0, kMapShared | kMapAnonymous), "EINVAL");
    row("pipe, len 0", answer(mmap2(0, 0, kProtRead, kMapPrivate, &pipe)), "EINVAL");
}

TEST_F(Calls, Mmap2AtAnAddress) {
    const std::uint32_t place = 0x30000000;
    EXPECT_EQ(mmap2(place, kP, kBoth, kAnonymous).value(), VirtAddr(place));  // a free hint
    row("FIXED, not aligned", answer(mmap2(place + 1, kP, kBoth, kAnonymous | kMapFixed)),
        "EINVAL");
    row("FIXED at 0xc0000000", answer(mmap2(0xC0000000, kP, kBoth, kAnonymous | kMapFixed)),
        "ENOMEM");
    row("FIXED at 0xfffff000", answer(mmap2(0xFFFFF000, kP, kBoth, kAnonymous | kMapFixed)),
        "ENOMEM");
    EXPECT_TRUE(poke(place, 9));
    row("FIXED over it", answer(mmap2(place, kP, kBoth, kAnonymous | kMapFixed)), "OK");
    EXPECT_EQ(peek(place), 0);
    row("FIXED_NOREPLACE half over a mapping",
        answer(mmap2(place - kP, 2 * kP, kBoth, kAnonymous | kMapFixedNoReplace)), "EEXIST");
    row("with FIXED beside it",
        answer(mmap2(place, kP, kBoth, kAnonymous | kMapFixed | kMapFixedNoReplace)), "EEXIST");
    row("FIXED_NOREPLACE beside a mapping",
        answer(mmap2(place + kP, kP, kBoth, kAnonymous | kMapFixedNoReplace)), "OK");
    row("FIXED at 0", answer(mmap2(0, kP, kBoth, kAnonymous | kMapFixed)), "EPERM");
}

TEST_F(Calls, Mmap2OfAFile) {
    row("no such descriptor", answer(mmap2(0, kP, kProtRead, kMapPrivate)), "EBADF");
    row("no such descriptor, len 0", answer(mmap2(0, 0, kProtRead, kMapPrivate)), "EBADF");
    row("len 0", answer(mmap2(0, 0, kProtRead, kMapPrivate, &file)), "EINVAL");
    row("type 0", answer(mmap2(0, kP, kProtRead, 0, &file)), "EINVAL");
    row("type 15", answer(mmap2(0, kP, kProtRead, 15, &file)), "EINVAL");
    row("write-only, PRIVATE", answer(mmap2(0, kP, kProtRead, kMapPrivate, &write_only)), "EACCES");
    row("read-only, SHARED, PROT_WRITE", answer(mmap2(0, kP, kBoth, kMapShared, &read_only)),
        "EACCES");
    row("read-only, SHARED_VALIDATE, PROT_WRITE",
        answer(mmap2(0, kP, kBoth, kMapSharedValidate, &read_only)), "EACCES");
    row("read-only, PRIVATE, PROT_WRITE", answer(mmap2(0, kP, kBoth, kMapPrivate, &read_only)),
        "OK");
    row("pipe", answer(mmap2(0, kP, kProtRead, kMapPrivate, &pipe)), "ENODEV");
    pipe.opened_for = Rights::write();
    row("pipe, the end to write", answer(mmap2(0, kP, kProtRead, kMapPrivate, &pipe)), "EACCES");
    row("pgoff + pages overflows",
        answer(mmap2(0, 2 * kP, kProtRead, kMapPrivate, &file, 0xFFFFFFFF)), "EOVERFLOW");
    row("GROWSDOWN", answer(mmap2(0, kP, kProtRead, kMapPrivate | kMapGrowsDown, &file)), "EINVAL");
    row("HUGETLB", answer(mmap2(0, kP, kProtRead, kMapPrivate | kMapHugeTlb, &file)), "EINVAL");
    row("SHARED, unknown flag", answer(mmap2(0, kP, kProtRead, kMapShared | 0x80, &file)), "OK");
    row("SHARED_VALIDATE", answer(mmap2(0, kP, kProtRead, kMapSharedValidate, &file)), "OK");
    row("SHARED_VALIDATE, unknown flag",
        answer(mmap2(0, kP, kProtRead, kMapSharedValidate | 0x80, &file)), "EOPNOTSUPP");
    row("SHARED_VALIDATE, SYNC",
        answer(mmap2(0, kP, kProtRead, kMapSharedValidate | kMapSync, &file)), "EOPNOTSUPP");
    row("SHARED_VALIDATE, old flags",
        answer(mmap2(0, kP, kProtRead,
                     kMapSharedValidate | kMapNoReserve | kMapPopulate | kMapStack, &file)),
        "OK");
}

TEST_F(Calls, Mmap2BringsIn) {
    EXPECT_EQ(mincore(pages(2, kBoth, kMapPopulate), 2 * kP), "OK");
    EXPECT_EQ(residence, (std::vector<std::uint8_t>{1, 1, 0xEE}));
    EXPECT_EQ(mincore(pages(2, kBoth, kMapPopulate | kMapNonBlock), 2 * kP), "OK");
    EXPECT_EQ(residence, (std::vector<std::uint8_t>{0, 0, 0xEE}));
    EXPECT_EQ(mincore(pages(2, kBoth, kMapLocked), 2 * kP), "OK");
    EXPECT_EQ(residence, (std::vector<std::uint8_t>{1, 1, 0xEE}));
}

TEST_F(Calls, OldMmap) {
    OldMmapArguments call{.address = 0,
                          .length = kP,
                          .prot = kProtRead,
                          .flags = kMapPrivate,
                          .descriptor = 3,
                          .offset = 3 * kP};
    const Result<Mmap2Arguments> decoded = decode_old_mmap(call);
    ASSERT_TRUE(decoded.ok());
    const Result<MapRequest> request = decode_mmap2(Result(decoded).take(), &file);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request.value().object_page, 3U);
    call.offset = kP + 1;
    row("offset not in pages", answer(decode_old_mmap(call)), "EINVAL");
}

TEST_F(Calls, Munmap) {
    const std::uint32_t start = pages(3);
    row("not aligned", answer(calls.munmap(start + 1, kP)), "EINVAL");
    row("len 0", answer(calls.munmap(start, 0)), "EINVAL");
    row("unmapped range", answer(calls.munmap(0x20000000, kP)), "OK");
    row("mincore of it", mincore(0x20000000, kP), "ENOMEM");
    row("0xc0000000", answer(calls.munmap(0xC0000000, kP)), "EINVAL");
    row("wraps", answer(calls.munmap(start, 0U - start)), "EINVAL");
    row("up to the kernel", answer(calls.munmap(0xBFFFF000, kP)), "OK");
    row("into the kernel", answer(calls.munmap(0xBFFFF000, kP + 1)), "EINVAL");
    row("middle page of three", answer(calls.munmap(start + kP, kP)), "OK");
    row("twice the same", answer(calls.munmap(start + kP, kP)), "OK");
    EXPECT_EQ(space->regions().size(), 2U);
}

TEST_F(Calls, Mprotect) {
    const std::uint32_t start = pages(4);
    EXPECT_TRUE(poke(start + kP, 5));
    row("len 0", answer(calls.mprotect(start, 0, kProtRead)), "OK");
    row("len 0, bad prot", answer(calls.mprotect(start, 0, 0x80000000)), "OK");
    row("not aligned, len 0", answer(calls.mprotect(start + 1, 0, kProtRead)), "EINVAL");
    row("unmapped", answer(calls.mprotect(0x20000000, kP, kProtRead)), "ENOMEM");
    ASSERT_TRUE(calls.munmap(start + 2 * kP, kP).ok());
    row("into a hole", answer(calls.mprotect(start, 4 * kP, kProtRead)), "ENOMEM");
    EXPECT_FALSE(poke(start + kP, 6));  // its first part did change
    EXPECT_TRUE(poke(start + 3 * kP, 6));
    row("starting in a hole", answer(calls.mprotect(start + 2 * kP, 2 * kP, kProtRead)), "ENOMEM");
    row("prot 0x80000000", answer(calls.mprotect(start, kP, 0x80000000)), "EINVAL");
    row("PROT_SEM", answer(calls.mprotect(start, kP, kProtRead | kProtSem)), "OK");
    row("GROWSDOWN on ordinary mapping",
        answer(calls.mprotect(start, kP, kProtRead | kProtGrowsDown)), "EINVAL");
    row("GROWSUP", answer(calls.mprotect(start, kP, kProtRead | kProtGrowsUp)), "EINVAL");
    row("GROWSDOWN and GROWSUP, len 0",
        answer(calls.mprotect(start, 0, kProtGrowsDown | kProtGrowsUp)), "EINVAL");
    row("wraps", answer(calls.mprotect(start, 0U - start, kProtRead)), "ENOMEM");
    row("kernel address", answer(calls.mprotect(0xC0000000, kP, kProtRead)), "ENOMEM");
    row("0xfffff000", answer(calls.mprotect(0xFFFFF000, kP, kProtRead)), "ENOMEM");
    row("R|W|X", answer(calls.mprotect(start, kP, kBoth | kProtExec)), "OK");
    row("back", answer(calls.mprotect(start, kP, kBoth)), "OK");
    const std::uint32_t map = mmap2(0, kP, kProtRead, kMapPrivate, &read_only).value().raw();
    row("PROT_WRITE on PRIVATE map of read-only fd", answer(calls.mprotect(map, kP, kBoth)), "OK");
    const std::uint32_t shared = mmap2(0, kP, kProtRead, kMapShared, &read_only).value().raw();
    row("PROT_WRITE on SHARED map of it", answer(calls.mprotect(shared, kP, kBoth)), "EACCES");
    const std::uint32_t stack = pages(2, kBoth, kMapGrowsDown);
    row("GROWSDOWN on one that does",
        answer(calls.mprotect(stack + kP, kP, kProtRead | kProtGrowsDown)), "OK");
    EXPECT_FALSE(poke(stack, 1));
}

TEST_F(Calls, Mlock) {
    const std::uint32_t start = pages(2);
    row("not aligned", answer(calls.mlock(start + 100, kP)), "OK");
    EXPECT_EQ(space->figures().locked, PageCount(2));
    row("len 0", answer(calls.mlock(start, 0)), "OK");
    row("unmapped", answer(calls.mlock(0x20000000, kP)), "ENOMEM");
    space->limits().may_lock_any = true;
    row("wraps", answer(calls.mlock(start, 0xFFFFEFFF)), "EINVAL");
    row("PROT_NONE page", answer(calls.mlock(pages(1, kProtNone), kP)), "ENOMEM");
    row("munlock ordinary", answer(calls.munlock(start, 2 * kP)), "OK");
    row("munlock not locked", answer(calls.munlock(start, 2 * kP)), "OK");
    row("munlock unmapped", answer(calls.munlock(0x20000000, kP)), "ENOMEM");
    row("mlock2 flags 0", answer(calls.mlock2(start, kP, 0)), "OK");
    row("mlock2 flags 2", answer(calls.mlock2(start, kP, 2)), "EINVAL");
    const std::uint32_t later = pages(1);
    row("mlock2 ONFAULT", answer(calls.mlock2(later, kP, kMlockOnFault)), "OK");
    EXPECT_EQ(mincore(later, kP), "OK");
    EXPECT_EQ(residence[0], 0);
}

TEST_F(Calls, Mlockall) {
    row("0", answer(calls.mlockall(0)), "EINVAL");
    row("8", answer(calls.mlockall(8)), "EINVAL");
    row("-1", answer(calls.mlockall(0xFFFFFFFF)), "EINVAL");
    row("ONFAULT alone", answer(calls.mlockall(kMclOnFault)), "EINVAL");
    row("FUTURE", answer(calls.mlockall(kMclFuture)), "OK");
    EXPECT_EQ(mincore(pages(1), kP), "OK");
    EXPECT_EQ(residence[0], 1);  // new page resident at once
    space->set_break_start(VirtAddr(0x08100000));
    EXPECT_EQ(calls.brk(0x08101000), VirtAddr(0x08101000));
    EXPECT_EQ(mincore(0x08100000, kP), "OK");
    EXPECT_EQ(residence[0], 1);
    space->limits().locked = 2 * kP;
    row("a map over the limit", answer(mmap2(0, kP, kBoth, kAnonymous)), "EAGAIN");
    EXPECT_EQ(calls.brk(0x08102000), VirtAddr(0x08101000));
    row("FUTURE|ONFAULT", answer(calls.mlockall(kMclFuture | kMclOnFault)), "OK");
    space->limits().locked = 4 * kP;
    EXPECT_EQ(mincore(pages(1), kP), "OK");
    EXPECT_EQ(residence[0], 0);
    row("munlockall", answer(calls.munlockall()), "OK");
    EXPECT_EQ(space->figures().locked, PageCount(0));
    EXPECT_EQ(mincore(pages(1), kP), "OK");
    EXPECT_EQ(residence[0], 0);
}

TEST_F(Calls, Madvise) {
    const std::uint32_t start = pages(4);
    EXPECT_TRUE(poke(start, 5));
    row("advice -1", answer(calls.madvise(start, kP, 0xFFFFFFFF)), "EINVAL");
    row("advice 5", answer(calls.madvise(start, kP, 5)), "EINVAL");
    row("len 0", answer(calls.madvise(start, 0, kMadvDontNeed)), "OK");
    row("len 0 with bad advice", answer(calls.madvise(start, 0, 77)), "EINVAL");
    row("not aligned, len 0", answer(calls.madvise(start + 1, 0, kMadvNormal)), "EINVAL");
    row("wraps", answer(calls.madvise(start, 0U - start, kMadvDontNeed)), "EINVAL");
    row("wraps by rounding", answer(calls.madvise(start, 0xFFFFFFFF, kMadvNormal)), "EINVAL");
    row("RANDOM", answer(calls.madvise(start, kP, kMadvRandom)), "OK");
    row("SEQUENTIAL", answer(calls.madvise(start, kP, kMadvSequential)), "OK");
    row("WILLNEED", answer(calls.madvise(start, kP, kMadvWillNeed)), "OK");
    row("NORMAL", answer(calls.madvise(start, kP, kMadvNormal)), "OK");
    row("DONTNEED", answer(calls.madvise(start, kP, kMadvDontNeed)), "OK");
    EXPECT_EQ(peek(start), 0);
    row("FREE on anon", answer(calls.madvise(start, kP, kMadvFree)), "OK");
    row("REMOVE on private anon", answer(calls.madvise(start, kP, kMadvRemove)), "EINVAL");
    row("POPULATE_WRITE", answer(calls.madvise(start, kP, kMadvPopulateWrite)), "OK");
    row("DONTFORK", answer(calls.madvise(start, kP, kMadvDontFork)), "OK");
    row("DOFORK", answer(calls.madvise(start, kP, kMadvDoFork)), "OK");
    ASSERT_TRUE(calls.mlock(start + kP, kP).ok());
    row("DONTNEED on a locked page", answer(calls.madvise(start + kP, kP, kMadvDontNeed)),
        "EINVAL");
    ASSERT_TRUE(calls.munmap(start + 3 * kP, kP).ok());
    ASSERT_TRUE(calls.munlock(start, 2 * kP).ok());
    row("DONTNEED into a hole", answer(calls.madvise(start, 4 * kP, kMadvDontNeed)), "ENOMEM");
    row("POPULATE_READ into a hole", answer(calls.madvise(start, 4 * kP, kMadvPopulateRead)),
        "ENOMEM");
    for (const std::uint32_t hint : {kMadvDontDump, kMadvDoDump, kMadvCold, kMadvPageOut}) {
        row("a hint", answer(calls.madvise(start, kP, hint)), "OK");
        row("a hint into a hole", answer(calls.madvise(start, 4 * kP, hint)), "ENOMEM");
    }
}

TEST_F(Calls, Mremap) {
    pages(1, kProtRead);  // above
    const std::uint32_t start = pages(4);
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_TRUE(poke(start + i * kP, i + 1));
    const auto mremap = [this](std::uint32_t from, std::uint32_t old_length,
                               std::uint32_t new_length, std::uint32_t flags,
                               std::uint32_t to = 0) {
        return calls.mremap(from, old_length, new_length, flags, to);
    };
    row("address not aligned", answer(mremap(start + 1, kP, kP, kMremapMayMove)), "EINVAL");
    row("unknown flag", answer(mremap(start, kP, kP, 8)), "EINVAL");
    row("new_len 0", answer(mremap(start, kP, 0, kMremapMayMove)), "EINVAL");
    row("FIXED without MAYMOVE", answer(mremap(start, kP, kP, kMremapFixed, 0x20000000)), "EINVAL");
    row("old_len 0 on private mapping", answer(mremap(start, 0, kP, kMremapMayMove)), "EINVAL");
    row("old range runs into a hole", answer(mremap(start, 5 * kP, 6 * kP, kMremapMayMove)),
        "EFAULT");
    const std::uint32_t both = kMremapMayMove | kMremapFixed;
    row("FIXED, new address not aligned", answer(mremap(start, kP, kP, both, 0x20000001)),
        "EINVAL");
    row("FIXED, new address in kernel", answer(mremap(start, kP, kP, both, 0xC0000000)), "EINVAL");
    row("new_len 0xc0000000", answer(mremap(start, kP, 0xC0000000, kMremapMayMove)), "ENOMEM");
    row("DONTUNMAP without MAYMOVE", answer(mremap(start, kP, kP, kMremapDontUnmap)), "EINVAL");

    const Result<VirtAddr> moved = mremap(start, 4 * kP, 8 * kP, kMremapMayMove);
    ASSERT_EQ(answer(moved), "OK");
    const std::uint32_t now = Result(moved).take().raw();
    EXPECT_NE(now, start);
    EXPECT_EQ(peek(now + 3 * kP), 4);
    row("shrink", answer(mremap(now, 8 * kP, 2 * kP, 0)), "OK");
    EXPECT_EQ(peek(now + 2 * kP), -1);
    row("FIXED|MAYMOVE", answer(mremap(now, 2 * kP, 2 * kP, both, 0x20000000)), "OK");
    EXPECT_EQ(peek(0x20001000), 2);
    row("grow in place, no MAYMOVE", answer(mremap(0x20000000, 2 * kP, 4 * kP, 0)), "OK");
    ASSERT_EQ(answer(mmap2(0x20004000, kP, kProtRead, kAnonymous | kMapFixed)), "OK");
    row("grow in place, no room", answer(mremap(0x20000000, 4 * kP, 5 * kP, 0)), "ENOMEM");
    row("DONTUNMAP", answer(mremap(0x20000000, kP, kP, kMremapMayMove | kMremapDontUnmap)), "OK");
    EXPECT_EQ(peek(0x20000000), 0);
}

TEST_F(Calls, Msync) {
    const std::uint32_t start = pages(2);
    row("0", answer(calls.msync(start, kP, 0)), "OK");
    row("ASYNC", answer(calls.msync(start, kP, kMsAsync)), "OK");
    row("SYNC", answer(calls.msync(start, kP, kMsSync)), "OK");
    row("SYNC|ASYNC", answer(calls.msync(start, kP, kMsSync | kMsAsync)), "EINVAL");
    row("flag 8", answer(calls.msync(start, kP, 8)), "EINVAL");
    row("not aligned", answer(calls.msync(start + 1, kP, kMsSync)), "EINVAL");
    row("unmapped", answer(calls.msync(0x20000000, kP, kMsSync)), "ENOMEM");
    row("wraps", answer(calls.msync(start, 0U - start, kMsSync)), "ENOMEM");
    ASSERT_TRUE(calls.mlock(start, kP).ok());
    row("INVALIDATE on a locked page", answer(calls.msync(start, kP, kMsAsync | kMsInvalidate)),
        "EBUSY");
    row("INVALIDATE on another", answer(calls.msync(start + kP, kP, kMsInvalidate)), "OK");
}

TEST_F(Calls, Mincore) {
    const std::uint32_t start = pages(2);
    EXPECT_TRUE(poke(start + kP, 1));
    row("mapped", mincore(start, kP + 1), "OK");
    EXPECT_EQ(residence, (std::vector<std::uint8_t>{0, 1, 0xEE}));
    row("len 0", mincore(start, 0), "OK");
    row("not aligned", mincore(start + 1, kP), "EINVAL");
    row("unmapped", mincore(0x20000000, kP), "ENOMEM");
    row("kernel address", mincore(0xC0000000, kP), "ENOMEM");
    row("into the kernel", mincore(0xBFFFF000, kP + 1), "ENOMEM");
    row("wraps", answer(MemoryCalls::mincore_pages(start, 0xFFFFFFFF, kVector)), "ENOMEM");
    row("vec in the kernel", mincore(start, 2 * kP, 0xC0000000), "EFAULT");
    row("vec into the kernel", mincore(start, 2 * kP, 0xBFFFFFFF), "EFAULT");
    row("vec just below it", mincore(start, 2 * kP, 0xBFFFFFFE), "OK");
}

TEST_F(Calls, Limits) {
    const std::uint32_t start = pages(16, kProtNone);
    space->limits().address_space = 1U << 20;
    row("mmap2 of 64 MiB", answer(mmap2(0, 64U << 20, kProtNone, kAnonymous)), "ENOMEM");
    row("mremap grow to 64 MiB (MAYMOVE)",
        answer(calls.mremap(start, kP, 64U << 20, kMremapMayMove, 0)), "ENOMEM");
    space->limits().address_space = MemoryLimits::kUnlimited;
    space->limits().locked = 8 * kP;
    const std::uint32_t eight = pages(8);
    row("mlock 8 pages at RLIMIT_MEMLOCK 8 pages", answer(calls.mlock(eight, 8 * kP)), "OK");
    row("mlock the same 8 again", answer(calls.mlock(eight, 8 * kP)), "OK");
    row("mlock one more", answer(calls.mlock(start, kP)), "ENOMEM");
    row("MAP_LOCKED one more", answer(mmap2(0, kP, kBoth, kAnonymous | kMapLocked)), "EAGAIN");
    row("mlockall(MCL_CURRENT) over the limit", answer(calls.mlockall(kMclCurrent)), "ENOMEM");
    space->limits().locked = 0;
    row("mlockall(MCL_CURRENT) with RLIMIT_MEMLOCK 0", answer(calls.mlockall(kMclCurrent)),
        "EPERM");
    row("MAP_LOCKED with it", answer(mmap2(0, kP, kBoth, kAnonymous | kMapLocked)), "EPERM");
    row("mlock with it", answer(calls.mlock(start, kP)), "EPERM");
    row("munlock with it", answer(calls.munlock(eight, 8 * kP)), "OK");
}

}  // namespace
}  // namespace quire::mm
