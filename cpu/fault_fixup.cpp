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

namespace {

const FaultFixup* find_fixup(const TrapFrame& frame) {
    if (frame.from_user()) return nullptr;
    if (frame.vector != exception::kPageFault && frame.vector != exception::kGeneralProtection &&
        frame.vector != exception::kSegmentNotPresent) {
        return nullptr;
    }
    for (const FaultFixup* fixup = fault_fixups_start; fixup != fault_fixups_end; ++fixup)
        if (fixup->faulting_eip == frame.eip) return fixup;
    return nullptr;
}

}  // namespace

bool has_fault_fixup(const TrapFrame& frame) {
    return find_fixup(frame) != nullptr;
}

bool apply_fault_fixup(TrapFrame& frame) {
    const FaultFixup* fixup = find_fixup(frame);
    if (fixup == nullptr) return false;
    frame.eip = fixup->resume_eip;
    frame.eax = frame.vector + 1;
    return true;
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

// EAX is the word that was found; so that it went well is said in another register, behind the
// instruction: a fault goes on after both.
std::optional<std::uint32_t> try_compare_exchange(std::uint32_t address, std::uint32_t expected,
                                                  std::uint32_t wanted) {
    std::uint32_t went_well = 0;
    std::uint32_t found = expected;
    asm volatile(QUIRE_MAY_FAULT("lock cmpxchgl %3, (%2)\n movl $1, %1")
                 : "+a"(found), "+r"(went_well)
                 : "r"(address), "r"(wanted)
                 : "memory", "cc");
    if (went_well == 0) return std::nullopt;
    return found;
}

// Words first, then the rest. When a word faults, ECX has the words that are left, and ESI and EDI
// stand where it stopped; so the bytes that are left are known either way. The bytes of that word
// are tried one by one, as the page may end in it.
std::uint32_t try_copy(void* to, const void* from, std::uint32_t bytes) {
    std::uint32_t failed = 0;
    std::uint32_t words = bytes / 4;
    asm volatile(QUIRE_MAY_FAULT("rep movsl")
                 : "+a"(failed), "+c"(words), "+S"(from), "+D"(to)
                 :
                 : "memory");
    std::uint32_t left = words * 4 + bytes % 4;
    failed = 0;
    asm volatile(QUIRE_MAY_FAULT("rep movsb")
                 : "+a"(failed), "+c"(left), "+S"(from), "+D"(to)
                 :
                 : "memory");
    return left;
}

// AL is the 0 that is stored; what a fault leaves in EAX is not looked at.
std::uint32_t try_clear(void* to, std::uint32_t bytes) {
    std::uint32_t zero = 0;
    asm volatile(QUIRE_MAY_FAULT("rep stosb") : "+a"(zero), "+c"(bytes), "+D"(to) : : "memory");
    return bytes;
}

}  // namespace quire::cpu
