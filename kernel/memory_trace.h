// The event trace of memory: switched on, it is told by mm what happens, adds who and when, keeps
// the newest events, and sends them to COM2 if that is wanted.
//
//     mm --tell()--> choice? --> ring --(tick, COM2's interrupt)--> stream --> COM2
//                                  '--> the monitor's `trace`
//
// Switched off, mm has no observer and nothing here runs. On, a fault pays for a record in RAM,
// never for a line of text or a serial port: lines are made in interrupts, when the port has room.
// docs/ trace.md. Locking: tell() has the kernel lock; the ring and the stream are used with
// interrupts off.
#pragma once

#include "drivers/serial.h"
#include "kernel/process/trace_choice.h"
#include "kernel/process/trace_stream.h"
#include "kernel/processes.h"

namespace quire::kernel {

class MemoryTrace final : mm::EventObserver {
  public:
    explicit MemoryTrace(Processes& processes);
    MemoryTrace(const MemoryTrace&) = delete;
    MemoryTrace& operator=(const MemoryTrace&) = delete;

    /// Keeps from now on what `choice` says, beside what is kept already. Takes the ring's memory
    /// when it is first switched on. Errors: OutOfMemory; NotFound (there is no COM2); nothing has
    /// changed then.
    Result<void> start(const TraceChoice& choice);
    /// What is kept stays, and what COM2 has not got yet is still sent.
    void stop();
    void clear();

    [[nodiscard]] bool is_on() const;
    [[nodiscard]] const TraceChoice& choice() const { return choice_; }
    [[nodiscard]] const TraceRing& ring() const { return ring_; }
    [[nodiscard]] const TraceStream& stream() const { return stream_; }

    // --- What mm does not know ---
    /// `process` has begun a new program.
    void tell_exec(const Process& process);
    /// `process` is ended, as there is no memory.
    void tell_oom_kill(const Process& process, mm::PageCount resident);

    /// A tick has gone by. For the interrupt handler.
    void on_tick() { send_some(); }
    /// Sends all there is to COM2, and waits for it: the machine is about to stop.
    void send_all();

  private:
    std::uint64_t now() override;
    void tell(const mm::AddressSpace* space, const mm::MemoryEvent& event) override;

    [[nodiscard]] ProcessId owner_of(const mm::AddressSpace& space);
    void keep(ProcessId pid, const mm::MemoryEvent& event);
    [[nodiscard]] mm::PageCount managed_ram() const;
    Result<void> take_storage();
    Result<void> open_com2();
    void on_com2_interrupt();
    void send_some();

    Processes& processes_;
    drivers::SerialPort com2_;
    TraceRing ring_;
    TraceStream stream_;
    TraceChoice choice_;
    bool sends_ = false;  // the stream has begun
};

/// Makes the trace (System::trace), and switches it on if the command line says so: `trace` or
/// `trace=WORD,WORD` (kernel/process/trace_choice.h).
void start_trace(System& system);

}  // namespace quire::kernel
