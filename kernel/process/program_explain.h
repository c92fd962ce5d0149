// What an address means in a program, for people: the monitor's `explain PID ADDR` and `pt PID`.
//
//     in 08048000-0804a000 r-xp, page 1 of /bin/sh; frame 00123, object, references: 2
//       read   works
//       write  faults: SegvAccErr
#pragma once

#include "kernel/process/proc_maps.h"

namespace quire::kernel {

/// The region at `address`, or the nearest ones; the page there; what each access of the program
/// would do: the first step of its fault (mm/fault_decision.h). Changes nothing. A kernel address
/// is said to be one.
void explain_in_program(ProgramMemory& memory, NodeNames& names, mm::VirtAddr address,
                        const mm::TextWriter& out);

/// A line for each page table: what it covers, who uses it, what its entries are.
void write_page_tables(mm::AddressSpace& space, const mm::TextWriter& out);
/// A line for each entry of the page table for `address` that is not empty.
void write_page_table(mm::AddressSpace& space, mm::VirtAddr address, const mm::TextWriter& out);

}  // namespace quire::kernel
