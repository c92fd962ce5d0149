// What mm asks of the CPU: the second seam between mm and the machine, resolved at link time.
//
// cpu/machine.cpp implements it for the kernel, tests/host/machine_host.cpp for the simulated MMU.
// Every call here is rare or slow by nature, so an ordinary call costs nothing that counts. The
// list stays at ten functions at most.
#pragma once

#include "mm/types.h"

namespace quire::mm::machine {

/// Forgets the translation of the page at `address` in the current address space, global or not
/// (INVLPG, SDM 3A 4.10.4.1).
void flush_page(VirtAddr address);

/// Forgets every translation that is not global (a load of CR3, SDM 3A 4.10.4.1).
void flush_all();

/// Forgets every translation, global ones too.
void flush_all_and_global();

/// Makes the page directory in `frame` the current one. Non-global translations are forgotten.
void load_page_directory(FrameNumber directory);

/// Turns interrupts off; returns whether they were on, for interrupts_restore().
[[nodiscard]] bool interrupts_save();
void interrupts_restore(bool were_on);

/// Fills a frame nobody owns with junk, so that a use after free is seen. The host tells ASan too.
void poison_frame(FrameNumber frame);

/// Lifts the poison before a frame is handed out. Its contents are undefined afterwards.
void unpoison_frame(FrameNumber frame);

}  // namespace quire::mm::machine
