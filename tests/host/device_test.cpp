// fs/devfs, fs/character_devices, fs/disk_device, fs/random_source.
#include "fs/character_devices.h"
#include "fs/devfs.h"
#include "fs/disk_device.h"
#include "mm/physical_window.h"
#include "tests/host/disk_image.h"
#include "tests/host/file_machine.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

/// A terminal of which the test types and reads.
class TestTerminal final : public Terminal {
  public:
    Result<std::uint32_t> read(std::uint32_t bytes, ByteSink& to) override {
        if (typed.empty()) return Error::TryAgain;
        const std::string some = typed.substr(0, bytes);
        TRY(to.take(std::as_bytes(std::span(some))));
        typed.erase(0, some.size());
        return static_cast<std::uint32_t>(some.size());
    }
    Result<std::uint32_t> write(std::uint32_t bytes, ByteSource& from) override {
        if (stopped) return Error::TryAgain;
        std::string some(bytes, '\0');
        TRY(from.give(std::as_writable_bytes(std::span(some))));
        shown += some;
        return bytes;
    }
    Result<std::uint32_t> control(std::uint32_t, mm::VirtAddr) override {
        return Error::NotTerminal;
    }
    bool controls_caller() override { return controls; }
    Readiness readiness() override { return {.readable = !typed.empty(), .writable = !stopped}; }
    WaitQueue& changes() override { return queue; }
    void type(const char* text) {
        typed += text;
        queue.wake_all();
    }

    std::string typed;
    std::string shown;
    bool stopped = false;
    bool controls = true;
    WaitQueue queue;
};

class Devices : public FileTest {
  protected:
    Devices() {
        p.mkdir("/dev");
        EXPECT_EQ(answer(make_device_nodes(dev, world.devices)), "OK");
        EXPECT_EQ(answer(p.calls.mount(dev, "devtmpfs", "/dev")), "OK");
    }
    ~Devices() override {
        p.table.close_all();
        p.become(0, 0);
        EXPECT_EQ(answer(p.calls.unmount("/dev")), "OK");
        world.check();
    }
    Descriptor open(const char* path, std::uint32_t flags = kOpenReadWrite) {
        EXPECT_EQ(p.open(path, flags), "OK") << path;
        return p.last;
    }

    RandomSource source;
    TestTerminal terminal;
    test::DiskImage disk{drivers::SectorCount(21)};  // two pages and five sectors
    NullDevice null{world.devices};
    ZeroDevice zero{world.devices, ZeroDevice::Kind::Zero};
    ZeroDevice full{world.devices, ZeroDevice::Kind::Full};
    RandomDevice random{world.devices, RandomDevice::Kind::Random, source};
    RandomDevice urandom{world.devices, RandomDevice::Kind::Urandom, source};
    MemoryDevice memory{world.devices, world.machine.machine.table};
    TerminalDevice tty{world.devices, TerminalDevice::Kind::Tty, terminal};
    TerminalDevice console{world.devices, TerminalDevice::Kind::Console, terminal};
    DiskDevice hda{world.devices, device_number(3, 0), disk, world.machine.memory,
                   world.machine.objects};
    Tmpfs dev{world.parts(), kDevOptions};
};

TEST_F(Devices, AreSeenInDev) {
    using Kind = NodeKind;
    const std::map<std::string, Kind> expected = {
        {"null", Kind::CharacterDevice}, {"zero", Kind::CharacterDevice},
        {"full", Kind::CharacterDevice}, {"random", Kind::CharacterDevice},
        {"mem", Kind::CharacterDevice},  {"urandom", Kind::CharacterDevice},
        {"tty", Kind::CharacterDevice},  {"console", Kind::CharacterDevice},
        {"image", Kind::BlockDevice},    {"shm", Kind::Directory},
        {"fd", Kind::SymbolicLink},      {"stdin", Kind::SymbolicLink},
        {"stdout", Kind::SymbolicLink},  {"stderr", Kind::SymbolicLink}};
    EXPECT_EQ(p.list("/dev"), expected);
    EXPECT_EQ(p.attributes("/dev/null").device, 0x103U);
    EXPECT_EQ(p.attributes("/dev/null").permissions, 0666);
    EXPECT_EQ(p.attributes("/dev/mem").permissions, 0440);
    EXPECT_EQ(p.attributes("/dev/console").permissions, 0600);
    EXPECT_EQ(p.attributes("/dev/shm").permissions, 01777);
    EXPECT_EQ(p.readlink("/dev/fd"), "/proc/self/fd");
    EXPECT_EQ(p.readlink("/dev/stdin"), "/proc/self/fd/0");
    EXPECT_EQ(p.readlink("/dev/stdout"), "/proc/self/fd/1");
    EXPECT_EQ(p.readlink("/dev/stderr"), "/proc/self/fd/2");
    EXPECT_EQ(p.attributes("/dev/image").device, 0x300U);
    EXPECT_STREQ(dev.type(), "devtmpfs");
}

