#include "kernel/process/oom_report.h"

namespace quire::kernel {

namespace {

using mm::PageCount;
using mm::TextWriter;

unsigned long number(std::uint32_t value) {
    return value;
}

// Why what is in RAM has to stay there.
void write_obstacle(const fs::MemoryFigures& memory, const mm::Shortage& shortage,
                    const TextWriter& out) {
    if (shortage.write_errors != 0)
        return out.print("%lu writes to the disk failed", number(shortage.write_errors));
    if (memory.swap_total == PageCount()) return out.print("there is no swap");
    if (shortage.slots == PageCount())
        return out.print("swap is full, all %lu KiB", kib_of(memory.swap_total));
    if (shortage.leaves_swap_alone) return out.print("the disk of swap takes nothing");
    out.print("what there is must stay in RAM, %lu KiB of it locked", kib_of(memory.locked));
}

void write_memory(const fs::MemoryFigures& m, PageCount reserve, const TextWriter& out) {
    out.print("RAM %lu KiB: %lu free (%lu kept back), %lu private, %lu of files, %lu shared\n",
              kib_of(m.total), kib_of(m.free), kib_of(reserve), kib_of(m.anonymous),
              kib_of(m.cached - m.shared), kib_of(m.shared));
    out.print(
        "of these %lu locked, %lu changed files; the kernel: %lu slabs, %lu page tables,"
        " %lu stacks\n",
        kib_of(m.locked), kib_of(m.dirty), kib_of(m.slab_other + m.slab_reclaimable),
        kib_of(m.page_tables), kib_of(m.kernel_stacks));
    out.print("swap %lu KiB: %lu free, %lu also in RAM; promised to programs: %lu\n",
              kib_of(m.swap_total), kib_of(m.swap_free), kib_of(m.swap_cached),
              kib_of(m.committed));
}

}  // namespace

void OomReport::add(const Row& row) {
    choice_.consider(row.figures);
    std::uint32_t place = count_;
    while (place > 0 && choice_.is_worse(row.figures, rows_[place - 1].figures))
        --place;
    if (count_ == kMostRows) {
        ++others_;
        of_others_ += place == count_ ? row.pages() : rows_[count_ - 1].pages();
    } else {
        ++count_;
    }
    if (place == kMostRows) return;
    for (std::uint32_t i = count_ - 1; i > place; --i)
        rows_[i] = rows_[i - 1];
    rows_[place] = row;
}

void OomReport::write_cause(const fs::MemoryFigures& memory, const TextWriter& out) const {
    out.print(
        "out of memory: %s (pid %lu) needs %lu KiB, %lu of %lu are free, and nothing more can"
        " leave: ",
        asker_.name.data(), number(asker_.pid), kib_of(shortage_.wanted), kib_of(shortage_.free),
        kib_of(memory.total));
    write_obstacle(memory, shortage_, out);
    out.print("\n");
}

void OomReport::write_state(const fs::MemoryFigures& memory, PageCount reserve,
                            const TextWriter& out) const {
    write_memory(memory, reserve, out);
    out.print("%5s %5s %8s %8s %7s %6s %6s  %s\n", "pid", "user", "RAM", "swap", "tables", "adj",
              "score", "name");
    for (std::uint32_t i = 0; i < count_; ++i) {
        const Row& row = rows_[i];
        out.print("%5lu %5lu %8lu %8lu %7lu %6ld %6lu  %s%s\n", number(row.pid), number(row.user),
                  kib_of(row.figures.resident), kib_of(row.figures.swapped),
                  kib_of(row.figures.tables), static_cast<long>(row.figures.adjustment),
                  number(mm::oom_score(row.figures, total_)), row.name.data(),
                  row.figures.unkillable ? ", never ended" : "");
    }
    if (others_ != 0) out.print("and %lu more with %lu KiB\n", number(others_), kib_of(of_others_));
}

void OomReport::write_verdict(const TextWriter& out) const {
    if (choice_.verdict().answer != mm::OomAnswer::End)
        return out.print("nobody may be ended but who asks: %s (pid %lu) ends\n",
                         asker_.name.data(), number(asker_.pid));
    const Row& row = victim();
    out.print(
        "ends %s (pid %lu), which has the most: %lu KiB in RAM, %lu in swap, %lu of page"
        " tables",
        row.name.data(), number(row.pid), kib_of(row.figures.resident), kib_of(row.figures.swapped),
        kib_of(row.figures.tables));
    if (row.figures.adjustment != 0)
        out.print("; oom_score_adj is %ld", static_cast<long>(row.figures.adjustment));
    out.print("\n");
}

}  // namespace quire::kernel
