#include "kernel/process/proc_maps.h"

#include "kernel/process/program_figures.h"
#include "mm/memory_object.h"

namespace quire::kernel {

namespace {

using mm::MemoryObject;
using mm::Region;
using mm::Rights;
using mm::TextWriter;

constexpr int kNameColumn = 49;
constexpr int kShortest = 39;  // characters before a name, the digits of the number left out

unsigned long address(mm::PageNumber page) {
    return start_of(page).raw();
}

fs::Node* node_of(const Region& region) {
    if (region.object() == nullptr) return nullptr;
    return static_cast<fs::Node*>(region.object()->owner());
}

// A name; what would end the line is written in octal.
void write_text(std::string_view text, const TextWriter& out) {
    for (const char character : text) {
        if (character == '\n') {
            out.print("\\012");
        } else {
            out.print("%c", character);
        }
    }
}

int digits(unsigned long value) {
    int count = 1;
    for (; value >= 10; value /= 10)
        ++count;
    return count;
}

// What a region is for, if no file says so.
std::string_view purpose(ProgramMemory& memory, const Region& region) {
    const mm::VirtAddr start = start_of(region.range().first);
    const mm::VirtAddr end = start_of(region.range().end);
    if (region.object() != nullptr) {
        const bool is_shared = region.object()->kind() == MemoryObject::Kind::SharedMemory;
        return is_shared ? "/dev/zero (deleted)" : "";
    }
    const mm::VirtAddr heap(memory.break_start);
    const mm::VirtAddr stack(memory.stack_start);
    if (heap.raw() != 0 && start <= memory.space.current_break() && end >= heap) return "[heap]";
    if (start <= stack && end >= stack) return "[stack]";
    return "";
}

void write_header(ProgramMemory& memory, NodeNames& names, const Region& region,
                  const TextWriter& out) {
    const mm::RegionTraits& traits = region.traits();
    const auto right = [&](Rights wanted, char letter) {
        return traits.rights.has(wanted) ? letter : '-';
    };
    unsigned long device = 0;
    unsigned long number = 0;
    if (fs::Node* const node = node_of(region)) {
        const Result<fs::Attributes> attributes = node->attributes();
        device = node->file_system().device();
        number = attributes.ok() ? attributes.value().number : 0;
    }
    const std::uint64_t offset = std::uint64_t{region.object_page()} << mm::kPageShift;
    out.print("%08lx-%08lx %c%c%c%c %08llx %02lx:%02lx %lu ", address(region.range().first),
              address(region.range().end), right(Rights::read(), 'r'), right(Rights::write(), 'w'),
              right(Rights::execute(), 'x'), traits.shared ? 's' : 'p',
              static_cast<unsigned long long>(offset), device >> 8, device & 0xFF, number);
    const std::string_view name = region_name(memory, names, region);
    if (!name.empty()) {
        const int length = kShortest + digits(number) + (offset >> 32 == 0 ? 0 : 1);
        out.print("%*s", length < kNameColumn ? kNameColumn - length : 1, "");
        write_text(name, out);
    }
    out.print("\n");
}

void write_kib(const char* label, std::uint64_t bytes, const TextWriter& out) {
    out.print("%-16s%8lu kB\n", label, static_cast<unsigned long>(bytes >> 10));
}

// "sh" is for what can be written to as well, "ms" for all that is shared (Linux: VM_SHARED and
// VM_MAYSHARE in do_mmap).
void write_flags(const mm::RegionTraits& traits, const TextWriter& out) {
    const struct {
        bool is_set;
        const char* name;
    } flags[] = {
        {traits.rights.has(Rights::read()), "rd"},
        {traits.rights.has(Rights::write()), "wr"},
        {traits.rights.has(Rights::execute()), "ex"},
        {traits.shared && traits.most.has(Rights::write()), "sh"},
        {traits.most.has(Rights::read()), "mr"},
        {traits.most.has(Rights::write()), "mw"},
        {traits.most.has(Rights::execute()), "me"},
        {traits.shared, "ms"},
        {traits.grows_down, "gd"},
        {traits.locked, "lo"},
        {traits.advice == mm::Advice::Sequential, "sr"},
        {traits.advice == mm::Advice::Random, "rr"},
        {traits.dont_fork, "dc"},
        {traits.lock_on_fault, "lf"},
        {traits.charged, "ac"},
        {traits.no_reserve, "nr"},
    };
    out.print("VmFlags: ");
    for (const auto& flag : flags)
        if (flag.is_set) out.print("%s ", flag.name);
    out.print("\n");
}

void write_figures(mm::AddressSpace& space, const Region& region, const TextWriter& out) {
    const RegionFigures figures = figures_of(space, region);
    const struct {
        const char* label;
        std::uint64_t bytes;
    } lines[] = {
        {"Size:", std::uint64_t{region.range().count().raw()} << mm::kPageShift},
        {"KernelPageSize:", mm::kPageSize},
        {"MMUPageSize:", mm::kPageSize},
        {"Rss:", figures.resident},
        {"Pss:", figures.proportional},
        {"Pss_Dirty:", figures.proportional_dirty},
        {"Shared_Clean:", figures.shared_clean},
        {"Shared_Dirty:", figures.shared_dirty},
        {"Private_Clean:", figures.private_clean},
        {"Private_Dirty:", figures.private_dirty},
        {"Referenced:", figures.referenced},
        {"Anonymous:", figures.anonymous},
        {"LazyFree:", 0},
        {"AnonHugePages:", 0},
        {"ShmemPmdMapped:", 0},
        {"FilePmdMapped:", 0},
        {"Shared_Hugetlb:", 0},
        {"Private_Hugetlb:", 0},
        {"Swap:", figures.swapped},
        {"SwapPss:", figures.swapped_proportional},
        {"Locked:", figures.locked},
    };
    for (const auto& line : lines)
        write_kib(line.label, line.bytes, out);
    out.print("THPeligible:    %8u\n", 0U);
    write_flags(region.traits(), out);
}

}  // namespace

std::string_view region_name(ProgramMemory& memory, NodeNames& names, const Region& region) {
    fs::Node* const node = node_of(region);
    if (node == nullptr) return purpose(memory, region);
    const std::string_view path = names.path_of(*node);
    return path.empty() ? "(deleted)" : path;
}

void write_maps(ProgramMemory& memory, NodeNames& names, const TextWriter& out) {
    mm::RegionMap& regions = memory.space.regions();
    for (Region* region = regions.first(); region != nullptr; region = regions.next(*region))
        write_header(memory, names, *region, out);
}

void write_smaps(ProgramMemory& memory, NodeNames& names, const TextWriter& out) {
    mm::RegionMap& regions = memory.space.regions();
    for (Region* region = regions.first(); region != nullptr; region = regions.next(*region)) {
        write_header(memory, names, *region, out);
        write_figures(memory.space, *region, out);
    }
}

}  // namespace quire::kernel
