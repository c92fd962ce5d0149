// The GDT, and the task-state segments (SDM 3A 3.4-3.5, 7.2).
//
//     entry  selector
//       1      08      kernel code   flat, ring 0
//       2      10      kernel data
//       3      1B      user code     flat, ring 3
//       4      23      user data
//       5      28      the TSS of everything that runs; gives ring 3 its kernel stack
//      6-8   33 3B 43  thread-local storage of the running thread, where Linux has them
//       9      48      the TSS of the double-fault handler
//      10      50      the TSS of the NMI handler
//
// A double fault mostly means that the kernel stack is unusable, and an NMI may arrive at any
// instruction: both get a task gate, so that they start on a stack of their own.
#pragma once

#include <cstdint>

#include "cpu/shared_constants.h"  // the selectors of code and data

namespace quire::cpu {

inline constexpr std::uint16_t kMainTss = 0x28;
inline constexpr std::uint16_t kDoubleFaultTss = 0x48;
inline constexpr std::uint16_t kNmiTss = 0x50;

/// A 32-bit task-state segment (SDM 3A figure 7-2).
struct TaskState {
    std::uint32_t back_link;
    std::uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
    std::uint32_t cr3, eip, eflags;
    std::uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    std::uint32_t es, cs, ss, ds, fs, gs, ldt;
    std::uint16_t debug_trap, io_map_base;
};
static_assert(sizeof(TaskState) == 104);

/// Loads the GDT and the main TSS, and reloads every segment register. Call once, first of all.
void load_descriptor_tables();

/// Entry 6, 7 or 8 of the GDT: thread-local storage of whatever thread runs.
inline constexpr std::uint16_t kFirstTlsSelector = 0x33;
inline constexpr std::uint32_t kTlsEntries = 3;
void set_tls_descriptor(std::uint32_t slot, std::uint64_t value);

/// What ran before the double-fault or NMI task was switched to.
TaskState& main_task_state();

/// The page directory that the double-fault and the NMI task run on: the kernel's own, which is
/// never freed. Until called, it is the one that was loaded at load_descriptor_tables().
void set_emergency_page_directory(std::uint32_t cr3);

/// Tells the main TSS which page directory is loaded: a task switch saves all registers but CR3,
/// and the return from an NMI loads it from there. Call at each load of CR3.
void note_page_directory(std::uint32_t cr3);

}  // namespace quire::cpu
