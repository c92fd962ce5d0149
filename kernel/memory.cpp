#include "kernel/memory.h"

#include "cpu/descriptor_tables.h"
#include "cpu/registers.h"
#include "kernel/base/panic.h"
#include "mm/machine.h"
#include "mm/physical_window.h"

extern "C" std::uint32_t boot_page_directory[];
extern "C" const std::byte boot_stack_guard[];
extern "C" const std::byte text_start[], text_end[], rodata_start[], rodata_end[];
extern "C" const std::byte data_start[], data_end[], symbols_start[], kernel_end[];

namespace quire::kernel {
namespace {

using namespace mm;

constexpr FrameNumber kWindowLimit{kMaxWindowFrames.raw()};
constexpr FrameNumber kFirstMiB{0x100};
constexpr FrameRange kBootInformation{FrameNumber(1), FrameNumber(2)};
constexpr FrameNumber kEntryMapEnd{kEntriesPerTable};  // boot/entry.asm maps the first 4 MiB
constexpr std::uint32_t kPresentWritable = 3;
constexpr std::uint32_t kLargePage = 1U << 7;
constexpr std::uint32_t kFirstWindowPde = directory_index(kWindow.first);

PageNumber page_at(const std::byte* symbol) {
    return page_of(VirtAddr(reinterpret_cast<std::uint32_t>(symbol)));
}
PageRange pages_between(const std::byte* first, const std::byte* end) {
    return {page_at(first), page_at(end)};
}
FrameNumber window_frame(PageNumber page) {
    return FrameNumber((page - kWindow.first).raw());
}

// The loader's entries and ours have the same layout; mm does not know the loader.
std::span<const MemoryMapEntry> entries_of(const boot::BootInfo& boot) {
    static_assert(sizeof(boot::MemoryMapEntry) == sizeof(MemoryMapEntry));
    return {reinterpret_cast<const MemoryMapEntry*>(boot.memory_map), boot.memory_map_count};
}

PagingMode mode_of(const cpu::Features& features) {
    return {.write_protect = true,
            .large_pages = features.page_size_extensions(),
            .global_pages = features.page_global_enable()};
}

template <typename T>
T value_or_panic(Result<T> result, const char* what) {
    if (!result.ok()) panic("not enough RAM for %s", what);
    return result.take();
}

}  // namespace

Memory::Memory(const boot::BootInfo& boot, const cpu::Features& features, Options options)
    : mode_(mode_of(features)),
      boot_(entries_of(boot), kWindowLimit),
      usable_at_boot_(boot_.usable_frames()),
      window_end_(find_window_end()),
      boot_tables_(map_whole_window()),
      table_(take_memory<FrameInfo>(window_end_.raw(), "frame records")),
      frames_(table_,
              take_memory<std::uint32_t>(FrameAllocator::words_needed(window_end_ - FrameNumber(0)),
                                         "frame bitmap"),
              injector_,
              {.poison = options.poison_frames, .reachable = window_end_ - FrameNumber(0)}),
      dynamic_pages_(dynamic_area_for(window_end_ - FrameNumber(0))),
      map_(make_map()),
      dynamic_area_(map_.directory(), frames_, dynamic_pages_,
                    mode_.global_pages ? Scope::Global : Scope::OneSpace),
      slabs_(frames_, {.debug = options.debug_slabs}) {
    // What only the boot needed is RAM like any other now.
    give_back(boot_tables_);
    give_back(kBootInformation);
    give_back({kFirstMiB, window_frame(page_at(text_start))});
}

FrameNumber Memory::find_window_end() const {
    const auto usable = boot_.usable();
    if (usable.empty()) panic("the BIOS reports no usable RAM");
    return usable.back().end;
}

// Reserves what is in use already and extends the boot's map to all RAM of the window: by large
// pages, or by page tables taken from what it maps so far.
FrameRange Memory::map_whole_window() {
    boot_.reserve(kBootInformation, "boot information");
    boot_.reserve({kFirstMiB, window_frame(page_at(kernel_end))}, "kernel");
    const std::uint32_t tables =
        divide_up(window_end_.raw(), kEntriesPerTable) - 1;  // the first is there
    if (mode_.large_pages) {
        cpu::write_cr4(cpu::read_cr4() | cpu::kCr4PageSizeExtensions);
        for (std::uint32_t i = 1; i <= tables; ++i) {
            boot_page_directory[kFirstWindowPde + i] =
                i * kLargePageSize | kLargePage | kPresentWritable;
        }
        return {};
    }
    if (tables == 0) return {};
    const FrameRange range =
        value_or_panic(boot_.take(PageCount(tables), {kFirstMiB, kEntryMapEnd}, "boot page tables"),
                       "the boot's page tables");
    for (std::uint32_t i = 1; i <= tables; ++i) {
        const FrameNumber table = range.first + PageCount(i - 1);
        std::uint32_t* words = frame_words(table);
        for (std::uint32_t j = 0; j < kEntriesPerTable; ++j) {
            words[j] = (i * kEntriesPerTable + j) << kPageShift | kPresentWritable;
        }
        boot_page_directory[kFirstWindowPde + i] = start_of(table).raw() | kPresentWritable;
    }
    return range;
}

template <typename T>
std::span<T> Memory::take_memory(std::uint32_t count, const char* name) {
    const PageCount size = pages_for(count * static_cast<std::uint32_t>(sizeof(T)));
    const FrameRange range = value_or_panic(boot_.take(size, {kFirstMiB, window_end_}, name), name);
    return {reinterpret_cast<T*>(frame_bytes(range.first)), count};  // whoever gets it fills it
}

KernelMap Memory::make_map() {
    for (const Reservation& taken : boot_.reservations())
        table_.reserve(taken.range);
    for (const FrameRange& range : boot_.usable())
        frames_.add_memory(range);

    const PageNumber guard = page_at(boot_stack_guard);
    const PageNumber after_guard = guard + PageCount(1);
    const PageRange data = pages_between(data_start, data_end);
    const auto part = [](const char* name, PageRange pages, Protection protection) {
        return KernelPart{name, pages, window_frame(pages.first), protection};
    };
    using enum Protection;
    parts_ = {
        part("low memory", {kWindow.first, page_at(text_start)}, KernelReadWrite),
        part("kernel text", pages_between(text_start, text_end), KernelReadOnly),
        part("kernel rodata", pages_between(rodata_start, rodata_end), KernelReadOnly),
        part("kernel data", {data.first, guard}, KernelReadWrite),
        KernelPart::guard_of("the boot stack's guard page", {guard, after_guard}),
        part("boot stack and kernel data", {after_guard, data.end}, KernelReadWrite),
        part("kernel symbols", pages_between(symbols_start, kernel_end), KernelReadOnly),
        part("window", {page_at(kernel_end), kWindow.first + (window_end_ - FrameNumber(0))},
             KernelReadWrite),
    };
    KernelMap map =
        value_or_panic(KernelMap::create(frames_, parts_, dynamic_pages_, mode_), "page tables");
    if (mode_.global_pages) cpu::write_cr4(cpu::read_cr4() | cpu::kCr4PageGlobalEnable);
    machine::load_page_directory(map.directory().frame());
    cpu::set_emergency_page_directory(start_of(map.directory().frame()).raw());
    return map;
}

void Memory::give_back(FrameRange range) {
    if (range.empty()) return;
    frames_.add_memory(range);
    given_back_ += range.count();
}

void Memory::check_invariants() {
    boot_.check_invariants();
    table_.check_invariants();
    frames_.check_invariants();
    map_.check_invariants();
    dynamic_area_.check_invariants();
    slabs_.check_invariants();
}

}  // namespace quire::kernel
