// A page fault as a value: what cpu/ (or the simulated MMU) tells mm about a #PF.
//
//     31                5   4     3     2     1   0
//     +-----------------+-----+------+-----+-----+---+
//     | 0               | I/D | RSVD | U/S | W/R | P |     the error code (SDM 3A figure 4-12)
//     +-----------------+-----+------+-----+-----+---+
//
// With 32-bit paging and neither NX nor SMEP the I/D bit stays 0 (SDM 3A 4.7): a fetch that faults
// cannot be told from a read, and is reported as one.
#pragma once

#include "mm/protection.h"
#include "mm/types.h"

namespace quire::mm {

enum class FaultCause : std::uint8_t {
    NotPresent,   // P was 0 in an entry used by the walk
    Protection,   // a valid translation whose rights forbid the access
    ReservedBit,  // a reserved bit was 1: a corrupted table, always a kernel bug
};

struct Fault {
    VirtAddr address;  // CR2
    Access access = Access::Read;
    Ring ring = Ring::Kernel;
    FaultCause cause = FaultCause::NotPresent;

    static constexpr std::uint32_t kPresent = 1U << 0;
    static constexpr std::uint32_t kWrite = 1U << 1;
    static constexpr std::uint32_t kUser = 1U << 2;
    static constexpr std::uint32_t kReserved = 1U << 3;

    /// The fault behind CR2 and the error code the CPU pushed.
    static constexpr Fault decode(VirtAddr cr2, std::uint32_t error_code) {
        Fault fault;
        fault.address = cr2;
        fault.access = (error_code & kWrite) != 0 ? Access::Write : Access::Read;
        fault.ring = (error_code & kUser) != 0 ? Ring::User : Ring::Kernel;
        if ((error_code & kReserved) != 0) {
            fault.cause = FaultCause::ReservedBit;
        } else if ((error_code & kPresent) != 0) {
            fault.cause = FaultCause::Protection;
        }
        return fault;
    }

    /// The error code a CPU pushes for this fault.
    [[nodiscard]] constexpr std::uint32_t error_code() const {
        std::uint32_t code = 0;
        if (cause != FaultCause::NotPresent) code |= kPresent;
        if (cause == FaultCause::ReservedBit) code |= kReserved;
        if (access == Access::Write) code |= kWrite;
        if (ring == Ring::User) code |= kUser;
        return code;
    }

    constexpr bool operator==(const Fault&) const = default;
};

}  // namespace quire::mm
