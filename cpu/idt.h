// The interrupt descriptor table: all 256 vectors lead somewhere (SDM 3A 6.10-6.14).
//
//     0-31     exceptions            trap_dispatch -> handler of the vector, or the fallback
//     32-47    IRQ 0-15              trap_dispatch -> cpu/irq.h
//     0x80     system calls          their handler, at once; callable from ring 3
//     others   unexpected            trap_dispatch -> the fallback
//
// All gates are interrupt gates (interrupts off on entry), but for system calls, a trap gate
// (interrupts stay on), and #DF and NMI: task gates.
#pragma once

#include <cstdint>

#include "cpu/trap_frame.h"

namespace quire::cpu {

inline constexpr std::uint32_t kVectors = 256;
inline constexpr std::uint8_t kFirstIrqVector = 32;

enum class Trap : std::uint8_t { NotHandled, Handled };
using TrapHandler = Trap (*)(TrapFrame& frame);

/// Called at the end of each trap from ring 3, before the way back there: it may change the frame,
/// run other threads meanwhile, or never return. It returns with interrupts off.
using UserReturn = void (*)(TrapFrame& frame);
void set_user_return(UserReturn function);

/// Whether the hardware interrupt that is being handled came while ring 3 ran.
[[nodiscard]] bool interrupt_came_from_user();

/// Fills the table and loads it. The fallback is called for every trap that no handler takes; it
/// does not return for an exception in ring 0.
void load_idt(void (*fallback)(TrapFrame& frame));

/// Gives `vector` to `handler` and returns the handler before. One that answers Handled has changed
/// the frame so that the interrupted code can go on.
TrapHandler set_trap_handler(std::uint8_t vector, TrapHandler handler);

/// The same for INT 80h, with interrupts on. The handler sees to the way back to ring 3 itself, as
/// a UserReturn does.
using SystemCallHandler = void (*)(TrapFrame& frame);
SystemCallHandler set_system_call_handler(SystemCallHandler handler);

}  // namespace quire::cpu
