// What became of a page fault, as a value: the kernel turns it into a retry, a signal or a panic.
#pragma once

#include <cstdint>

namespace quire::mm {

enum class FaultOutcome : std::uint8_t {
    Resolved,        // the access will succeed now (a minor fault)
    ResolvedByRead,  // the same, after a read from a disk (a major fault)
    NotMapped,       // SIGSEGV, SEGV_MAPERR: no region there
    NotAllowed,      // SIGSEGV, SEGV_ACCERR: the region forbids the access
    PastEnd,         // SIGBUS, BUS_ADRERR: the object has no such page
    CannotRead,      // SIGBUS, BUS_ADRERR: the page is lost in a disk error
    OutOfMemory,     // nothing can be freed: whom to kill is the kernel's decision
    KernelBug,       // a reserved bit, or no fault of user space at all
};

constexpr bool is_resolved(FaultOutcome outcome) {
    return outcome == FaultOutcome::Resolved || outcome == FaultOutcome::ResolvedByRead;
}

}  // namespace quire::mm
