// A traced event as text: a sentence for people, a line for programs.
//
//     sentence   12.345678  5 sh  write to 0804A123: FillWithZeros; frame 01F3A, 5321 clocks
//     line       fault n=17 t=12345678 pid=5 by=5 tid=5 address=0804a123 access=write ...
//
// The line is the format of COM2 (docs/trace.md has every field): the kind, then key=value pairs
// with one space between them. A reader finds a field by its key, so that kinds may differ in what
// they tell and may come to tell more; a line of fixed columns would be mostly empty. Values have
// no spaces. Numbers are decimal, addresses and frames hexadecimal without 0x.
#pragma once

#include <span>

#include "kernel/process/trace_ring.h"
#include "mm/text_writer.h"

namespace quire::kernel {

/// "fault", "swap_in", ...: one word.
const char* event_kind_name(mm::EventKind kind);

/// One line without its end.
void write_trace_sentence(const TraceRecord& record, const mm::TextWriter& out);

/// One line without its end. `number`: which one it is of all.
void write_trace_line(std::uint32_t number, const TraceRecord& record, const mm::TextWriter& out);

/// A buffer that takes as much of a text as fits.
class LineBuffer {
  public:
    /// The longest line of write_trace_line() fits.
    static constexpr std::size_t kMost = 512;

    [[nodiscard]] mm::TextWriter writer() { return {write, this}; }
    [[nodiscard]] std::span<const char> text() const { return {bytes_.data(), size_}; }
    void clear() { size_ = 0; }

  private:
    static void write(void* context, const char* text, std::size_t length);

    std::array<char, kMost> bytes_{};
    std::size_t size_ = 0;
};

}  // namespace quire::kernel
