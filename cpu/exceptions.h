// The 32 exceptions by number, name and SDM mnemonic, and what their error codes say
// (SDM 3A table 6-1, 6.13, 4.7).
#pragma once

#include <cstdint>

namespace quire::cpu {

namespace exception {
inline constexpr std::uint8_t kDivideError = 0;
inline constexpr std::uint8_t kDebug = 1;
inline constexpr std::uint8_t kNmi = 2;
inline constexpr std::uint8_t kBreakpoint = 3;
inline constexpr std::uint8_t kOverflow = 4;
inline constexpr std::uint8_t kBoundRange = 5;
inline constexpr std::uint8_t kInvalidOpcode = 6;
inline constexpr std::uint8_t kDeviceNotAvailable = 7;
inline constexpr std::uint8_t kDoubleFault = 8;
inline constexpr std::uint8_t kInvalidTss = 10;
inline constexpr std::uint8_t kSegmentNotPresent = 11;
inline constexpr std::uint8_t kStackFault = 12;
inline constexpr std::uint8_t kGeneralProtection = 13;
inline constexpr std::uint8_t kPageFault = 14;
inline constexpr std::uint8_t kFloatingPoint = 16;
inline constexpr std::uint8_t kAlignmentCheck = 17;
inline constexpr std::uint8_t kMachineCheck = 18;
inline constexpr std::uint8_t kSimdFloatingPoint = 19;
}  // namespace exception

/// What an error code means, and how to read it.
enum class ErrorCodeKind : std::uint8_t { None, Zero, Selector, PageFault };

struct ExceptionInfo {
    const char* mnemonic;  // "#PF"
    const char* name;      // "page fault"
    ErrorCodeKind error_code;
};

/// Precondition: vector < 32.
const ExceptionInfo& exception_info(std::uint32_t vector);

/// The error code of a page fault, bit by bit (SDM 3A figure 4-12).
struct PageFaultCode {
    bool present;   // the page was there, but this access is not allowed; else no page
    bool write;     // else a read
    bool user;      // in ring 3; else in rings 0-2
    bool reserved;  // a reserved bit is set in an entry
    bool fetch;     // an instruction fetch (reported only where no-execute exists)
};
PageFaultCode decode_page_fault(std::uint32_t error_code);

/// The error code of #TS, #NP, #SS, #GP: which selector (SDM 3A figure 6-7).
struct SelectorCode {
    bool external;      // the event came from outside the program
    const char* table;  // "GDT", "IDT" or "LDT"
    std::uint32_t index;
};
SelectorCode decode_selector(std::uint32_t error_code);

}  // namespace quire::cpu
