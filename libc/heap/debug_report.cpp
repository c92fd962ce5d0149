// The words of the debug heap: one line for a report, and the table of who holds what.
#include "libc/heap/debug_heap.h"
#include "libc/string.h"

namespace quire::heap {
namespace {

// Appends to a buffer that is always a string. Needs no printf, which may itself allocate.
class Line {
  public:
    Line(char* buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) {
        buffer_[0] = '\0';
    }
    [[nodiscard]] std::size_t length() const { return length_; }

    Line& text(const char* words) {
        while (*words != '\0' && length_ + 1 < capacity_)
            buffer_[length_++] = *words++;
        buffer_[length_] = '\0';
        return *this;
    }
    Line& number(std::uintptr_t value, unsigned base) {
        char digits[24];
        char* place = digits + sizeof digits;
        *--place = '\0';
        do {
            *--place = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        return text(place);
    }
    Line& bytes(std::size_t count) {
        return number(count, 10).text(count == 1 ? " byte" : " bytes");
    }
    Line& pointer(const void* address) {
        return text("0x").number(reinterpret_cast<std::uintptr_t>(address), 16);
    }
    Line& site(const CallSite& site) {
        if (site.name != nullptr) return text(site.name);
        return text("0x").number(site.address, 16);
    }

  private:
    char* buffer_;
    std::size_t capacity_;
    std::size_t length_ = 0;
};

}  // namespace

std::size_t format_report(const DebugReport& report, char* buffer, std::size_t capacity) {
    Line line(buffer, capacity);
    switch (report.kind) {
    case DebugReport::Kind::WroteBefore:
        line.text("write ").bytes(report.distance).text(" before");
        break;
    case DebugReport::Kind::WroteBehind:
        line.text("write ").bytes(report.distance).text(" past");
        break;
    case DebugReport::Kind::WroteAfterFree:
        line.text("write after free, ").bytes(report.distance).text(" into");
        break;
    case DebugReport::Kind::DoubleFree:
        line.text("second free of");
        break;
    case DebugReport::Kind::UnknownPointer:
        line.text("no block starts at ").pointer(report.block);
        return line.length();
    }
    line.text(" the block of ").bytes(report.size).text(" at ").pointer(report.block);
    line.text(" allocated at ").site(report.allocated);
    const bool was_freed = report.kind == DebugReport::Kind::WroteAfterFree ||
                           report.kind == DebugReport::Kind::DoubleFree;
    if (was_freed) line.text(", freed at ").site(report.freed);
    return line.length();
}

std::size_t DebugHeap::who_holds(SiteTotal* table, std::size_t capacity) {
    std::size_t rows = 0;
    for (const Record* record = first_; record != nullptr; record = record->next) {
        std::size_t row = 0;
        while (row < rows && table[row].site != record->allocated)
            ++row;
        if (row == capacity) {
            row = capacity - 1;
            table[row].site = {};
        } else if (row == rows) {
            table[rows++] = {record->allocated, 0, 0};
        }
        ++table[row].blocks;
        table[row].bytes += record->size;
    }
    // Insertion sort: a table for people is short.
    for (std::size_t i = 1; i < rows; ++i) {
        const SiteTotal moving = table[i];
        std::size_t place = i;
        for (; place != 0 && table[place - 1].bytes < moving.bytes; --place) {
            table[place] = table[place - 1];
        }
        table[place] = moving;
    }
    return rows;
}

}  // namespace quire::heap
