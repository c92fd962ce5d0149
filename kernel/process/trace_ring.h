// The newest memory events, with who and when: what the monitor's `trace` shows and COM2 sends.
//
//     number:      oldest ............................ next
//     | overwritten | record | record | ... | record |
//                     a new record takes the place of the oldest when the storage is full
//
// Records are numbered from 0 and stay at number % capacity, so a reader keeps its place by number
// and sees what it has missed. Nothing here waits or takes memory. The interrupt that sends to COM2
// reads while programs append, so each call is made with interrupts off, the caller's duty.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernel/process/process.h"
#include "mm/memory_event.h"

namespace quire::kernel {

/// An event, and who was there.
struct TraceRecord {
    std::uint64_t time = 0;       // microseconds since boot
    ProcessId pid = 0;            // whose memory it is about; 0: nobody's, or not only one's
    ProcessId by = 0;             // the process that ran; 0: a thread of the kernel
    ProcessId tid = 0;            // its thread
    std::array<char, 16> name{};  // what runs there: /proc/PID/comm, or the kernel thread's name
    mm::MemoryEvent event;
};

class TraceRing {
  public:
    TraceRing() = default;
    /// Keeps as many records as fit in `storage`, which must stay.
    explicit TraceRing(std::span<TraceRecord> storage) : storage_(storage) {}

    /// Keeps `record` in place of the oldest one, if there is no other room. The record is lost,
    /// but counted, if there is no storage at all.
    void append(const TraceRecord& record);

    /// The numbers of the records that are there: [oldest, next).
    [[nodiscard]] std::uint32_t oldest() const { return next_ - count_; }
    [[nodiscard]] std::uint32_t next() const { return next_; }
    [[nodiscard]] std::uint32_t size() const { return count_; }
    [[nodiscard]] std::size_t capacity() const { return storage_.size(); }
    /// Records that were there and had to make room.
    [[nodiscard]] std::uint32_t overwritten() const { return overwritten_; }

    /// Precondition: oldest() <= number < next().
    [[nodiscard]] const TraceRecord& operator[](std::uint32_t number) const;

    /// Forgets all records; numbers go on.
    void clear();

    void check_invariants() const;

  private:
    std::span<TraceRecord> storage_;
    std::uint32_t next_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t overwritten_ = 0;
};

}  // namespace quire::kernel
