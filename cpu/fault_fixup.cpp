#include "cpu/fault_fixup.h"

#include "cpu/exceptions.h"
#include "kernel/base/assert.h"

namespace quire::cpu {
namespace {

struct FaultFixup {
    std::uint32_t faulting_eip;
    std::uint32_t resume_eip;
};

}  // namespace

extern "C" const FaultFixup fault_fixups_start[];
extern "C" const FaultFixup fault_fixups_end[];

bool apply_fault_fixup(TrapFrame& frame) {
    if (frame.vector != exception::kPageFault && frame.vector != exception::kGeneralProtection) {
        return false;
    }
    if (frame.from_user()) return false;
    for (const FaultFixup* fixup = fault_fixups_start; fixup != fault_fixups_end; ++fixup) {
        if (fixup->faulting_eip != frame.eip) continue;
        frame.eip = fixup->resume_eip;
        frame.eax = frame.vector + 1;
        return true;
    }
    return false;
}

// The instruction at 1 may fault; execution goes on at 2 either way, with EAX still 0 on success.
#define QUIRE_MAY_FAULT(instruction)      \
    "1: " instruction                     \
    "\n"                                  \
    "2:\n"                                \
    ".pushsection .fault_fixups, \"a\"\n" \
    ".long 1b, 2b\n"                      \
    ".popsection\n"

std::optional<std::uint32_t> try_read(std::uint32_t address, std::uint32_t bytes) {
    std::uint32_t failed = 0;
    std::uint32_t value = 0;
    switch (bytes) {
    case 1:
        asm volatile(QUIRE_MAY_FAULT("movzbl (%2), %1")
                     : "+a"(failed), "+r"(value)
                     : "r"(address)
                     : "memory");
        break;
    case 2:
        asm volatile(QUIRE_MAY_FAULT("movzwl (%2), %1")
                     : "+a"(failed), "+r"(value)
                     : "r"(address)
                     : "memory");
        break;
    case 4:
        asm volatile(QUIRE_MAY_FAULT("movl (%2), %1")
                     : "+a"(failed), "+r"(value)
                     : "r"(address)
                     : "memory");
        break;
    default:
        ASSERT_UNREACHABLE();
    }
    if (failed != 0) return std::nullopt;
    return value;
}

bool try_write(std::uint32_t address, std::uint32_t value, std::uint32_t bytes) {
    std::uint32_t failed = 0;
    switch (bytes) {
    case 1:
        asm volatile(QUIRE_MAY_FAULT("movb %b1, (%2)")
                     : "+a"(failed)
                     : "q"(value), "r"(address)
                     : "memory");
        break;
    case 2:
        asm volatile(QUIRE_MAY_FAULT("movw %w1, (%2)")
                     : "+a"(failed)
                     : "r"(value), "r"(address)
                     : "memory");
        break;
    case 4:
        asm volatile(QUIRE_MAY_FAULT("movl %1, (%2)")
                     : "+a"(failed)
                     : "r"(value), "r"(address)
                     : "memory");
        break;
    default:
        ASSERT_UNREACHABLE();
    }
    return failed == 0;
}

}  // namespace quire::cpu
