// The trace above mm: the ring and its numbers, who is kept, what a line and a sentence say, and
// the stream of lines with what it has lost.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel/process/trace_choice.h"
#include "kernel/process/trace_stream.h"
#include "kernel/process/trace_text.h"
#include "tests/host/seed.h"
#include "tests/host/written.h"

namespace quire::kernel {
namespace {

using mm::EventKind;
using mm::FaultAction;

TraceRecord record_of(EventKind kind, ProcessId pid = 5, ProcessId by = 5) {
    TraceRecord record;
    record.time = 12'345'678;
    record.pid = pid;
    record.by = by;
    record.tid = by + 1;
    record.name = {'s', 'h'};
    record.event.kind = kind;
    return record;
}

std::string line_of(const TraceRecord& record) {
    return test::written([&](const mm::TextWriter& out) { write_trace_line(17, record, out); });
}
// The fields of a line behind those that all have.
std::string fields_of(const TraceRecord& record) {
    const std::string line = line_of(record);
    const std::size_t name = line.find(" name=sh");
    return name == std::string::npos ? line : line.substr(name + 8);
}
// The sentence without time and process.
std::string sentence_of(const TraceRecord& record) {
    const std::string text =
        test::written([&](const mm::TextWriter& out) { write_trace_sentence(record, out); });
    const std::string head = "   12.345678     5 sh  ";
    EXPECT_EQ(text.substr(0, head.size()), head);
    return text.substr(head.size());
}

// --- The ring ---

TEST(TraceRing, KeepsTheNewestAndCountsTheOthers) {
    std::vector<TraceRecord> storage(4);
    TraceRing ring(storage);
    for (std::uint32_t i = 0; i < 11; ++i) {
        ring.append(record_of(EventKind::Fault, i));
        ring.check_invariants();
    }
    EXPECT_EQ(ring.next(), 11U);
    EXPECT_EQ(ring.oldest(), 7U);
    EXPECT_EQ(ring.size(), 4U);
    EXPECT_EQ(ring.overwritten(), 7U);
    for (std::uint32_t number = 7; number < 11; ++number)
        EXPECT_EQ(ring[number].pid, number);
}

TEST(TraceRing, WithoutStorageLosesEverythingAndSaysSo) {
    TraceRing ring;
    ring.append(record_of(EventKind::Fault));
    EXPECT_EQ(ring.size(), 0U);
    EXPECT_EQ(ring.next(), 1U);
    EXPECT_EQ(ring.oldest(), 1U);
    EXPECT_EQ(ring.overwritten(), 1U);
}

TEST(TraceRing, OfOneRecordHasTheLast) {
    std::vector<TraceRecord> storage(1);
    TraceRing ring(storage);
    ring.append(record_of(EventKind::Fault, 1));
    ring.append(record_of(EventKind::Fault, 2));
    EXPECT_EQ(ring[1].pid, 2U);
}

TEST(TraceRing, GoesOnCountingWhenItIsCleared) {
    std::vector<TraceRecord> storage(3);
    TraceRing ring(storage);
    for (std::uint32_t i = 0; i < 5; ++i)
        ring.append(record_of(EventKind::Fault, i));
    ring.clear();
    EXPECT_EQ(ring.size(), 0U);
    EXPECT_EQ(ring.overwritten(), 0U);
    ring.append(record_of(EventKind::Fault, 5));
    EXPECT_EQ(ring.oldest(), 5U);
    EXPECT_EQ(ring[5].pid, 5U);
    ring.check_invariants();
}

TEST(TraceRing, RefusesNumbersItHasNot) {
    std::vector<TraceRecord> storage(2);
    TraceRing ring(storage);
    EXPECT_DEATH((void)ring[0], "");
    for (int i = 0; i < 3; ++i)
        ring.append(record_of(EventKind::Fault));
    EXPECT_DEATH((void)ring[0], "");
    EXPECT_DEATH((void)ring[3], "");
}

// --- The choice ---

TEST(TraceChoice, WithoutWordsTakesEverything) {
    const TraceChoice choice;
    for (std::uint32_t kind = 0; kind < mm::kEventKinds; ++kind)
        EXPECT_TRUE(choice.accepts(record_of(static_cast<EventKind>(kind))));
}

TEST(TraceChoice, AddsGroupsUp) {
    TraceChoice choice;
    EXPECT_TRUE(choice.add("faults"));
    EXPECT_TRUE(choice.add("evictions"));
    EXPECT_TRUE(choice.accepts(record_of(EventKind::Fault)));
    EXPECT_TRUE(choice.accepts(record_of(EventKind::Prefault)));
    EXPECT_TRUE(choice.accepts(record_of(EventKind::Evict)));
    EXPECT_FALSE(choice.accepts(record_of(EventKind::SwapIn)));
    EXPECT_FALSE(choice.accepts(record_of(EventKind::Map)));
}

TEST(TraceChoice, HasEachKindInOneGroup) {
    std::uint32_t seen = 0;
    for (const TraceGroup& group : trace_groups()) {
        EXPECT_EQ(seen & group.kinds, 0U) << group.name;
        seen |= group.kinds;
    }
    EXPECT_EQ(seen, (1U << mm::kEventKinds) - 1);
}

TEST(TraceChoice, OfAProcessTakesWhatItDoesAndWhatIsDoneToIt) {
    TraceChoice choice;
    EXPECT_TRUE(choice.add("5"));
    EXPECT_TRUE(choice.accepts(record_of(EventKind::Evict, 5, 9)));
    EXPECT_TRUE(choice.accepts(record_of(EventKind::Evict, 9, 5)));
    EXPECT_FALSE(choice.accepts(record_of(EventKind::Evict, 9, 0)));
}

TEST(TraceChoice, RefusesOtherWordsAndStaysAsItWas) {
    TraceChoice choice;
    EXPECT_TRUE(choice.add("swap"));
    const TraceChoice before = choice;
    for (const char* word :
         {"", "swaps", "Swap", "0", "-1", "05", "99999", "4294967296", "5x", "com1"})
        EXPECT_FALSE(choice.add(word)) << word;
    EXPECT_EQ(choice, before);
}

TEST(TraceChoice, ReadsAListWithCommas) {
    TraceChoice choice;
    EXPECT_EQ(add_all(choice, "faults,,7,com2,"), "");
    EXPECT_TRUE(choice.com2);
    EXPECT_EQ(choice.pid, 7U);
    EXPECT_FALSE(choice.accepts(record_of(EventKind::Map, 7)));
    EXPECT_EQ(add_all(choice, ""), "");
    EXPECT_EQ(add_all(choice, "swap,nonsense,files"), "nonsense");
}

// --- Lines ---

TEST(TraceText, AFaultsLineHasEveryField) {
    TraceRecord record = record_of(EventKind::Fault);
    record.event.address = mm::VirtAddr(0x0804A123);
    record.event.access = mm::Access::Write;
    record.event.frame = mm::FrameNumber(0x1F3A);
    record.event.steps.add(FaultAction::UnshareTable);
    record.event.steps.add(FaultAction::CopyPage);
    record.event.cost = 5'000'000'321;
    EXPECT_EQ(line_of(record),
              "fault n=17 t=12345678 pid=5 by=5 tid=6 name=sh address=0804a123 access=write ring=3 "
              "outcome=ok steps=UnshareTable,CopyPage frame=1f3a cost=5000000321");
    EXPECT_EQ(sentence_of(record),
              "write of 0804A123: UnshareTable, CopyPage; frame 01F3A, 5000000321 clocks");
}

TEST(TraceText, AFaultThatFailsHasNoFrame) {
    TraceRecord record = record_of(EventKind::Fault);
    record.event.ring = mm::Ring::Kernel;
    record.event.outcome = mm::FaultOutcome::NotAllowed;
    record.event.steps.add(FaultAction::SegvAccErr);
    EXPECT_EQ(fields_of(record),
              " address=00000000 access=read ring=0 outcome=segv_accerr steps=SegvAccErr cost=0");
    EXPECT_EQ(
        sentence_of(record),
        "read of 00000000 by the kernel: SegvAccErr: SIGSEGV, the region forbids it, 0 clocks");
}

TEST(TraceText, TransfersNameTheirRuns) {
    TraceRecord record = record_of(EventKind::SwapIn, 0);
    record.event.slot = mm::SwapSlot(40);
    record.event.pages = mm::PageCount(8);
    record.event.wanted = 43;
    record.event.frame = mm::FrameNumber(0x99);
    EXPECT_EQ(fields_of(record), " slot=40 pages=8 wanted=43 frame=99");
    EXPECT_EQ(sentence_of(record), "slots 40 to 47 read from swap, 43 is wanted");
    record.event.kind = EventKind::SwapOut;
    record.event.failed = 2;
    EXPECT_EQ(fields_of(record), " slot=40 pages=8 failed=2");
    record.event.pages = mm::PageCount(1);
    EXPECT_EQ(sentence_of(record), "slot 40 written to swap; 2 could not be");
    record.event.pages = mm::PageCount(8);
    EXPECT_EQ(sentence_of(record), "slots 40 to 47 written to swap; 2 could not be");
    record.event.kind = EventKind::FileRead;
    record.event.failed = 0;
    record.event.object = 3;
    record.event.index = 16;
    record.event.wanted = 17;
    EXPECT_EQ(fields_of(record), " object=3 index=16 pages=8 wanted=17 frame=99");
    EXPECT_EQ(sentence_of(record), "pages 16 to 23 of object 3 read, 17 is wanted");
    record.event.kind = EventKind::FileWrite;
    EXPECT_EQ(fields_of(record), " object=3 index=16 pages=8 failed=0");
    EXPECT_EQ(sentence_of(record), "pages 16 to 23 of object 3 written");
}

TEST(TraceText, VictimsSayWhoseTheyAreAndWhy) {
    TraceRecord record = record_of(EventKind::Choose, 9);
    record.event.frame = mm::FrameNumber(0x100);
    record.event.mappings = 1;
    record.event.address = mm::VirtAddr(0x08049000);
    record.event.fate = mm::VictimFate::WriteSwap;
    record.event.cause = mm::EvictionCause::Background;
    record.event.looks = 3;
    EXPECT_EQ(fields_of(record),
              " frame=100 mappings=1 address=08049000 cause=background fate=write_swap looks=3");
    EXPECT_EQ(
        sentence_of(record),
        "chosen: frame 00100, at 08049000, 1 mapping; after 3 looks, to be written to swap; to "
        "refill the free frames, of process 9");
    record.event.kind = EventKind::Evict;
    record.event.slot = mm::SwapSlot(7);
    EXPECT_EQ(fields_of(record), " frame=100 mappings=1 address=08049000 slot=7 cause=background");
    EXPECT_EQ(sentence_of(record),
              "evicted: frame 00100, at 08049000, 1 mapping; its copy is in slot 7, of process 9");
    record.pid = 0;
    record.event.mappings = 0;
    record.event.slot = {};
    record.event.object = 4;
    record.event.index = 12;
    EXPECT_EQ(fields_of(record), " frame=100 mappings=0 object=4 index=12 cause=background");
    EXPECT_EQ(sentence_of(record), "evicted: frame 00100, page 12 of object 4");
}

TEST(TraceText, RegionsAndProcesses) {
    TraceRecord record = record_of(EventKind::Map);
    record.event.address = mm::VirtAddr(0xB7000000);
    record.event.pages = mm::PageCount(16);
    record.event.rights = mm::Rights::read() | mm::Rights::execute();
    EXPECT_EQ(fields_of(record), " address=b7000000 pages=16 rights=r-x");
    EXPECT_EQ(sentence_of(record), "mmap B7000000, 16 pages, r-x");
    record.event.kind = EventKind::Unmap;
    EXPECT_EQ(fields_of(record), " address=b7000000 pages=16");
    record.event.kind = EventKind::Remap;
    record.event.from = mm::VirtAddr(0xB6000000);
    EXPECT_EQ(fields_of(record), " address=b7000000 pages=16 from=b6000000");
    record.event.kind = EventKind::Break;
    EXPECT_EQ(sentence_of(record), "brk to B7000000: the heap has 16 pages");
    record.event.pages = mm::PageCount(1);
    EXPECT_EQ(sentence_of(record), "brk to B7000000: the heap has 1 page");
    record.event.pages = mm::PageCount(16);
    record.event.kind = EventKind::Fork;
    record.event.tables = 3;
    EXPECT_EQ(fields_of(record), " pages=16 tables=3 copied=0");
    record.event.kind = EventKind::Release;
    record.event.resident = mm::PageCount(4);
    record.event.swapped = mm::PageCount(1);
    EXPECT_EQ(fields_of(record), " pages=16 resident=4 swapped=1");
    record.event.kind = EventKind::OomKill;
    EXPECT_EQ(fields_of(record), " resident=4");
    record.event.kind = EventKind::Exec;
    EXPECT_EQ(fields_of(record), "");
    record.event.kind = EventKind::Thrashing;
    record.event.on = true;
    record.event.percent = 62;
    EXPECT_EQ(fields_of(record), " on=1 percent=62");
    EXPECT_EQ(sentence_of(record), "thrashing begins: 62 % of the pages brought in left lately");
}

TEST(TraceText, ANameCannotBreakTheLine) {
    TraceRecord record = record_of(EventKind::Exec);
    record.name = {'a', ' ', '\n', '\x7F', 'b', '\xFF'};
    EXPECT_NE(line_of(record).find(" name=a___b_"), std::string::npos);
    record.name.fill('x');  // no NUL at all
    EXPECT_NE(line_of(record).find(" name=" + std::string(16, 'x')), std::string::npos);
    record.name = {};
    EXPECT_NE(line_of(record).find(" name=-"), std::string::npos);
}

// The line of any record fits in the buffer and is one line of pairs, whatever the fields hold.
TEST(TraceText, TheLongestLineFits) {
    TraceRecord record = record_of(EventKind::Fault, ~0U, ~0U);
    record.time = ~std::uint64_t{0};
    record.name.fill('x');
    record.event.cost = ~std::uint64_t{0};
    record.event.frame = mm::FrameNumber(0xFFFFF);
    for (std::uint32_t i = 0; i < mm::FaultSteps::kMost; ++i)
        record.event.steps.add(FaultAction::FetchObjectPage);
    LineBuffer buffer;
    write_trace_line(~0U, record, buffer.writer());
    EXPECT_LT(buffer.text().size() + 1, LineBuffer::kMost);
    EXPECT_EQ(
        std::string(buffer.text().begin(), buffer.text().end()),
        test::written([&](const mm::TextWriter& out) { write_trace_line(~0U, record, out); }));
}

TEST(TraceText, ABufferTakesWhatFits) {
    LineBuffer buffer;
    const std::string text(LineBuffer::kMost + 50, 'x');
    buffer.writer().print("%s", text.c_str());
    buffer.writer().print("more");
    EXPECT_EQ(buffer.text().size(), LineBuffer::kMost);
    buffer.clear();
    EXPECT_TRUE(buffer.text().empty());
}

// --- The stream ---

class TraceStreamTest : public testing::Test {
  protected:
    TraceStreamTest() : storage_(4), ring(storage_) {
        stream.start(ring, "clock", mm::PageCount(3701));
    }
    std::string next() {
        const auto line = stream.line(ring);
        std::string text(line.begin(), line.end());
        stream.done();
        return text;
    }
    void append(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            ring.append(record_of(EventKind::Exec));
    }

