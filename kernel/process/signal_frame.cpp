#include "kernel/process/signal_frame.h"

#include "kernel/process/signal_info.h"
#include "kernel/process/signal_stack.h"
#include "kernel/process/user_copy.h"
#include "libc/string.h"

namespace quire::kernel {
namespace {

using cpu::TrapFrame;
using mm::VirtAddr;

// CF PF AF ZF SF TF DF OF RF AC: what sigreturn takes from the frame (SDM 1 3.4.3).
constexpr std::uint32_t kProgramFlags = 0x50DD5;
// TF, DF and RF are clear when a handler starts.
constexpr std::uint32_t kClearForHandler = 0x10500;

// popl %eax; movl $119, %eax; int $0x80
constexpr std::uint8_t kReturnFromPlain[8] = {0x58, 0xB8, 119, 0, 0, 0, 0xCD, 0x80};
// movl $173, %eax; int $0x80
constexpr std::uint8_t kReturnFromInfo[8] = {0xB8, 173, 0, 0, 0, 0xCD, 0x80, 0};

// What PlainSignalFrame has before the part that is not written.
struct PlainHead {
    std::uint32_t return_address;
    std::uint32_t signal;
    abi::SigContext context;
};
static_assert(sizeof(PlainHead) == offsetof(PlainSignalFrame, unused));
struct PlainTail {
    std::uint32_t mask_high;
    std::uint8_t return_code[8];
};

// Where a frame goes: the FPU's part, and the rest below it.
struct Place {
    std::uint32_t fpu = 0;
    std::uint32_t frame = 0;
};

// Errors: BadAddress: it would end outside the alternate stack.
Result<Place> place_for(const Thread& thread, const TrapFrame& registers, const Delivery& delivery,
                        std::uint32_t bytes, FpuFormat format) {
    const SignalStackTop stack =
        stack_for(thread.alternate_stack, delivery.action.flags, registers.user_esp);
    const std::uint32_t aligned =
        format == FpuFormat::Fxsave ? std::uint32_t{sizeof(abi::FpuFrame::fxsave)} : kFpuFrameHead;
    Place place;
    place.fpu = (stack.top - aligned) & ~63U;
    if (format == FpuFormat::Fxsave) place.fpu -= kFpuFrameHead;
    // The ABI aligns esp + 4 at a function's first instruction.
    place.frame = ((place.fpu - bytes + 4) & ~15U) - 4;
    const std::uint32_t start = thread.alternate_stack.start;
    const bool fits = place.frame > start && place.frame - start <= thread.alternate_stack.bytes;
    if (stack.is_alternate && !fits) return Error::BadAddress;
    return place;
}

Result<void> write_fpu(const Thread& thread, std::uint32_t address, FpuFormat format) {
    TRY(user::write(VirtAddr(address), head_of(thread.fpu, format)));
    if (format == FpuFormat::Fsave) return {};
    return user::copy_to(VirtAddr(address) + kFpuFrameHead, thread.fpu.bytes.data(),
                         sizeof(abi::FpuFrame::fxsave));
}

abi::SigContext context_of(const TrapFrame& registers, const SignalInfo& info, SignalSet mask,
                           std::uint32_t fpu) {
    constexpr std::uint32_t kPageFault = 14;
    return {.gs = registers.gs & 0xFFFF,
            .fs = registers.fs & 0xFFFF,
            .es = registers.es & 0xFFFF,
            .ds = registers.ds & 0xFFFF,
            .edi = registers.edi,
            .esi = registers.esi,
            .ebp = registers.ebp,
            .esp = registers.user_esp,
            .ebx = registers.ebx,
            .edx = registers.edx,
            .ecx = registers.ecx,
            .eax = registers.eax,
            .trap = info.trap,
            .error_code = info.error_code,
            .eip = registers.eip,
            .cs = registers.cs & 0xFFFF,
            .eflags = registers.eflags,
            .esp_at_signal = registers.user_esp,
            .ss = registers.user_ss & 0xFFFF,
            .fpu_state = fpu,
            .old_mask = static_cast<std::uint32_t>(mask.bits()),
            .cr2 = info.trap == kPageFault ? info.address : 0};
}

std::uint32_t return_address(const Delivery& delivery, std::uint32_t code_on_stack) {
    const bool has_own = (delivery.action.flags & abi::kSaRestorer) != 0;
    return has_own ? delivery.action.restorer : code_on_stack;
}

Result<void> write_plain(const Thread& thread, const TrapFrame& registers, const Delivery& delivery,
                         Place place) {
    const SignalSet mask = mask_after_handler(thread);
    const VirtAddr frame(place.frame);
    PlainTail tail{.mask_high = static_cast<std::uint32_t>(mask.bits() >> 32), .return_code = {}};
    memcpy(tail.return_code, kReturnFromPlain, sizeof(tail.return_code));
    TRY(user::write(frame + offsetof(PlainSignalFrame, mask_high), tail));
    const std::uint32_t code = place.frame + offsetof(PlainSignalFrame, return_code);
    const PlainHead head{return_address(delivery, code), delivery.info.signal,
                         context_of(registers, delivery.info, mask, place.fpu)};
    return user::write(frame, head);
}

Result<void> write_info(const Thread& thread, const TrapFrame& registers, const Delivery& delivery,
                        Place place) {
    const SignalSet mask = mask_after_handler(thread);
    const AlternateStack& stack = thread.alternate_stack;
    InfoSignalFrame frame{};
    frame.return_address =
        return_address(delivery, place.frame + offsetof(InfoSignalFrame, return_code));
    frame.signal = delivery.info.signal;
    frame.info_address = place.frame + offsetof(InfoSignalFrame, info);
    frame.context_address = place.frame + offsetof(InfoSignalFrame, context);
    frame.info = to_program(delivery.info);
    frame.context.stack = {stack.start, stack.flags, stack.bytes};
    frame.context.context = context_of(registers, delivery.info, mask, place.fpu);
    frame.context.mask[0] = static_cast<std::uint32_t>(mask.bits());
    frame.context.mask[1] = static_cast<std::uint32_t>(mask.bits() >> 32);
    memcpy(frame.return_code, kReturnFromInfo, sizeof(frame.return_code));
    return user::write(VirtAddr(place.frame), frame);
}

void start_handler(TrapFrame& registers, const Delivery& delivery, std::uint32_t frame,
                   bool with_info) {
    registers.eip = delivery.action.handler;
    registers.user_esp = frame;
    registers.eax = delivery.info.signal;  // for handlers that take their arguments in registers
    registers.edx = with_info ? frame + offsetof(InfoSignalFrame, info) : 0;
    registers.ecx = with_info ? frame + offsetof(InfoSignalFrame, context) : 0;
    registers.ds = registers.es = registers.user_ss = cpu::kUserData;
    registers.cs = cpu::kUserCode;
    registers.eflags &= ~kClearForHandler;
}

// Whether ring 3 may have this in DS, ES, FS or GS: flat segments, and the thread's own.
bool is_loadable(const Thread& thread, std::uint32_t selector) {
    if (selector == cpu::kUserData || selector == cpu::kUserCode) return true;
    constexpr std::uint32_t kFirstTls = 6;
    const std::uint32_t slot = (selector >> 3) - kFirstTls;
    if ((selector & 4) != 0 || slot >= Thread::kTlsEntries) return false;
    const auto access = static_cast<std::uint32_t>(thread.tls[slot] >> 40);
    const bool is_code = (access & 8) != 0;  // then it has to be readable (SDM 3A 3.4.5)
    return (access & 0xF0) == 0xF0 && (!is_code || (access & 2) != 0);
}

std::uint32_t data_selector(const Thread& thread, std::uint32_t wanted) {
    const std::uint32_t selector = (wanted & 0xFFFF) | 3;
    return is_loadable(thread, selector) ? selector : 0;
}

// Errors: InvalidArgument: code or stack segment are not ring 3's. Nothing has changed then.
Result<void> take_registers(const Thread& thread, TrapFrame& registers,
                            const abi::SigContext& context) {
    if (((context.cs & 0xFFFF) | 3) != cpu::kUserCode) return Error::InvalidArgument;
    if (((context.ss & 0xFFFF) | 3) != cpu::kUserData) return Error::InvalidArgument;
    registers.gs = data_selector(thread, context.gs);
    registers.fs = data_selector(thread, context.fs);
    registers.es = data_selector(thread, context.es);
    registers.ds = data_selector(thread, context.ds);
    registers.edi = context.edi;
    registers.esi = context.esi;
    registers.ebp = context.ebp;
    registers.user_esp = context.esp;
    registers.ebx = context.ebx;
    registers.edx = context.edx;
    registers.ecx = context.ecx;
    registers.eax = context.eax;
    registers.eip = context.eip;
    registers.cs = cpu::kUserCode;
    registers.user_ss = cpu::kUserData;
    registers.eflags = (registers.eflags & ~kProgramFlags) | (context.eflags & kProgramFlags);
    return {};
}

Result<void> read_fpu(FpuState& state, std::uint32_t address, FpuFormat format,
                      std::uint32_t mxcsr_mask) {
    const auto head = TRY(user::read<FpuFrameHead>(VirtAddr(address)));
    if (format == FpuFormat::Fxsave)
        TRY(user::copy_from(state.bytes.data(), VirtAddr(address) + kFpuFrameHead,
                            sizeof(abi::FpuFrame::fxsave)));
    restore_from(state, head, format, mxcsr_mask);
    return {};
}

// A frame without one (address 0) means a fresh FPU. On failure it is fresh, too: half of an image
// may be what FXRSTOR does not take.
Result<void> take_fpu(Thread& thread, std::uint32_t address, FpuFormat format) {
    const std::uint32_t mxcsr_mask = mxcsr_mask_of(thread.fpu);
    Result<void> done;
    if (address != 0) done = read_fpu(thread.fpu, address, format, mxcsr_mask);
    if (address == 0 || !done.ok()) reset(thread.fpu, format, mxcsr_mask);
    return done;
}

Result<void> pop_plain(Thread& thread, TrapFrame& registers, FpuFormat format) {
    // The return code has popped the return address and the signal.
    constexpr std::uint32_t kPopped = offsetof(PlainSignalFrame, context);
    const VirtAddr frame(registers.user_esp - kPopped);
    const auto head = TRY(user::read<PlainHead>(frame));
    const auto high = TRY(user::read<std::uint32_t>(frame + offsetof(PlainSignalFrame, mask_high)));
    set_blocked(thread, SignalSet(head.context.old_mask | std::uint64_t{high} << 32));
    TRY(take_registers(thread, registers, head.context));
    return take_fpu(thread, head.context.fpu_state, format);
}

Result<void> pop_info(Thread& thread, TrapFrame& registers, FpuFormat format) {
    constexpr std::uint32_t kPopped = offsetof(InfoSignalFrame, signal);  // by the handler's RET
    const VirtAddr frame(registers.user_esp - kPopped);
    const auto saved = TRY(user::read<abi::UContext>(frame + offsetof(InfoSignalFrame, context)));
    set_blocked(thread, SignalSet(saved.mask[0] | std::uint64_t{saved.mask[1]} << 32));
    TRY(take_registers(thread, registers, saved.context));
    TRY(take_fpu(thread, saved.context.fpu_state, format));
    // What the handler has put there may be no stack at all: then it stays as it is.
    (void)change(thread.alternate_stack, saved.stack, registers.user_esp).ok();
    return {};
}

}  // namespace

Result<void> push_signal_frame(Thread& thread, TrapFrame& registers, const Delivery& delivery,
                               FpuFormat format) {
    const bool with_info = (delivery.action.flags & abi::kSaSigInfo) != 0;
    const std::uint32_t bytes = with_info ? sizeof(InfoSignalFrame) : sizeof(PlainSignalFrame);
    const Place place = TRY(place_for(thread, registers, delivery, bytes, format));
    TRY(write_fpu(thread, place.fpu, format));
    TRY(with_info ? write_info(thread, registers, delivery, place)
                  : write_plain(thread, registers, delivery, place));
    start_handler(registers, delivery, place.frame, with_info);
    reset(thread.fpu, format, mxcsr_mask_of(thread.fpu));
    if ((thread.alternate_stack.flags & abi::kSsAutoDisarm) != 0) thread.alternate_stack = {};
    return {};
}

Result<void> pop_signal_frame(Thread& thread, TrapFrame& registers, FrameKind kind,
                              FpuFormat format) {
    return kind == FrameKind::Plain ? pop_plain(thread, registers, format)
                                    : pop_info(thread, registers, format);
}

}  // namespace quire::kernel
