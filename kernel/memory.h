// Physical memory, page tables and their users, wired together once at boot.
//
// The order of construction is the order of the book: what RAM there is (BootMemory), a record for
// each frame (FrameTable), who hands them out (FrameAllocator), the kernel's own map (KernelMap),
// what is mapped at run time (DynamicArea), and objects of one size (SlabRegistry). Until the last
// step the map of boot/entry.asm, extended to the whole window, is in force.
#pragma once

#include <array>
#include <span>

#include "boot/boot_info.h"
#include "cpu/features.h"
#include "mm/boot_memory.h"
#include "mm/dynamic_area.h"
#include "mm/failure_injector.h"
#include "mm/frame_allocator.h"
#include "mm/frame_table.h"
#include "mm/kernel_map.h"
#include "mm/slab_registry.h"

namespace quire::kernel {

class Memory {
  public:
    struct Options {
        bool debug_slabs = false;    // `slabdebug`: red zones, poison and call sites in all caches
        bool poison_frames = false;  // `poison` on the command line
    };

    /// Takes over all RAM the boot loader reported and loads the kernel's page directory. Panics
    /// with a sentence if there is too little RAM for the bookkeeping.
    Memory(const boot::BootInfo& boot, const cpu::Features& features, Options options);
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    [[nodiscard]] const mm::BootMemory& boot_memory() const { return boot_; }
    [[nodiscard]] mm::FrameAllocator& frames() { return frames_; }
    [[nodiscard]] mm::FrameTable& table() { return table_; }
    [[nodiscard]] mm::KernelMap& map() { return map_; }
    [[nodiscard]] mm::DynamicArea& dynamic_area() { return dynamic_area_; }
    [[nodiscard]] mm::SlabRegistry& slabs() { return slabs_; }
    [[nodiscard]] mm::PagingMode paging_mode() const { return mode_; }
    /// RAM that could be managed before anything was taken from it, and what of that came back.
    [[nodiscard]] mm::PageCount usable_at_boot() const { return usable_at_boot_; }
    [[nodiscard]] mm::PageCount boot_data_given_back() const { return given_back_; }
    /// RAM below this is in the window.
    [[nodiscard]] mm::FrameNumber window_end() const { return window_end_; }

    /// mmck: checks every structure here against the others. O(frames + mapped pages).
    void check_invariants();

  private:
    static constexpr std::size_t kParts = 8;

    [[nodiscard]] mm::FrameNumber find_window_end() const;
    mm::FrameRange map_whole_window();
    template <typename T>
    std::span<T> take_memory(std::uint32_t count, const char* name);
    mm::KernelMap make_map();
    void give_back(mm::FrameRange range);

    mm::PagingMode mode_;
    mm::BootMemory boot_;
    mm::PageCount usable_at_boot_;
    mm::PageCount given_back_;
    mm::FrameNumber window_end_;
    mm::FrameRange boot_tables_;  // page tables that serve until map_ is loaded
    mm::FailureInjector injector_;
    mm::FrameTable table_;
    mm::FrameAllocator frames_;
    std::array<mm::KernelPart, kParts> parts_;
    mm::PageRange dynamic_pages_;
    mm::KernelMap map_;
    mm::DynamicArea dynamic_area_;
    mm::SlabRegistry slabs_;
};

}  // namespace quire::kernel