TEST_F(Devices, AreFoundByNumberFromAnyNode) {
    EXPECT_EQ(p.mknod("/zero", kModeCharacter | 0600, 0x105), "OK");
    EXPECT_EQ(p.read(open("/zero"), 3), std::string(3, '\0'));
    EXPECT_EQ(p.calls.fstat(p.last).value().attributes.number, p.attributes("/zero").number);
    EXPECT_EQ(p.mknod("/odd", kModeBlock | 0600, 0x105), "OK");
    EXPECT_EQ(p.try_open("/odd"), "ENXIO");
    p.become(1, 1);
    EXPECT_EQ(p.try_open("/zero"), "EACCES");
    EXPECT_EQ(p.try_open("/dev/mem"), "EACCES");
    EXPECT_EQ(p.try_open("/dev/null", kOpenReadWrite), "OK");
}

TEST_F(Devices, NullZeroAndFull) {
    const Descriptor n = open("/dev/null", kOpenReadWrite | kOpenCreate | kOpenTruncate);
    EXPECT_EQ(p.read(n), "");
    EXPECT_EQ(p.write(n, "gone"), "4");
    EXPECT_EQ(p.seek(n, 100, kSeekSet), "0");
    EXPECT_EQ(p.pread(n, 4, 0), "");
    const Descriptor z = open("/dev/zero");
    EXPECT_EQ(p.read(z, 1000), std::string(1000, '\0'));
    EXPECT_EQ(p.write(z, "gone"), "4");
    test::BrokenSink sink(600);
    EXPECT_EQ(p.calls.read(z, 2000, sink).value(), 512U);
    test::BrokenSink none(0);
    EXPECT_EQ(answer(p.calls.read(z, 1, none)), "EFAULT");
    const Descriptor f = open("/dev/full");
    EXPECT_EQ(p.write(f, "x"), "ENOSPC");
    EXPECT_EQ(p.write(f, ""), "0");
    EXPECT_EQ(p.read(f, 2), std::string(2, '\0'));
    EXPECT_TRUE(p.calls.file(z).value()->io()->maps_zeroes());
    EXPECT_FALSE(p.calls.file(f).value()->io()->maps_zeroes());
    EXPECT_FALSE(p.calls.mappable(n).value().mappable);
    EXPECT_EQ(answer(p.calls.fsync(n, false)), "EINVAL");
}

TEST_F(Devices, MemoryIsReadWhereThereIsRam) {
    const mm::FrameNumber frame = world.machine.machine.frames.allocate_zeroed().take().release();
    std::memcpy(mm::frame_bytes(frame) + 100, "in RAM", 6);
    const Descriptor m = open("/dev/mem", kOpenReadOnly);
    EXPECT_EQ(p.pread(m, 6, std::int64_t{frame.raw()} * mm::kPageSize + 100), "in RAM");
    EXPECT_EQ(p.pread(m, 6, std::int64_t{0xFFFFF000}), "EFAULT");
    EXPECT_EQ(p.pread(m, 6, std::int64_t{1} << 40), "EFAULT");
    const Descriptor w = open("/dev/mem", kOpenReadWrite);
    EXPECT_EQ(p.write(w, "x"), "EPERM");
    world.machine.machine.frames.drop_reference(frame);
}

TEST_F(Devices, TheTerminalBlocksAndIsNoFile) {
    const Descriptor t = open("/dev/tty");
    p.sleeper.steps.push_back([this] { terminal.type("hello"); });
    EXPECT_EQ(p.read(t, 3), "hel");
    EXPECT_EQ(p.read(t), "lo");
    EXPECT_EQ(p.read(t), "EINTR");
    EXPECT_EQ(p.write(t, "out"), "3");
    EXPECT_EQ(terminal.shown, "out");
    EXPECT_EQ(p.seek(t, 0, kSeekSet), "ESPIPE");
    EXPECT_EQ(p.pread(t, 1, 0), "ESPIPE");
    EXPECT_EQ(p.calls.file(t).value()->io()->terminal(), &terminal);
    terminal.stopped = true;
    EXPECT_FALSE(p.calls.file(t).value()->readiness().writable);
    p.sleeper.steps.push_back([this] {
        terminal.stopped = false;
        terminal.queue.wake_all();
    });
    EXPECT_EQ(p.write(t, "more"), "4");
    const Descriptor c = open("/dev/console", kOpenReadWrite | kOpenNonBlock);
    EXPECT_EQ(p.read(c), "EAGAIN");
    terminal.type("x");
    EXPECT_EQ(p.read(c), "x");
}

