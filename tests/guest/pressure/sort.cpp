// /pressure/sort MIB SEED: fills an array of so many MiB with random words and sorts it where it
// lies. Quicksort goes through memory from both ends towards the middle, then through ever smaller
// parts: as soon as one fits into RAM, there is no more pressure.
//
// Exit code 1: the result is not in order, or not made of the same words.
#include <utility>

#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

constexpr std::size_t kFew = 16;

void sort_few(Word* first, Word* end) {
    for (Word* next = first + 1; next < end; ++next) {
        const Word word = *next;
        Word* place = next;
        for (; place > first && place[-1] > word; --place)
            *place = place[-1];
        *place = word;
    }
}

Word middle_of(Word a, Word b, Word c) {
    if (a > b) std::swap(a, b);
    if (b > c) b = c;
    return a > b ? a : b;
}

// Returns where the upper part begins: nothing below is larger than anything from there on, and
// neither part is empty.
Word* partition(Word* first, Word* end) {
    const Word pivot = middle_of(*first, first[(end - first) / 2], end[-1]);
    Word* low = first - 1;
    Word* high = end;
    for (;;) {
        while (*++low < pivot) {
        }
        while (*--high > pivot) {
        }
        if (low >= high) return high + 1;
        std::swap(*low, *high);
    }
}

// The smaller part first, the other one in the next round: the stack stays small.
void sort(Word* first, Word* end) {
    while (static_cast<std::size_t>(end - first) > kFew) {
        Word* const upper = partition(first, end);
        if (upper - first < end - upper) {
            sort(first, upper);
            first = upper;
        } else {
            sort(upper, end);
            end = upper;
        }
    }
    sort_few(first, end);
}

}  // namespace

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 2, "sort MIB SEED");
    const std::size_t count = arguments[0] * kMib / sizeof(Word);
    auto* const words = map<Word>(count * sizeof(Word));
    Random random;
    random.mix(arguments[1]);
    Word all_before = 0;
    for (std::size_t i = 0; i < count; ++i)
        all_before += words[i] = random.next();
    sort(words, words + count);
    Word all_after = 0, last = 0;
    Sum sum;
    for (std::size_t i = 0; i < count; ++i) {
        if (words[i] < last) {
            complain("sort: word %zu is %x, and the one before is %x\n", i, words[i], last);
            return 1;
        }
        last = words[i];
        all_after += last;
        sum.add(last);
    }
    if (all_before != all_after) {
        complain("sort: the words are not those of before\n");
        return 1;
    }
    say("sort %u %u: %08x\n", arguments[0], arguments[1], sum.value());
    return 0;
}
