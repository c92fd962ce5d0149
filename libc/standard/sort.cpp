// qsort(3) and bsearch(3).
//
// Quicksort as long as it goes well: each round parts a range at the median of three elements, goes
// on with the larger part and sorts the smaller one first, so the calls nest at most log n deep. A
// range that has been parted 2 log n times was chosen by an enemy: it goes to heapsort, which needs
// n log n steps at worst (Musser's introsort, 1997). Short ranges are inserted.
//
//      first                     last
//      | <= pivot | pivot | >= pivot |
//
// This file calls what the program gave it, so its stack is aligned as the program's.
#include <stdlib.h>
#include <string.h>

namespace {

using Compare = int (*)(const void*, const void*);
constexpr size_t kInserted = 8;  // ranges up to this many elements

/// The elements by their number.
class Elements {
  public:
    Elements(void* start, size_t size, Compare compare)
        : start_(static_cast<char*>(start)), size_(size), compare_(compare) {}

    [[nodiscard]] bool is_less(size_t left, size_t right) const {
        return compare_(at(left), at(right)) < 0;
    }
    void swap(size_t left, size_t right) const {
        char* a = at(left);
        char* b = at(right);
        char piece[64];
        for (size_t rest = size_; rest > 0;) {
            const size_t step = rest < sizeof piece ? rest : sizeof piece;
            memcpy(piece, a, step);
            memmove(a, b, step);
            memcpy(b, piece, step);
            a += step, b += step, rest -= step;
        }
    }
    /// The same from element `first` on.
    [[nodiscard]] Elements from(size_t first) const { return {at(first), size_, compare_}; }

  private:
    [[nodiscard]] char* at(size_t number) const { return start_ + number * size_; }

    char* start_;
    size_t size_;
    Compare compare_;
};

void insertion_sort(const Elements& elements, size_t count) {
    for (size_t sorted = 1; sorted < count; ++sorted)
        for (size_t i = sorted; i > 0 && elements.is_less(i, i - 1); --i)
            elements.swap(i, i - 1);
}

/// Lets the element at `parent` sink until no child is larger.
void sink(const Elements& heap, size_t parent, size_t count) {
    for (;;) {
        size_t child = 2 * parent + 1;
        if (child >= count) return;
        if (child + 1 < count && heap.is_less(child, child + 1)) ++child;
        if (!heap.is_less(parent, child)) return;
        heap.swap(parent, child);
        parent = child;
    }
}

void heap_sort(const Elements& elements, size_t count) {
    for (size_t parent = count / 2; parent > 0; --parent)
        sink(elements, parent - 1, count);
    for (size_t end = count - 1; end > 0; --end) {
        elements.swap(0, end);
        sink(elements, 0, end);
    }
}

/// Brings the median of the first, middle and last element to the front.
void choose_pivot(const Elements& elements, size_t count) {
    const size_t middle = count / 2;
    const size_t last = count - 1;
    if (elements.is_less(middle, 0)) elements.swap(middle, 0);
    if (elements.is_less(last, middle)) elements.swap(last, middle);
    if (elements.is_less(middle, 0)) elements.swap(middle, 0);
    elements.swap(0, middle);
}

/// Parts the elements at a pivot, and returns where it is.
size_t part(const Elements& elements, size_t count) {
    choose_pivot(elements, count);
    size_t low = 0;
    size_t high = count;
    for (;;) {
        do
            ++low;
        while (low < count && elements.is_less(low, 0));
        do
            --high;
        while (elements.is_less(0, high));
        if (low >= high) break;
        elements.swap(low, high);
    }
    elements.swap(0, high);
    return high;
}

void sort(Elements elements, size_t count, int rounds) {
    for (; count > kInserted; --rounds) {
        if (rounds == 0) return heap_sort(elements, count);
        const size_t pivot = part(elements, count);
        const size_t behind = count - pivot - 1;
        if (pivot < behind) {
            sort(elements, pivot, rounds - 1);
            elements = elements.from(pivot + 1);
            count = behind;
        } else {
            sort(elements.from(pivot + 1), behind, rounds - 1);
            count = pivot;
        }
    }
    insertion_sort(elements, count);
}

}  // namespace

void qsort(void* elements, size_t count, size_t size, Compare compare) {
    int rounds = 0;
    for (size_t rest = count; rest > 1; rest /= 2)
        rounds += 2;
    sort({elements, size, compare}, count, rounds);
}

void* bsearch(const void* key, const void* elements, size_t count, size_t size, Compare compare) {
    const char* first = static_cast<const char*>(elements);
    while (count > 0) {
        const size_t middle = count / 2;
        const char* const place = first + middle * size;
        const int order = compare(key, place);
        if (order == 0) return const_cast<char*>(place);
        if (order > 0) first = place + size;
        count = order > 0 ? count - middle - 1 : middle;
    }
    return nullptr;
}