TEST_F(Devices, OnlyThoseWhoHaveATerminalCanOpenTheirs) {
    terminal.controls = false;
    EXPECT_EQ(answer(p.calls.open(kAtWorkingDirectory, "/dev/tty", 0, 0)), "ENXIO");
    open("/dev/console");
    terminal.controls = true;
    open("/dev/tty");
}

// --- The disk ---

TEST_F(Devices, ADiskIsReadAndWrittenByteByByte) {
    disk.content()[5000] = std::byte{'D'};
    const Descriptor d = open("/dev/image");
    EXPECT_EQ(p.pread(d, 1, 5000), "D");
    EXPECT_EQ(p.seek(d, 0, kSeekEnd), "10752");
    EXPECT_EQ(p.read(d), "");
    EXPECT_EQ(p.pwrite(d, "across", mm::kPageSize - 3), "6");
    EXPECT_EQ(p.pwrite(d, "12345", 10750), "2");  // the end of the disk
    EXPECT_EQ(p.pwrite(d, "1", 10752), "ENOSPC");
    EXPECT_EQ(p.pread(d, 10, 10748), std::string("\0\00012", 4));
    EXPECT_EQ(disk.content()[4096], std::byte{});  // not yet
    EXPECT_EQ(answer(p.calls.fsync(d, false)), "OK");
    EXPECT_EQ(disk.content()[4096], std::byte{'o'});
    EXPECT_EQ(disk.content()[10751], std::byte{'2'});
    EXPECT_TRUE(p.calls.mappable(d).value().mappable);
    EXPECT_EQ(answer(p.calls.ftruncate(d, 0)), "EINVAL");
}

TEST_F(Devices, ADiskIsReadAnewWhenNobodyHadItOpen) {
    const Descriptor d = open("/dev/image");
    EXPECT_EQ(p.pwrite(d, "kept", 0), "4");
    EXPECT_TRUE(p.calls.close(d).ok());
    EXPECT_EQ(disk.content()[0], std::byte{'k'});
    EXPECT_EQ(hda.object()->resident_pages(), 0U);
    disk.content()[0] = std::byte{'K'};
    EXPECT_EQ(p.read(open("/dev/image"), 4), "Kept");
}

TEST_F(Devices, DiskErrorsAreTold) {
    const Descriptor d = open("/dev/image");
    disk.fail_nth(test::DiskImage::Kind::Read, 1);
    EXPECT_EQ(p.pread(d, 1, 0), "EIO");
    EXPECT_EQ(p.pread(d, 1, 0), std::string(1, '\0'));
    EXPECT_EQ(p.pwrite(d, "x", 0), "1");
    disk.fail_all(test::DiskImage::Kind::Write, true);
    EXPECT_EQ(answer(p.calls.fsync(d, false)), "EIO");
    disk.fail_all(test::DiskImage::Kind::Write, false);
    EXPECT_EQ(answer(p.calls.fsync(d, false)), "OK");
    EXPECT_EQ(disk.content()[0], std::byte{'x'});
}

// The file may be closed: who has mapped it writes through the mapping.
TEST_F(Devices, ADiskThatAMappingCanWriteIsNotClaimed) {
    const auto space = world.machine.new_space();
    const mm::PageRange place = mm::PageRange::of(mm::PageNumber(0x20000), mm::PageCount(1));
    const auto claim_with = [&](bool shared, mm::Rights rights, mm::Rights most) {
        mm::RegionTraits traits;
        traits.shared = shared;
        traits.rights = rights;
        traits.most = most;
        EXPECT_TRUE(space->add_region(place, traits, hda.object(), 0).ok());
        const std::string answered = answer(hda.claim());
        if (answered == "OK") hda.release_claim();
        space->empty();
        return answered;
    };
    const mm::Rights read = mm::Rights::read(), write = mm::Rights::write();
    EXPECT_EQ(claim_with(true, read | write, read | write), "EBUSY");
    EXPECT_EQ(claim_with(true, read, read | write), "EBUSY");  // mprotect may allow it
    EXPECT_EQ(claim_with(true, read, read), "OK");
    EXPECT_EQ(claim_with(false, read | write, read | write), "OK");  // its own copies
}

// Somebody else has it open, so its pages stay when the writer closes it.
TEST_F(Devices, AClaimFindsOnTheDiskWhatWasWritten) {
    const Descriptor reader = open("/dev/image", kOpenReadOnly);
    const Descriptor writer = open("/dev/image");
    EXPECT_EQ(p.pwrite(writer, "late", 0), "4");
    EXPECT_TRUE(p.calls.close(writer).ok());
    disk.fail_all(test::DiskImage::Kind::Write, true);
    EXPECT_EQ(answer(hda.claim()), "EIO");
    disk.fail_all(test::DiskImage::Kind::Write, false);
    EXPECT_EQ(answer(hda.claim()), "OK");
    EXPECT_EQ(disk.content()[0], std::byte{'l'});
    EXPECT_FALSE(hda.object()->next_dirty(0).has_value());
    EXPECT_EQ(p.read(reader, 4), "late");
}

