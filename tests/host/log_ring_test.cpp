// kernel/log_ring: against a deque of lines from which the ring may only lose the oldest.
#include "kernel/log_ring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace quire::kernel {
namespace {

struct Entry {
    std::uint32_t number;
    std::uint32_t milliseconds;
    LogLevel level;
    std::string room;
    std::string text;

    bool operator==(const Entry&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Entry& entry) {
    return out << entry.number << ' ' << entry.milliseconds << ' ' << log_level_name(entry.level)
               << ' ' << entry.room << ": " << entry.text;
}

Entry entry_of(const LogRing::Record& record) {
    return {record.number, record.milliseconds, record.level, std::string(record.room),
            std::string(record.text)};
}

std::vector<Entry> entries(const LogRing& ring) {
    ring.check_invariants();
    std::vector<Entry> result;
    for (const LogRing::Record record : ring)
        result.push_back(entry_of(record));
    EXPECT_EQ(result.size(), ring.size());
    return result;
}

struct RingOf {
    explicit RingOf(std::size_t size) : storage(size), ring(storage) {}
    std::vector<std::byte> storage;  // exactly as long as said, so that ASan sees each overrun
    LogRing ring;
};

constexpr std::size_t kSmallest = 8 + LogRing::kMaxRoom + LogRing::kMaxText;

TEST(LogRing, StartsEmpty) {
    RingOf of(kSmallest);
    EXPECT_EQ(entries(of.ring), std::vector<Entry>{});
    std::uint32_t number = 0;
    LogRing::Line line;
    EXPECT_FALSE(of.ring.read_next(number, line));
    EXPECT_EQ(number, 0U);
}

TEST(LogRing, KeepsLinesInOrder) {
    RingOf of(1024);
    of.ring.append(LogLevel::Info, 5, "boot", "first");
    of.ring.append(LogLevel::Error, 6, "", "");
    of.ring.append(LogLevel::Debug, 0xFFFFFFFF, "pit", "third");
    EXPECT_EQ(entries(of.ring),
              (std::vector<Entry>{{0, 5, LogLevel::Info, "boot", "first"},
                                  {1, 6, LogLevel::Error, "", ""},
                                  {2, 0xFFFFFFFF, LogLevel::Debug, "pit", "third"}}));
}

TEST(LogRing, CutsLongLinesWithAMark) {
    RingOf of(1024);
    const std::string fits(LogRing::kMaxText, 'x');
    of.ring.append(LogLevel::Info, 1, "sixteen letters!", fits);
    of.ring.append(LogLevel::Info, 2, "sixteen letters!?", fits + "y");
    const std::vector<Entry> lines = entries(of.ring);
    EXPECT_EQ(lines[0].text, fits);
    EXPECT_EQ(lines[1].text, std::string(LogRing::kMaxText - 3, 'x') + "...");
    EXPECT_EQ(lines[0].room, "sixteen letters!");
    EXPECT_EQ(lines[1].room, "sixteen letters!");
}

// The longest record fills the smallest ring to the last byte and pushes everything else out.
TEST(LogRing, HoldsTheLongestLineInTheSmallestRing) {
    RingOf of(kSmallest);
    of.ring.append(LogLevel::Info, 1, "a", "short");
    of.ring.append(LogLevel::Info, 2, "sixteen letters!", std::string(LogRing::kMaxText, 'x'));
    EXPECT_EQ(entries(of.ring).size(), 1U);
    EXPECT_EQ(entries(of.ring)[0].number, 1U);
    of.ring.append(LogLevel::Info, 3, "a", "short");
    EXPECT_EQ(entries(of.ring), (std::vector<Entry>{{2, 3, LogLevel::Info, "a", "short"}}));
    EXPECT_DEATH(RingOf{kSmallest - 1}, "storage_.size");
}

TEST(LogRing, ReadsOnAfterLinesWereLost) {
    RingOf of(kSmallest);
    std::uint32_t number = 0;
    LogRing::Line line;
    of.ring.append(LogLevel::Info, 1, "a", "zero");
    ASSERT_TRUE(of.ring.read_next(number, line));
    of.ring.append(LogLevel::Info, 2, "b", std::string(200, 'x'));  // pushes nothing out yet
    of.ring.append(LogLevel::Info, 3, "c", std::string(200, 'y'));
    EXPECT_EQ(line.record.text, "zero");  // the copy stays
    ASSERT_TRUE(of.ring.read_next(number, line));
    EXPECT_EQ(entry_of(line.record), (Entry{2, 3, LogLevel::Info, "c", std::string(200, 'y')}));
    EXPECT_EQ(number, 3U);
    EXPECT_FALSE(of.ring.read_next(number, line));
}

// Whatever is appended, the ring is the tail of the model: whole records, none missing between.
// It must also be a good ring: less than two of the longest records' room is ever unused.
RC_GTEST_PROP(LogRing, KeepsTheNewestLines, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(kSmallest, 4 * kSmallest);
    const auto longest = *rc::gen::element<std::size_t>(10, 60, 300);
    RingOf of(size);
    std::deque<Entry> model;
    std::uint32_t next_to_read = 0;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const auto length = *rc::gen::inRange<std::size_t>(0, longest);
        const auto room = *rc::gen::element<std::string>("", "mm", "keyboard");
        const auto level = *rc::gen::element(LogLevel::Debug, LogLevel::Error);
        std::string text(length, static_cast<char>('a' + i % 26));
        of.ring.append(level, i * 7, room, text);
        if (length > LogRing::kMaxText)
            text.replace(LogRing::kMaxText - 3, std::string::npos, "...");
        model.push_back({i, i * 7, level, room, text});

        const std::vector<Entry> kept = entries(of.ring);
        RC_ASSERT(!kept.empty());
        while (model.size() > kept.size())
            model.pop_front();
        RC_ASSERT(std::equal(kept.begin(), kept.end(), model.begin(), model.end()));

        std::size_t used = 0;
        for (const Entry& entry : kept)
            used += 8 + entry.room.size() + entry.text.size();
        RC_ASSERT(used <= size);
        if (kept.front().number > 0) RC_ASSERT(used + 2 * kSmallest > size);

        if (i % 3 == 0) {
            LogRing::Line line;
            const std::uint32_t wanted = std::max(next_to_read, kept.front().number);
            RC_ASSERT(of.ring.read_next(next_to_read, line));
            RC_ASSERT(line.record.number == wanted);
            RC_ASSERT(entry_of(line.record) == kept[wanted - kept.front().number]);
        }
    }
}

}  // namespace
}  // namespace quire::kernel
