#include "mm/user_memory.h"

#include "mm/machine.h"
#include "mm/page_directory.h"

namespace quire::mm {

void UserMemory::load(FrameNumber directory) {
    if (is_loaded(directory)) return;
    loaded_ = directory;
    machine::load_page_directory(directory);
}

void UserMemory::flush_entry(PteLocation at) const {
    const std::uint32_t index = records().tag(at.table);
    const Pde pde = EntryTable<Pde>(loaded_).get(index);
    if (loaded_ == FrameNumber() || !pde.is_table() || pde.table() != at.table) return;
    machine::flush_page(start_of(PageNumber(index * kEntriesPerTable + at.index)));
}

}  // namespace quire::mm