TEST_F(Devices, AClaimedDiskIsNotWritten) {
    const Descriptor d = open("/dev/image");
    EXPECT_EQ(answer(hda.claim()), "EBUSY");
    EXPECT_TRUE(p.calls.close(d).ok());
    EXPECT_EQ(answer(hda.claim()), "OK");
    EXPECT_EQ(answer(hda.claim()), "EBUSY");
    EXPECT_EQ(p.try_open("/dev/image", kOpenWriteOnly), "EBUSY");
    EXPECT_EQ(p.try_open("/dev/image"), "OK");
    hda.release_claim();
    EXPECT_EQ(p.try_open("/dev/image", kOpenWriteOnly), "OK");
    disk.set_read_only(true);
    EXPECT_EQ(p.try_open("/dev/image", kOpenWriteOnly), "EROFS");
    EXPECT_EQ(p.table.count(), 0U);
}

// --- Random numbers ---

// RFC 8439, 2.3.2.
TEST(ChaCha20, MakesTheBlockOfTheStandard) {
    ChaChaKey key;
    for (std::uint32_t i = 0; i < 8; ++i)
        key[i] = 0x03020100 + i * 0x04040404;
    const ChaChaBlock expected = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
                                  0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                                  0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                  0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    EXPECT_EQ(chacha20_block(key, 1, {0x09000000, 0x4a000000, 0}), expected);
}

std::string random_bytes(RandomSource& source, std::uint32_t bytes) {
    std::string text(bytes, '\0');
    MemorySink sink(std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(source.fill(bytes, sink).ok());
    return text;
}

TEST(RandomSource, DependsOnAllThatWasStirredInAndNeverRepeats) {
    const auto seeded = [](std::string_view text) {
        RandomSource source;
        source.add(std::as_bytes(std::span(text)));
        return random_bytes(source, 64);
    };
    EXPECT_EQ(seeded("seed"), seeded("seed"));
    EXPECT_NE(seeded("seed"), seeded("feed"));
    const std::string longer(40, 's');
    EXPECT_NE(seeded(longer + "a"), seeded(longer + "b"));
    RandomSource source;
    const std::string first = random_bytes(source, 100);
    EXPECT_NE(random_bytes(source, 100), first);
    EXPECT_NE(first.substr(0, 32), first.substr(64, 32));  // blocks differ
    std::array<int, 256> counts{};
    for (const char byte : random_bytes(source, 65536))
        ++counts[static_cast<unsigned char>(byte)];
    for (const int count : counts)
        EXPECT_NEAR(count, 256, 6 * 16);  // six standard deviations
}

// Three small requests: the first two are the halves of one block's second half, the third one is
// of the next block. What was left is not handed out after something new was stirred in.
TEST(RandomSource, HandsASmallRequestsRestToTheNext) {
    RandomSource source;
    const auto halves_of = [](const ChaChaKey& key) {
        const ChaChaBlock block = chacha20_block(key, 0, {});
        const std::string text(reinterpret_cast<const char*>(block.data()), sizeof block);
        return std::pair(text.substr(0, 32), text.substr(32));
    };
    const auto [next_text, first] = halves_of({});
    EXPECT_EQ(random_bytes(source, 16), first.substr(16));
    EXPECT_EQ(random_bytes(source, 16), first.substr(0, 16));
    ChaChaKey next;
    std::memcpy(next.data(), next_text.data(), sizeof next);
    const auto [unused, second] = halves_of(next);
    EXPECT_EQ(random_bytes(source, 20), second.substr(12));
    RandomSource copy = source;
    EXPECT_EQ(random_bytes(copy, 12), second.substr(0, 12));
    source.add({});
    EXPECT_NE(random_bytes(source, 12), second.substr(0, 12));
}

TEST_F(Devices, RandomAndUrandomAreOneGenerator) {
    const Descriptor r = open("/dev/random");
    const Descriptor u = open("/dev/urandom");
    const std::string first = p.read(r, 1000);
    EXPECT_EQ(first.size(), 1000U);
    EXPECT_NE(p.read(u, 1000), first);
    RandomSource copy = source;
    EXPECT_EQ(p.write(u, "surprise"), "8");
    EXPECT_NE(p.read(r, 32), random_bytes(copy, 32));
    test::BrokenSource broken(0);
    EXPECT_EQ(answer(p.calls.write(r, 8, broken).result), "EFAULT");
}

}  // namespace
}  // namespace quire::fs
