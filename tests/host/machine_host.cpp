#include "tests/host/machine_host.h"

#include <sanitizer/asan_interface.h>

#include <cstring>

#include "mm/machine.h"

alignas(quire::mm::kPageSize) std::byte
    phys_window[quire::test::kHostFrames.raw() * quire::mm::kPageSize];

namespace quire::test {

namespace {
MachineListener* current_listener = nullptr;
bool interrupts_on = true;
}  // namespace

MachineListener* set_machine_listener(MachineListener* listener) {
    MachineListener* before = current_listener;
    current_listener = listener;
    return before;
}

void reset_host_ram() {
    ASAN_UNPOISON_MEMORY_REGION(phys_window, sizeof(phys_window));
    std::memset(phys_window, 0, sizeof(phys_window));
}

}  // namespace quire::test

namespace quire::mm::machine {

using test::current_listener;
using test::interrupts_on;

void flush_page(VirtAddr address) {
    if (current_listener != nullptr) current_listener->flush_page(address);
}
void flush_all() {
    if (current_listener != nullptr) current_listener->flush_all();
}
void flush_all_and_global() {
    if (current_listener != nullptr) current_listener->flush_all_and_global();
}
void load_page_directory(FrameNumber directory) {
    if (current_listener != nullptr) current_listener->load_page_directory(directory);
}

bool interrupts_save() {
    const bool were_on = interrupts_on;
    interrupts_on = false;
    return were_on;
}
void interrupts_restore(bool were_on) {
    interrupts_on = were_on;
}

void poison_frame(FrameNumber frame) {
    std::memset(frame_bytes(frame), test::kPoisonByte, kPageSize);
    ASAN_POISON_MEMORY_REGION(frame_bytes(frame), kPageSize);
}
void unpoison_frame(FrameNumber frame) {
    ASAN_UNPOISON_MEMORY_REGION(frame_bytes(frame), kPageSize);
}

}  // namespace quire::mm::machine
