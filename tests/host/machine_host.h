// The machine behind mm on the host: RAM is an array, and CR3, INVLPG and the rest go to whoever
// plays the CPU in the running test.
#pragma once

#include "mm/physical_window.h"
#include "mm/types.h"

namespace quire::test {

/// RAM of the host machine: the size of phys_window.
inline constexpr mm::PageCount kHostFrames{4096};

/// What a simulated CPU does when mm calls mm/machine.h.
class MachineListener {
  public:
    virtual ~MachineListener() = default;
    virtual void flush_page(mm::VirtAddr address) = 0;
    virtual void flush_all() = 0;
    virtual void flush_all_and_global() = 0;
    virtual void load_page_directory(mm::FrameNumber directory) = 0;
};

/// Installs `listener` (nullptr: calls are ignored) and returns the one before.
MachineListener* set_machine_listener(MachineListener* listener);

/// The byte poison_frame() fills free frames with.
inline constexpr unsigned char kPoisonByte = 0xDB;

/// Lifts the poison of all RAM and clears it. Tests that share phys_window start with this.
void reset_host_ram();

}  // namespace quire::test