  private:
    std::vector<TraceRecord> storage_;

  public:
    TraceRing ring;
    TraceStream stream;
};

TEST_F(TraceStreamTest, BeginsWithItsHeadAndEndsWithNothing) {
    EXPECT_EQ(next(), "trace version=1 policy=clock frames=3701\n");
    EXPECT_EQ(next(), "");
    append(1);
    EXPECT_EQ(next(), "exec n=0 t=12345678 pid=5 by=5 tid=6 name=sh\n");
    EXPECT_EQ(next(), "");
}

TEST_F(TraceStreamTest, KeepsALineUntilItIsSent) {
    append(2);
    const auto line = stream.line(ring);
    const std::string text(line.begin(), line.end());
    append(1);
    const auto again = stream.line(ring);
    EXPECT_EQ(std::string(again.begin(), again.end()), text);
}

TEST_F(TraceStreamTest, SaysHowManyItHasMissedWhereTheyAreMissing) {
    EXPECT_NE(next(), "");
    append(7);
    EXPECT_EQ(next(), "lost n=0 count=3\n");
    EXPECT_EQ(next().substr(0, 9), "exec n=3 ");
    append(3);  // 6 to 9 are left, 4 and 5 are not
    EXPECT_EQ(next(), "lost n=4 count=2\n");
    EXPECT_EQ(next().substr(0, 9), "exec n=6 ");
    EXPECT_EQ(stream.lost(), 5U);
}

TEST_F(TraceStreamTest, CountsWhatWasClearedAsLost) {
    EXPECT_NE(next(), "");
    append(2);
    ring.clear();
    EXPECT_EQ(next(), "lost n=0 count=2\n");
    EXPECT_EQ(next(), "");
}

TEST_F(TraceStreamTest, BeginsAnewWithWhatComesThen) {
    append(3);
    stream.start(ring, "fifo", mm::PageCount(16));
    EXPECT_EQ(next(), "trace version=1 policy=fifo frames=16\n");
    EXPECT_EQ(next(), "");
}

// Whatever the pace of both sides: each record is sent once or counted as lost, in order.
TEST_F(TraceStreamTest, AccountsForEveryRecord) {
    test::Random random(test::seed());
    EXPECT_NE(next(), "");
    std::uint32_t expected = 0;
    const auto take = [&] {
        const std::string line = next();
        if (line.empty()) return false;
        EXPECT_EQ(std::stoul(line.substr(line.find("n=") + 2)), expected) << line;
        const bool lost = line.starts_with("lost");
        const unsigned long count = lost ? std::stoul(line.substr(line.find("count=") + 6)) : 1;
        expected += static_cast<std::uint32_t>(count);
        return true;
    };
    for (int step = 0; step < 20'000; ++step) {
        append(static_cast<std::uint32_t>(random.below(4)));
        take();
    }
    while (take()) {
    }
    EXPECT_EQ(expected, ring.next());
    EXPECT_GT(stream.lost(), 0U);
}

}  // namespace
}  // namespace quire::kernel
