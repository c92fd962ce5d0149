// kernel/process/exception_signals: the signal that each exception of a program becomes.
#include "kernel/process/exception_signals.h"

#include <gtest/gtest.h>

#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

using namespace abi;

constexpr std::uint32_t kEip = 0x08048123;

struct Row {
    std::uint32_t vector;
    SignalNumber signal;
    std::int32_t code;
    bool tells_eip;
};

// What Linux answers.
constexpr Row kRows[] = {
    {0, 8, 1, true},       // divide by zero: FPE_INTDIV
    {3, 5, 128, false},    // int3
    {4, 11, 128, false},   // into
    {5, 11, 128, false},   // bound
    {6, 4, 2, true},       // ud2: ILL_ILLOPN
    {10, 11, 128, false},  // invalid TSS
    {11, 7, 128, false},   // segment not present
    {12, 7, 128, false},   // stack segment
    {13, 11, 128, false},  // general protection
    {17, 7, 1, false},     // alignment check: BUS_ADRALN
};

TEST(ExceptionSignals, AreThoseOfLinux) {
    for (const Row& row : kRows) {
        const auto info = signal_of({.vector = row.vector, .error_code = 0x1234, .eip = kEip});
        ASSERT_TRUE(info.has_value()) << row.vector;
        EXPECT_EQ(info->signal, row.signal) << row.vector;
        EXPECT_EQ(info->code, row.code) << row.vector;
        EXPECT_EQ(info->address, row.tells_eip ? kEip : 0) << row.vector;
        EXPECT_EQ(info->trap, row.vector);
        EXPECT_EQ(info->error_code, 0x1234U);
    }
}

std::int32_t x87(std::uint16_t status, std::uint16_t control = 0) {
    const auto info =
        signal_of({.vector = 16, .eip = kEip, .x87_control = control, .x87_status = status});
    if (!info.has_value()) return 0;
    EXPECT_EQ(info->signal, kSigFpe);
    EXPECT_EQ(info->address, kEip);
    return info->code;
}

TEST(ExceptionSignals, X87TellsWhatIsRaisedAndNotMasked) {
    EXPECT_EQ(x87(0x01), kFpeInvalid);
    EXPECT_EQ(x87(0x41), kFpeInvalid);  // stack fault
    EXPECT_EQ(x87(0x02), kFpeUnderflow);
    EXPECT_EQ(x87(0x04), kFpeDivide);
    EXPECT_EQ(x87(0x08), kFpeOverflow);
    EXPECT_EQ(x87(0x10), kFpeUnderflow);
    EXPECT_EQ(x87(0x20), kFpeInexact);
    EXPECT_EQ(x87(0x3F), kFpeInvalid);
    EXPECT_EQ(x87(0x24, 0x04), kFpeInexact);
    EXPECT_EQ(x87(0x04, 0x3F), 0);
    EXPECT_EQ(x87(0xFFC0), 0);  // the other bits are no exceptions
}

std::int32_t sse(std::uint32_t mxcsr) {
    const auto info = signal_of({.vector = 19, .eip = kEip, .mxcsr = mxcsr});
    return info.has_value() ? info->code : 0;
}

TEST(ExceptionSignals, SseHasFlagsAndMasksInOneRegister) {
    EXPECT_EQ(sse(0x1F80), 0);
    EXPECT_EQ(sse(0x1FBF), 0);  // all raised, all masked
    EXPECT_EQ(sse(0x1D84), kFpeDivide);
    EXPECT_EQ(sse(0x0004), kFpeDivide);
    EXPECT_EQ(sse(0x0028), kFpeOverflow);
    EXPECT_EQ(sse(0x1F00 | 0x01), kFpeInvalid);
    EXPECT_EQ(sse(0x1F00 | 0x04), 0);
}

std::int32_t debug(std::uint32_t dr6) {
    const auto info = signal_of({.vector = 1, .eip = kEip, .debug_status = dr6});
    EXPECT_EQ(info->signal, kSigTrap);
    EXPECT_EQ(info->address, kEip);
    return info->code;
}

TEST(ExceptionSignals, DebugTellsWhichKind) {
    EXPECT_EQ(debug(1U << 14), kTrapTrace);
    EXPECT_EQ(debug(1U << 14 | 1), kTrapTrace);
    EXPECT_EQ(debug(1U << 15), kTrapTrace);
    EXPECT_EQ(debug(0x8), kTrapHardware);
    EXPECT_EQ(debug(0), kTrapBreakpoint);  // icebp
}

}  // namespace
}  // namespace quire::kernel
