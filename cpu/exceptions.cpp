#include "cpu/exceptions.h"

#include "cpu/shared_constants.h"
#include "kernel/base/assert.h"

namespace quire::cpu {
namespace {

using enum ErrorCodeKind;

constexpr ExceptionInfo kExceptions[32] = {
    {"#DE", "divide error", None},
    {"#DB", "debug exception", None},
    {"NMI", "non-maskable interrupt", None},
    {"#BP", "breakpoint", None},
    {"#OF", "overflow", None},
    {"#BR", "BOUND range exceeded", None},
    {"#UD", "invalid opcode", None},
    {"#NM", "device not available", None},
    {"#DF", "double fault", Zero},
    {"#09", "coprocessor segment overrun", None},
    {"#TS", "invalid TSS", Selector},
    {"#NP", "segment not present", Selector},
    {"#SS", "stack-segment fault", Selector},
    {"#GP", "general protection", Selector},
    {"#PF", "page fault", PageFault},
    {"#15", "reserved exception 15", None},
    {"#MF", "x87 floating-point error", None},
    {"#AC", "alignment check", Zero},
    {"#MC", "machine check", None},
    {"#XM", "SIMD floating-point exception", None},
    {"#VE", "virtualization exception", None},
    {"#CP", "control protection exception", Selector},
    {"#22", "reserved exception 22", None},
    {"#23", "reserved exception 23", None},
    {"#24", "reserved exception 24", None},
    {"#25", "reserved exception 25", None},
    {"#26", "reserved exception 26", None},
    {"#27", "reserved exception 27", None},
    {"#28", "hypervisor injection exception", None},
    {"#29", "VMM communication exception", Selector},
    {"#30", "security exception", Selector},
    {"#31", "reserved exception 31", None},
};

consteval std::uint32_t vectors_with_error_code() {
    std::uint32_t vectors = 0;
    for (std::uint32_t vector = 0; vector < 32; ++vector) {
        if (kExceptions[vector].error_code != None) vectors |= 1U << vector;
    }
    return vectors;
}
static_assert(vectors_with_error_code() == kVectorsWithErrorCode);
static_assert(exception::kStackFault == kStackFault);

}  // namespace

const ExceptionInfo& exception_info(std::uint32_t vector) {
    ASSERT(vector < 32);
    return kExceptions[vector];
}

PageFaultCode decode_page_fault(std::uint32_t error_code) {
    return {.present = (error_code & 1) != 0,
            .write = (error_code & 2) != 0,
            .user = (error_code & 4) != 0,
            .reserved = (error_code & 8) != 0,
            .fetch = (error_code & 16) != 0};
}

SelectorCode decode_selector(std::uint32_t error_code) {
    const char* table = "GDT";
    if ((error_code & 2) != 0) {
        table = "IDT";
    } else if ((error_code & 4) != 0) {
        table = "LDT";
    }
    return {(error_code & 1) != 0, table, error_code >> 3 & 0x1FFF};
}

}  // namespace quire::cpu
