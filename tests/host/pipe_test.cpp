// fs/pipe: bytes from one process to another, with and without waiting.
#include "fs/pipe.h"

#include "mm/physical_window.h"
#include "tests/host/file_machine.h"
#include "tests/host/seed.h"

namespace quire::fs {
namespace {

using namespace abi;
using test::answer;
using test::FileTest;

class Pipes : public FileTest {
  protected:
    void make(std::uint32_t flags = 0) { ends = p.calls.pipe(flags).value(); }
    std::string write(std::string_view text) { return p.write(ends.write, text); }
    std::string read(std::uint32_t bytes = 256) { return p.read(ends.read, bytes); }
    Readiness state(Descriptor descriptor) { return p.calls.file(descriptor).value()->readiness(); }
    Pipe& pipe() { return static_cast<Pipe&>(*p.calls.file(ends.read).value()->io()); }
    std::string close(Descriptor descriptor) { return answer(p.calls.close(descriptor)); }
    std::uint32_t frames() { return world.machine.machine.used_frames(); }

    PipeEnds ends{};
};

constexpr std::uint32_t kPage = mm::kPageSize;

TEST_F(Pipes, CarryBytesInOrder) {
    make();
    EXPECT_EQ(write("one"), "3");
    EXPECT_EQ(write("two"), "3");
    EXPECT_EQ(read(4), "onet");
    EXPECT_EQ(read(), "wo");
    world.check();
}

TEST_F(Pipes, HaveTwoDescriptorsWithTheFlags) {
    make(kOpenCloseOnExec | kOpenNonBlock);
    EXPECT_TRUE(p.table.closes_on_exec(ends.read).value());
    EXPECT_TRUE(p.table.closes_on_exec(ends.write).value());
    EXPECT_EQ(p.calls.file(ends.read).value()->flags(), kOpenReadOnly | kOpenNonBlock);
    EXPECT_EQ(p.calls.file(ends.write).value()->flags(), kOpenWriteOnly | kOpenNonBlock);
    EXPECT_EQ(answer(p.calls.pipe(kOpenAppend)), "EINVAL");
    EXPECT_EQ(p.calls.fstat(ends.read).value().attributes.kind, NodeKind::Pipe);
}

TEST_F(Pipes, AreNoFiles) {
    make();
    EXPECT_EQ(p.seek(ends.read, 0, kSeekSet), "ESPIPE");
    EXPECT_EQ(p.seek(ends.read, 0, 9), "EINVAL");
    EXPECT_EQ(p.pread(ends.read, 1, 0), "ESPIPE");
    EXPECT_EQ(p.pwrite(ends.write, "x", 0), "ESPIPE");
    EXPECT_EQ(p.write(ends.read, "x"), "EBADF");
    EXPECT_EQ(p.read(ends.write), "EBADF");
    EXPECT_EQ(answer(p.calls.fsync(ends.write, false)), "EINVAL");
    EXPECT_EQ(answer(p.calls.ftruncate(ends.write, 0)), "EINVAL");
    EXPECT_FALSE(p.calls.mappable(ends.read).value().mappable);
    test::BrokenSink sink(0);
    EXPECT_EQ(answer(p.calls.read_directory(ends.read, 100, sink)), "ENOTDIR");
}

TEST_F(Pipes, EndWhenTheLastWriterIsGone) {
    make();
    const Descriptor second = p.calls.duplicate(ends.write).value();
    write("last words");
    EXPECT_EQ(close(ends.write), "OK");
    EXPECT_EQ(close(second), "OK");
    EXPECT_EQ(read(5), "last ");
    EXPECT_EQ(read(), "words");
    EXPECT_EQ(read(), "");
    EXPECT_EQ(read(), "");
    EXPECT_EQ(p.sleeper.sleeps, 0U);
}

TEST_F(Pipes, BreakWhenTheLastReaderIsGone) {
    make();
    close(ends.read);
    const WriteOutcome outcome = p.write_outcome(ends.write, "x");
    EXPECT_EQ(answer(outcome.result), "EPIPE");
    EXPECT_TRUE(outcome.broken_pipe);
    EXPECT_EQ(write(""), "0");
}

// Some bytes were taken before the reader went: their number is the answer, and SIGPIPE is due.
TEST_F(Pipes, BreakInTheMiddleOfAWrite) {
    make();
    p.sleeper.steps.push_back([this] { close(ends.read); });
    const WriteOutcome outcome = p.write_outcome(ends.write, std::string(Pipe::kBytes + 1, 'x'));
    EXPECT_EQ(outcome.result.value(), Pipe::kBytes);
    EXPECT_TRUE(outcome.broken_pipe);
}

TEST_F(Pipes, AReaderSleepsUntilThereAreBytes) {
    make();
    p.sleeper.steps.push_back([this] { write("now"); });
    EXPECT_EQ(read(), "now");
    EXPECT_EQ(p.sleeper.sleeps, 1U);
    p.sleeper.steps.push_back([this] { close(ends.write); });
    EXPECT_EQ(read(), "");
}

TEST_F(Pipes, ASignalEndsTheSleep) {
    make();
    EXPECT_EQ(read(), "EINTR");
    EXPECT_EQ(write(std::string(Pipe::kBytes, 'x')), "65536");
    EXPECT_EQ(write("x"), "EINTR");
    EXPECT_EQ(write(std::string(2 * kPage, 'x')), "EINTR");
    read(kPage);
    EXPECT_EQ(write(std::string(2 * kPage, 'x')), "4096");  // what was written counts
}

TEST_F(Pipes, AWriterSleepsUntilAllIsWritten) {
    make();
    std::string got;
    for (int i = 0; i < 3; ++i)
        p.sleeper.steps.push_back([this, &got] { got += read(40000); });
    std::string text;
    for (int i = 0; i < 150000; ++i)
        text += static_cast<char>('a' + i % 23);
    EXPECT_EQ(write(text), "150000");
    while (got.size() < text.size())
        got += read(5000);
    EXPECT_EQ(got, text);
    world.check();
}

TEST_F(Pipes, NonBlockingOnesSayTryAgain) {
    make(kOpenNonBlock);
    EXPECT_EQ(read(), "EAGAIN");
    EXPECT_EQ(write(std::string(Pipe::kBytes - 10, 'x')), "65526");
    EXPECT_EQ(write("12345678901"), "EAGAIN");  // up to PIPE_BUF: whole or not at all
    EXPECT_EQ(write(std::string(kPipeAtomic, 'x')), "EAGAIN");
    EXPECT_EQ(write(std::string(kPipeAtomic + 1, 'x')), "10");
    EXPECT_EQ(write("x"), "EAGAIN");
    EXPECT_EQ(p.sleeper.sleeps, 0U);
}

TEST_F(Pipes, SmallWritesAreAtomicWhenTheyWait) {
    make();
    write(std::string(Pipe::kBytes - 100, 'a'));
    p.sleeper.steps.push_back([this] { read(99); });
    p.sleeper.steps.push_back([this] {
        EXPECT_EQ(pipe().fill(), Pipe::kBytes - 199);
        read(1);
    });
    EXPECT_EQ(write(std::string(200, 'b')), "200");
    EXPECT_EQ(p.sleeper.sleeps, 2U);
}

TEST_F(Pipes, ReadyIsWhatPollSays) {
    make();
    EXPECT_FALSE(state(ends.read).readable);
    EXPECT_FALSE(state(ends.read).writable);
    EXPECT_TRUE(state(ends.write).writable);
    EXPECT_FALSE(state(ends.write).readable);
    write(std::string(Pipe::kBytes - kPipeAtomic + 1, 'x'));
    EXPECT_TRUE(state(ends.read).readable);
    EXPECT_FALSE(state(ends.write).writable);
    read(1);
    EXPECT_TRUE(state(ends.write).writable);
    EXPECT_FALSE(state(ends.read).hung_up);
    close(ends.write);
    EXPECT_TRUE(state(ends.read).hung_up);
    make();
    close(ends.read);
    EXPECT_TRUE(state(ends.write).broken);
    EXPECT_FALSE(state(ends.write).hung_up);
}

TEST_F(Pipes, PagesComeWithBytesAndGoWithThemButForTheLast) {
    make();
    const std::uint32_t before = frames();
    write("x");
    EXPECT_EQ(frames(), before + 1);
    write(std::string(kPage, 'y'));
    EXPECT_EQ(frames(), before + 2);
    read(1);
    EXPECT_EQ(frames(), before + 2);
    read(kPage - 1);
    EXPECT_EQ(frames(), before + 1);
    read(1);
    EXPECT_EQ(frames(), before + 1);
    pipe().check_invariants();
    write(std::string(Pipe::kBytes, 'z'));
    EXPECT_EQ(frames(), before + 17 - 1);
    pipe().check_invariants();
    read(100);
    EXPECT_EQ(write(std::string(100, 'w')), "100");
    EXPECT_EQ(frames(), before + 16);
    pipe().check_invariants();
    close(ends.read);
    close(ends.write);
    EXPECT_EQ(frames(), before);
}

// The page that an empty pipe has kept, wherever in the ring it was, takes the next bytes.
TEST_F(Pipes, UseThePageOfTheLastBytesAgain) {
    make();
    write(std::string(kPage, 'a'));
    write(std::string(kPage, 'b'));
    read(kPage);
    EXPECT_EQ(read(kPage), std::string(kPage, 'b'));
    const std::uint32_t kept = frames();
    EXPECT_EQ(write("next"), "4");
    EXPECT_EQ(frames(), kept);
    pipe().check_invariants();
    EXPECT_EQ(read(), "next");
    EXPECT_EQ(frames(), kept);
}

TEST_F(Pipes, BadPointersLoseNothing) {
    make();
    write("abc");
    test::BrokenSink sink(0);
    EXPECT_EQ(answer(p.calls.read(ends.read, 3, sink)), "EFAULT");
    EXPECT_EQ(read(), "abc");
    write(std::string(kPage - 10, 'x'));
    test::BrokenSource source(50);  // breaks in the second page
    EXPECT_EQ(answer(p.calls.write(ends.write, 100, source).result), "EFAULT");
    EXPECT_EQ(pipe().fill(), kPage - 10);
    test::BrokenSource pages(2 * kPage);
    EXPECT_EQ(p.calls.write(ends.write, 4 * kPage, pages).result.value(), kPage + 10);
    world.check();
}

TEST_F(Pipes, FailWithoutATraceWhenMemoryIsOut) {
    for (std::uint32_t n = 1;; ++n) {
        world.machine.slabs.reclaim();
        world.machine.machine.injector.fail_nth(n);
        const auto result = p.calls.pipe(0);
        world.machine.machine.injector.fail_nth(0);
        world.check();
        if (result.ok()) {
            ends = result.value();
            break;
        }
        EXPECT_EQ(answer(result), "ENOMEM");
        EXPECT_EQ(p.table.count(), 0U);
    }
    EXPECT_EQ(ends.read, 0U);
    EXPECT_EQ(ends.write, 1U);
    world.machine.machine.injector.fail_nth(1);
    EXPECT_EQ(write("x"), "ENOMEM");
    write(std::string(kPage - 1, 'x'));
    world.machine.machine.injector.fail_nth(1);
    EXPECT_EQ(write("xy"), "ENOMEM");  // half of it would have had room
    EXPECT_EQ(pipe().fill(), kPage - 1);
    p.calls.file(ends.write).value()->set_status_flags(kOpenNonBlock);
    world.machine.machine.injector.fail_nth(2);
    EXPECT_EQ(write(std::string(3 * kPage, 'x')), "4097");
    world.check();
}

// --- Named pipes ---

class NamedPipes : public Pipes {
  protected:
    NamedPipes() { EXPECT_EQ(p.mknod("/fifo", kModePipe | 0600), "OK"); }
};

TEST_F(NamedPipes, OneSideWaitsForTheOther) {
    Descriptor writer = 0;
    p.sleeper.steps.push_back([&] {
        EXPECT_EQ(p.open("/fifo", kOpenWriteOnly), "OK");
        writer = p.last;
        EXPECT_EQ(p.write(writer, "through"), "7");
    });
    const auto reader = p.calls.open(p.kHere, "/fifo", kOpenReadOnly, 0);
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(p.read(reader.value()), "through");
    EXPECT_EQ(p.calls.fstat(reader.value()).value().attributes.number,
              p.attributes("/fifo").number);
}

// The writer came and went while the reader slept: it was there.
TEST_F(NamedPipes, AVisitIsEnough) {
    p.sleeper.steps.push_back([&] {
        test::TestProcess other(world);
        EXPECT_EQ(other.open("/fifo", kOpenWriteOnly), "OK");
        EXPECT_EQ(other.write(other.last, "bye"), "3");
    });
    ASSERT_EQ(p.open("/fifo", kOpenReadOnly), "OK");
    EXPECT_EQ(p.read(p.last), "bye");
    EXPECT_EQ(p.read(p.last), "");
}

TEST_F(NamedPipes, WithoutWaitingOnlyReadersMayComeFirst) {
    EXPECT_EQ(p.try_open("/fifo", kOpenWriteOnly | kOpenNonBlock), "ENXIO");
    ASSERT_EQ(p.open("/fifo", kOpenReadOnly | kOpenNonBlock), "OK");
    EXPECT_EQ(p.read(p.last), "");
    EXPECT_EQ(p.try_open("/fifo", kOpenWriteOnly | kOpenNonBlock), "OK");
    EXPECT_EQ(p.try_open("/fifo", kOpenReadWrite), "OK");
    EXPECT_EQ(p.sleeper.sleeps, 0U);
}

TEST_F(NamedPipes, ASignalEndsTheOpening) {
    EXPECT_EQ(p.try_open("/fifo", kOpenReadOnly), "EINTR");
    EXPECT_EQ(p.try_open("/fifo", kOpenWriteOnly), "EINTR");
    EXPECT_EQ(p.table.count(), 0U);
}

// --- A random script against a string ---

TEST_F(Pipes, AgreeWithAStringWhateverIsDone) {
    test::Random random(test::seed());
    make(kOpenNonBlock);
    std::string model;
    char next = 'a';
    for (int step = 0; step < 3000; ++step) {
        const std::size_t bytes = random.below(random.below(4) == 0 ? 70000 : 6000);
        if (random.below(2) == 0) {
            std::string text(bytes, next);
            next = next == 'z' ? 'a' : static_cast<char>(next + 1);
            const std::size_t room = Pipe::kBytes - model.size();
            const bool fits = bytes <= kPipeAtomic ? bytes <= room : room != 0;
            const std::size_t expected = fits ? std::min(bytes, room) : 0;
            EXPECT_EQ(write(text), fits ? std::to_string(expected) : "EAGAIN");
            model += text.substr(0, expected);
        } else if (bytes != 0) {
            const std::string text = read(static_cast<std::uint32_t>(bytes));
            EXPECT_EQ(text, model.empty() ? "EAGAIN" : model.substr(0, bytes));
            model.erase(0, bytes);
        }
        ASSERT_EQ(pipe().fill(), model.size());
        pipe().check_invariants();
    }
}

}  // namespace
}  // namespace quire::fs
