// What interrupt handlers leave to be done: notes, which are seen to in thread context.
//
//     interrupt:  deferred.note(Note::Tick) --> a bit      back to ring 3, a switch, the idle loop:
//                                                          deferred.run() --> the note's function
//
// Nothing but notes is shared between interrupt handlers and the rest of the kernel, so lists,
// queues and timers need no protection against interrupts. The functions run wherever the kernel
// lets go of the CPU, perhaps with memory or files in the middle of something: they wake, set and
// send, and touch neither.
#pragma once

#include <array>
#include <cstdint>

namespace quire::kernel {

enum class Note : std::uint8_t {
    Tick,   // time has gone by
    Input,  // something was typed
    Disk,   // a disk has answered
};

class Deferred {
  public:
    using Function = void (*)(void* context);

    /// What is done about a note. Precondition: nobody does it yet.
    void attach(Note note, Function function, void* context);

    /// For interrupt handlers, through Threads::note().
    void note(Note what) { pending_ = pending_ | 1U << static_cast<unsigned>(what); }
    [[nodiscard]] bool is_pending() const { return pending_ != 0; }

    /// Sees to the notes there are. A note that comes meanwhile is kept for the next time. Does
    /// nothing when called from one of the functions.
    void run();

  private:
    static constexpr std::size_t kNotes = 3;
    struct Place {
        Function function = nullptr;
        void* context = nullptr;
    };
    volatile std::uint32_t pending_ = 0;
    bool running_ = false;
    std::array<Place, kNotes> places_{};
};

}  // namespace quire::kernel
