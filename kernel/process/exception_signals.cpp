#include "kernel/process/exception_signals.h"

#include "cpu/exceptions.h"
#include "kernel/abi/signal.h"

namespace quire::kernel {
namespace {

namespace exception = cpu::exception;

// The unmasked ones of x87 and SSE have the same bits (SDM 1 8.1.3.3, 10.2.3).
std::int32_t floating_point_code(std::uint32_t raised) {
    if ((raised & 0x01) != 0) return abi::kFpeInvalid;
    if ((raised & 0x04) != 0) return abi::kFpeDivide;
    if ((raised & 0x08) != 0) return abi::kFpeOverflow;
    if ((raised & 0x12) != 0) return abi::kFpeUnderflow;  // or a denormal operand
    if ((raised & 0x20) != 0) return abi::kFpeInexact;
    return 0;
}

std::int32_t debug_code(std::uint32_t dr6) {
    constexpr std::uint32_t kSingleStep = 1U << 14, kTaskSwitch = 1U << 15, kBreakpoints = 0xF;
    if ((dr6 & (kSingleStep | kTaskSwitch)) != 0) return abi::kTrapTrace;
    return (dr6 & kBreakpoints) != 0 ? abi::kTrapHardware : abi::kTrapBreakpoint;
}

}  // namespace

std::optional<SignalInfo> signal_of(const ExceptionFacts& facts) {
    SignalInfo info{.signal = abi::kSigSegv,
                    .code = abi::kSiKernel,
                    .trap = facts.vector,
                    .error_code = facts.error_code};
    const auto tells = [&info, &facts](SignalNumber signal, std::int32_t code) {
        info.signal = signal;
        info.code = code;
        info.address = facts.eip;
    };
    switch (facts.vector) {
    case exception::kDivideError:
        tells(abi::kSigFpe, abi::kFpeIntegerDivide);
        break;
    case exception::kDebug:
        tells(abi::kSigTrap, debug_code(facts.debug_status));
        break;
    case exception::kBreakpoint:
        info.signal = abi::kSigTrap;
        break;
    case exception::kInvalidOpcode:
        tells(abi::kSigIll, abi::kIllOperand);
        break;
    case exception::kSegmentNotPresent:
    case exception::kStackFault:
        info.signal = abi::kSigBus;
        break;
    case exception::kFloatingPoint:
        tells(abi::kSigFpe, floating_point_code(facts.x87_status & ~facts.x87_control & 0x3FU));
        break;
    case exception::kAlignmentCheck:
        info.signal = abi::kSigBus;  // the CPU does not say which address
        info.code = abi::kBusAlignment;
        break;
    case exception::kSimdFloatingPoint:
        tells(abi::kSigFpe, floating_point_code(facts.mxcsr & ~(facts.mxcsr >> 7) & 0x3FU));
        break;
    default:
        break;
    }
    if (info.code == 0) return std::nullopt;
    return info;
}

}  // namespace quire::kernel
