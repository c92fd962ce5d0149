// The lines that a serial port sends of a trace, one after the other, made when there is room.
//
//     ring [oldest, next) --> position --> line --> sent? --yes--> the next one
//                                           ^        no, try again later
//
//     trace version=1 policy=generations
//     fault n=0 t=...
//     lost n=1 count=312          the ring was faster than the port
//     fault n=313 t=...
//
// What is lost is counted in the stream itself, where it is missing. Nothing waits here: a line
// stays until it is done(). As for the ring, interrupts are off.
#pragma once

#include <string_view>

#include "kernel/process/trace_text.h"

namespace quire::kernel {

class TraceStream {
  public:
    static constexpr std::uint32_t kVersion = 1;

    /// Begins anew with the head, then what `ring` gets from now on. `policy`: of replacement;
    /// `ram`: frames that are managed.
    void start(const TraceRing& ring, std::string_view policy, mm::PageCount ram);

    /// The line to send next, with its end; empty: there is none now.
    [[nodiscard]] std::span<const char> line(const TraceRing& ring);
    /// It was sent.
    void done() { line_.clear(); }

    /// Records that went by unsent.
    [[nodiscard]] std::uint32_t lost() const { return lost_; }

  private:
    void make_line(const TraceRing& ring);

    LineBuffer line_;
    std::uint32_t position_ = 0;  // number of the record to make a line of next
    std::uint32_t lost_ = 0;
};

}  // namespace quire::kernel
