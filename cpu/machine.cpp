// The kernel's half of mm/machine.h: the few things only the CPU can do (SDM 3A 4.10.4).
#include "mm/machine.h"

#include "cpu/descriptor_tables.h"
#include "cpu/registers.h"
#include "mm/physical_window.h"

namespace quire::mm::machine {

void flush_page(VirtAddr address) {
    asm volatile("invlpg (%0)" : : "r"(address.raw()) : "memory");
}

void flush_all() {
    cpu::write_cr3(cpu::read_cr3());
}

// A change of CR4.PGE forgets global translations too; without PGE there are none.
void flush_all_and_global() {
    const std::uint32_t cr4 = cpu::read_cr4();
    if ((cr4 & cpu::kCr4PageGlobalEnable) == 0) {
        flush_all();
        return;
    }
    cpu::write_cr4(cr4 & ~cpu::kCr4PageGlobalEnable);
    cpu::write_cr4(cr4);
}

void load_page_directory(FrameNumber directory) {
    const std::uint32_t cr3 = start_of(directory).raw();
    cpu::note_page_directory(cr3);
    cpu::write_cr3(cr3);
}

bool interrupts_save() {
    const bool were_on = (cpu::read_eflags() & cpu::kEflagsInterrupt) != 0;
    cpu::disable_interrupts();
    return were_on;
}

void interrupts_restore(bool were_on) {
    if (were_on) cpu::enable_interrupts();
}

void poison_frame(FrameNumber frame) {
    std::uint32_t* words = frame_words(frame);
    for (std::uint32_t i = 0; i < kEntriesPerTable; ++i)
        words[i] = 0xDBDBDBDB;
}

void unpoison_frame(FrameNumber) {}

}  // namespace quire::mm::machine
