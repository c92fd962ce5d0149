// /pressure/hash MIB OPERATIONS SEED: a hash table of so many MiB with open addressing. An
// operation looks for a key: one that is there gives up its place, one that is not there gets one.
// Four of five keys are from a fifth of all; but neighbours in the table have nothing to do with
// each other, so nearly each operation is a page by itself. There must be room for OPERATIONS / 3.
//
// Exit code 1: an entry does not hold what belongs to its key.
#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

struct Entry {
    Word key;  // 0: free
    Word value;
};

Word value_of(Word key) {
    return mixed(key, 0x5EED);
}

class Table {
  public:
    explicit Table(std::size_t bytes) : room_(bytes / sizeof(Entry)), entries_(map<Entry>(bytes)) {}

    /// The place of the key, or the free one where it belongs.
    [[nodiscard]] std::size_t find(Word key) const {
        std::size_t place = home_of(key);
        while (entries_[place].key != 0 && entries_[place].key != key)
            place = next(place);
        return place;
    }
    [[nodiscard]] Entry& at(std::size_t place) { return entries_[place]; }
    [[nodiscard]] std::size_t room() const { return room_; }

    /// Those behind it that could no more be found move up.
    void remove(std::size_t place) {
        for (std::size_t i = next(place); entries_[i].key != 0; i = next(i)) {
            const std::size_t home = home_of(entries_[i].key);
            if (distance(home, i) < distance(place, i)) continue;
            entries_[place] = entries_[i];
            place = i;
        }
        entries_[place] = {};
    }

  private:
    [[nodiscard]] std::size_t home_of(Word key) const { return mixed(key, 1) % room_; }
    [[nodiscard]] std::size_t next(std::size_t place) const {
        return place + 1 == room_ ? 0 : place + 1;
    }
    // Steps from one place up to another.
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
        return from <= to ? to - from : to + room_ - from;
    }

    std::size_t room_;
    Entry* entries_;
};

// Each key has its turn four times, on average.
Word choose(Random& random, std::uint32_t operations) {
    const std::uint32_t keys = operations / 4 + 5;
    const bool is_hot = random.below(5) != 0;
    return 1 + random.below(is_hot ? keys / 5 : keys);
}

[[noreturn]] void give_up(const Entry& entry) {
    complain("hash: key %x has %x, and not %x\n", entry.key, entry.value, value_of(entry.key));
    sys::exit(1);
}

void change(Table& table, Word key, Sum& sum) {
    const std::size_t place = table.find(key);
    Entry& entry = table.at(place);
    sum.add(entry.key);
    if (entry.key == 0) {
        entry = {key, value_of(key)};
        return;
    }
    if (entry.value != value_of(key)) give_up(entry);
    table.remove(place);
}

}  // namespace

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 3, "hash MIB OPERATIONS SEED");
    Table table(arguments[0] * kMib);
    Random random;
    random.mix(arguments[2]);
    Sum sum;
    for (std::uint32_t i = 0; i < arguments[1]; ++i)
        change(table, choose(random, arguments[1]), sum);
    for (std::size_t place = 0; place < table.room(); ++place) {
        const Entry& entry = table.at(place);
        if (entry.key != 0 && entry.value != value_of(entry.key)) give_up(entry);
        sum.add(entry.key);
    }
    say("hash %u %u %u: %08x\n", arguments[0], arguments[1], arguments[2], sum.value());
    return 0;
}
