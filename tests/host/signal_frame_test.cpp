// kernel/process/signal_frame: what a handler finds on its stack, and what comes back from there.
#include "kernel/process/signal_frame.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernel/process/signal_info.h"
#include "kernel/process/user_copy.h"
#include "tests/host/fault_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::kernel {
namespace {

using namespace abi;
using cpu::TrapFrame;
using mm::PageNumber;
using mm::VirtAddr;

constexpr std::uint32_t kHandler = 0x08049000, kRestorer = 0x0804A000;
constexpr PageNumber kStack{0x100}, kOther{0x200};
constexpr std::uint32_t kStackTop = 0x104000, kOtherStart = 0x200000, kOtherBytes = 0x4000;

class SignalFrame : public test::FaultMachine {
  protected:
    SignalFrame() {
        add(kStack, 4, read_write());
        add(kOther, 4, read_write());
        process.signals = &table;
        process.threads.push_back(thread);
        registers = before();
        for (std::size_t i = 0; i < thread.fpu.bytes.size(); ++i)
            thread.fpu.bytes[i] = std::byte{static_cast<unsigned char>(i * 7 + 1)};
        fpu_before = thread.fpu;
        delivery.what = Delivery::What::Handler;
        delivery.info = {.signal = kSigSegv,
                         .code = kSegvAccessError,
                         .address = 0x1234,
                         .trap = 14,
                         .error_code = 6};
        delivery.action.handler = kHandler;
        thread.blocked = SignalSet(0x8000000100000002);
    }
    ~SignalFrame() override { process.threads.remove(thread); }

    static TrapFrame before() {
        return {.gs = 0x33,
                .fs = 0,
                .es = cpu::kUserData,
                .ds = cpu::kUserData,
                .edi = 1,
                .esi = 2,
                .ebp = 3,
                .pushad_esp = 4,
                .ebx = 5,
                .edx = 6,
                .ecx = 7,
                .eax = 8,
                .vector = 14,
                .error_code = 6,
                .eip = 0x08048123,
                .cs = cpu::kUserCode,
                .eflags = 0x10746,  // RF DF IF TF ZF PF
                .user_esp = kStackTop - 100,
                .user_ss = cpu::kUserData};
    }

    void push(std::uint32_t flags = 0) {
        delivery.action.flags = flags;
        ASSERT_TRUE(push_signal_frame(thread, registers, delivery, format).ok());
        frame = registers.user_esp;
    }
    /// As the return code does: pops, and calls.
    bool pop(FrameKind kind) {
        registers.user_esp = frame + (kind == FrameKind::Plain ? 8 : 4);
        return pop_signal_frame(thread, registers, kind, format).ok();
    }
    template <typename T>
    T at(std::uint32_t address) {
        return user::read<T>(VirtAddr(address)).value();
    }
    std::uint32_t word(std::uint32_t offset) { return at<std::uint32_t>(frame + offset); }
    void poke(std::uint32_t address, std::uint32_t value) {
        ASSERT_TRUE(user::write(VirtAddr(address), value).ok());
    }
    /// Where the frame has a field of its sigcontext.
    static std::uint32_t in_context(FrameKind kind, std::size_t field) {
        const std::size_t start = kind == FrameKind::Plain ? offsetof(PlainSignalFrame, context)
                                                           : offsetof(InfoSignalFrame, context) +
                                                                 offsetof(UContext, context);
        return static_cast<std::uint32_t>(start + field);
    }
    void expect_program_goes_on() {
        const TrapFrame expected = before();
        EXPECT_EQ(std::memcmp(&registers.edi, &expected.edi, 12), 0);
        EXPECT_EQ(std::memcmp(&registers.ebx, &expected.ebx, 16), 0);
        EXPECT_EQ(registers.eip, expected.eip);
        EXPECT_EQ(registers.user_esp, expected.user_esp);
        EXPECT_EQ(registers.eflags, expected.eflags);
        EXPECT_EQ(registers.cs, cpu::kUserCode);
        EXPECT_EQ(registers.user_ss, cpu::kUserData);
        EXPECT_EQ(registers.ds, cpu::kUserData);
        EXPECT_EQ(registers.es, cpu::kUserData);
        EXPECT_EQ(registers.fs, 0U);
    }

    test::UserCopies copies{machine};
    SignalTable table;
    Process process{10};
    Thread thread{10, &process};
    TrapFrame registers;
    FpuState fpu_before;
    FpuFormat format = FpuFormat::Fxsave;
    Delivery delivery;
    std::uint32_t frame = 0;
};

TEST_F(SignalFrame, PlainHandlerFindsSignalAndContext) {
    push();
    EXPECT_EQ(registers.eip, kHandler);
    EXPECT_EQ(registers.eax, kSigSegv);
    EXPECT_EQ(registers.edx, 0U);
    EXPECT_EQ(registers.ecx, 0U);
    EXPECT_EQ((frame + 4) % 16, 0U);
    EXPECT_LT(frame, kStackTop - 100);
    EXPECT_EQ(word(4), kSigSegv);
    const auto context = at<SigContext>(frame + 8);
    EXPECT_EQ(context.eip, 0x08048123U);
    EXPECT_EQ(context.esp, kStackTop - 100);
    EXPECT_EQ(context.esp_at_signal, kStackTop - 100);
    EXPECT_EQ(context.eflags, before().eflags);
    EXPECT_EQ(context.gs, 0x33U);
    EXPECT_EQ(context.cs, cpu::kUserCode);
    EXPECT_EQ(context.ss, cpu::kUserData);
    EXPECT_EQ(context.eax, 8U);
    EXPECT_EQ(context.edi, 1U);
    EXPECT_EQ(context.trap, 14U);
    EXPECT_EQ(context.error_code, 6U);
    EXPECT_EQ(context.cr2, 0x1234U);
    EXPECT_EQ(context.old_mask, 2U);
    EXPECT_EQ(word(offsetof(PlainSignalFrame, mask_high)), 0x80000001U);
}

TEST_F(SignalFrame, InfoHandlerFindsAllThree) {
    thread.alternate_stack = {kOtherStart, kOtherBytes, 0};
    push(kSaSigInfo);
    EXPECT_EQ((frame + 4) % 16, 0U);
    EXPECT_EQ(word(4), kSigSegv);
    EXPECT_EQ(word(8), frame + 16);
    EXPECT_EQ(word(12), frame + 144);
    EXPECT_EQ(registers.edx, frame + 16);
    EXPECT_EQ(registers.ecx, frame + 144);
    const auto info = at<SigInfo>(frame + 16);
    EXPECT_EQ(info.signal, 11);
    EXPECT_EQ(info.error, 0);
    EXPECT_EQ(info.code, kSegvAccessError);
    EXPECT_EQ(info.words[0], 0x1234U);
    const auto context = at<UContext>(frame + 144);
    EXPECT_EQ(context.flags, 0U);
    EXPECT_EQ(context.link, 0U);
    EXPECT_EQ(context.stack.start, kOtherStart);
    EXPECT_EQ(context.stack.bytes, kOtherBytes);
    EXPECT_EQ(context.context.eip, 0x08048123U);
    EXPECT_EQ(context.mask[0], 2U);
    EXPECT_EQ(context.mask[1], 0x80000001U);
}

TEST_F(SignalFrame, HandlerStartsWithCleanFlagsAndSegments) {
    registers.ds = registers.es = 0x33;
    push();
    EXPECT_EQ(registers.eflags, before().eflags & ~0x10500U);
    EXPECT_EQ(registers.ds, cpu::kUserData);
    EXPECT_EQ(registers.es, cpu::kUserData);
    EXPECT_EQ(registers.gs, 0x33U);  // thread-local variables work in handlers
}

TEST_F(SignalFrame, ReturnsByTheRestorerOrByCodeOnTheStack) {
    delivery.action.restorer = kRestorer;
    push(kSaRestorer);
    EXPECT_EQ(word(0), kRestorer);
    push();
    EXPECT_EQ(word(0), frame + 724);
    EXPECT_EQ(at<std::uint64_t>(frame + 724), 0x80CD00000077B858U);
    push(kSaSigInfo);
    EXPECT_EQ(word(0), frame + 260);
    EXPECT_EQ(at<std::uint64_t>(frame + 260), 0x0080CD000000ADB8U);
}

TEST_F(SignalFrame, ComesBackAsItWas) {
    for (const FrameKind kind : {FrameKind::Plain, FrameKind::Info}) {
        registers = before();
        thread.tls[0] = 0x00CFF3000000FFFF;
        thread.blocked = SignalSet(0x8000000100000002);
        thread.fpu = fpu_before;
        push(kind == FrameKind::Info ? kSaSigInfo : 0);
        std::memset(&registers, 0x5A, offsetof(TrapFrame, vector));
        registers.eflags = 0x246 | 1U << 16;
        thread.blocked = ~SignalSet();
        thread.fpu = {};
        registers.eip = 0x77777777;
        ASSERT_TRUE(pop(kind));
        EXPECT_EQ(registers.gs, 0x33U);
        expect_program_goes_on();
        EXPECT_EQ(thread.blocked, SignalSet(0x8000000100000002));
    }
}

TEST_F(SignalFrame, SigsuspendsCallerGetsItsMaskBack) {
    thread.blocked_before = SignalSet(0x20);
    push();
    ASSERT_TRUE(pop(FrameKind::Plain));
    EXPECT_EQ(thread.blocked, SignalSet(0x20));
}

TEST_F(SignalFrame, HasTheFpuInBothForms) {
    push();
    const std::uint32_t fpu = word(in_context(FrameKind::Plain, offsetof(SigContext, fpu_state)));
    EXPECT_EQ((fpu + 112) % 64, 0U);
    EXPECT_GE(fpu, frame + sizeof(PlainSignalFrame));
    EXPECT_LE(fpu + 624, kStackTop - 100);
    const auto saved = at<FpuFrame>(fpu);
    EXPECT_EQ(std::memcmp(saved.fxsave, fpu_before.bytes.data(), 512), 0);
    EXPECT_EQ(saved.control & 0xFFFF, 0x0801U);
    EXPECT_EQ(std::memcmp(saved.registers[1], fpu_before.bytes.data() + 48, 10), 0);
    EXPECT_EQ(status_of(thread.fpu, format).control, 0x037F);  // the handler's is fresh

    poke(fpu + offsetof(FpuFrame, control), 0xFFFF0C7F);       // rounds to zero
    poke(fpu + offsetof(FpuFrame, fxsave) + 160, 0xDEADBEEF);  // XMM0
    poke(fpu + offsetof(FpuFrame, fxsave) + 24, 0xFFFFFFFF);   // MXCSR
    ASSERT_TRUE(pop(FrameKind::Plain));
    EXPECT_EQ(status_of(thread.fpu, format).control, 0x0C7F);
    EXPECT_EQ(status_of(thread.fpu, format).mxcsr & ~mxcsr_mask_of(fpu_before), 0U);
    std::uint32_t xmm0 = 0;
    std::memcpy(&xmm0, thread.fpu.bytes.data() + 160, 4);
    EXPECT_EQ(xmm0, 0xDEADBEEFU);
    EXPECT_EQ(std::memcmp(thread.fpu.bytes.data() + 48, fpu_before.bytes.data() + 48, 10), 0);
}

TEST_F(SignalFrame, OldCpusHaveAShorterOne) {
    format = FpuFormat::Fsave;
    push(kSaSigInfo);
    const std::uint32_t fpu = word(in_context(FrameKind::Info, offsetof(SigContext, fpu_state)));
    EXPECT_EQ(fpu % 64, 0U);
    EXPECT_LE(fpu + 112, kStackTop - 100);
    EXPECT_EQ(at<std::uint16_t>(fpu + 110), FpuFrame::kFsaveOnly);
    ASSERT_TRUE(pop(FrameKind::Info));
    EXPECT_EQ(std::memcmp(thread.fpu.bytes.data(), fpu_before.bytes.data(), 108), 0);
}

TEST_F(SignalFrame, FrameWithoutFpuGivesAFreshOne) {
    push();
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, fpu_state)), 0);
    thread.fpu = fpu_before;
    ASSERT_TRUE(pop(FrameKind::Plain));
    EXPECT_EQ(status_of(thread.fpu, format).control, 0x037F);
    EXPECT_EQ(status_of(thread.fpu, format).mxcsr, 0x1F80U);
}

TEST_F(SignalFrame, BadFpuAddressIsRefusedAndLeavesAFreshOne) {
    for (const std::uint32_t address : {0x1000U, 0xC0000000U, 0xFFFFFFF0U, kStackTop - 200}) {
        registers = before();
        push();
        poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, fpu_state)), address);
        thread.fpu = fpu_before;
        EXPECT_FALSE(pop(FrameKind::Plain));
        EXPECT_EQ(status_of(thread.fpu, format).mxcsr, 0x1F80U);
    }
}

TEST_F(SignalFrame, PrivilegedFlagsDoNotComeFromTheFrame) {
    push();
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, eflags)), 0xFFFFFFFF);
    registers.eflags = 0x202;
    ASSERT_TRUE(pop(FrameKind::Plain));
    // CF PF AF ZF SF TF DF OF RF AC, and IF and bit 1 as they were.
    EXPECT_EQ(registers.eflags, 0x50DD5U | 0x202U);
    registers.eflags = 0x202 | 0x50DD5;
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, eflags)), 0);
    ASSERT_TRUE(pop(FrameKind::Plain));
    EXPECT_EQ(registers.eflags, 0x202U);
}

TEST_F(SignalFrame, KernelsSelectorsAreRefused) {
    for (const std::size_t field : {offsetof(SigContext, cs), offsetof(SigContext, ss)}) {
        for (const std::uint32_t selector : {0U, 3U, 0x0BU, 0x13U, 0x2BU, 0x33U, 0x4BU, 0x1FU}) {
            registers = before();
            push(kSaSigInfo);
            poke(frame + in_context(FrameKind::Info, field), selector);
            EXPECT_FALSE(pop(FrameKind::Info)) << selector;
            EXPECT_EQ(registers.cs, cpu::kUserCode);
            EXPECT_EQ(registers.user_ss, cpu::kUserData);
        }
    }
}

TEST_F(SignalFrame, RingOfSelectorsIsAlwaysThree) {
    push();
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, cs)), cpu::kUserCode & ~3U);
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, ss)), cpu::kUserData & ~3U);
    poke(frame + in_context(FrameKind::Plain, offsetof(SigContext, ds)), cpu::kUserData & ~3U);
    ASSERT_TRUE(pop(FrameKind::Plain));
    EXPECT_EQ(registers.cs, cpu::kUserCode);
    EXPECT_EQ(registers.user_ss, cpu::kUserData);
    EXPECT_EQ(registers.ds, cpu::kUserData);
}

TEST_F(SignalFrame, DataSelectorsThatDoNotExistBecomeNull) {
    constexpr std::uint64_t kPresentData = 0x00CFF30000000000, kCodeOnly = 0x00CFF90000000000;
    constexpr std::uint64_t kCodeReadable = 0x00CFFB0000000000, kRing0 = 0x00CF930000000000;
    constexpr std::uint64_t kAbsent = 0x00CF730000000000;
    struct Case {
        std::uint32_t selector;
        std::uint64_t tls;
        std::uint32_t expected;
    };
    const Case cases[] = {
        {0, 0, 0},
        {3, 0, 0},
        {0x23, 0, 0x23},
        {0x1B, 0, 0x1B},
        {0x08, 0, 0},
        {0x13, 0, 0},
        {0x2B, 0, 0},
        {0x4B, 0, 0},
        {0x27, 0, 0},
        {0xFFFF, 0, 0},
        {0x3B, 0, 0},
        {0x3B, kPresentData, 0x3B},
        {0x38, kPresentData, 0x3B},
        {0x3B, kCodeOnly, 0},
        {0x3B, kCodeReadable, 0x3B},
        {0x3B, kRing0, 0},
        {0x3B, kAbsent, 0},
        {0x3F, kPresentData, 0},
        {0x1003B, kPresentData, 0x3B},
    };
    for (const std::size_t field : {offsetof(SigContext, gs), offsetof(SigContext, fs),
                                    offsetof(SigContext, es), offsetof(SigContext, ds)}) {
        for (const Case& it : cases) {
            registers = before();
            thread.tls[1] = it.tls;
            push();
            poke(frame + in_context(FrameKind::Plain, field), it.selector);
            ASSERT_TRUE(pop(FrameKind::Plain));
            const std::uint32_t got[] = {registers.gs, registers.fs, registers.es, registers.ds};
            EXPECT_EQ(got[field / 4], it.expected) << it.selector;
        }
    }
}

TEST_F(SignalFrame, GoesToTheAlternateStack) {
    thread.alternate_stack = {kOtherStart, kOtherBytes, 0};
    push(kSaOnStack);
    EXPECT_GT(frame, kOtherStart);
    EXPECT_LT(frame, kOtherStart + kOtherBytes);
    const std::uint32_t outer = frame;
    push(kSaOnStack);  // nested
    EXPECT_LT(frame, outer);
    EXPECT_GT(frame, kOtherStart);
}

TEST_F(SignalFrame, DoesNotLeaveTheAlternateStack) {
    thread.alternate_stack = {kOtherStart + 0x1000, kLeastSignalStack, 0};
    push(kSaOnStack);  // the least one has room for one
    delivery.action.flags = kSaOnStack;
    const TrapFrame registers_before = registers;
    const auto again = push_signal_frame(thread, registers, delivery, format);
    EXPECT_EQ(again.error(), Error::BadAddress);
    EXPECT_EQ(std::memcmp(&registers, &registers_before, sizeof(registers)), 0);
}

TEST_F(SignalFrame, DisarmsAStackThatWantsIt) {
    thread.alternate_stack = {kOtherStart, kOtherBytes, kSsAutoDisarm};
    push(kSaOnStack | kSaSigInfo);
    EXPECT_EQ(thread.alternate_stack.bytes, 0U);
    ASSERT_TRUE(pop(FrameKind::Info));
    EXPECT_EQ(thread.alternate_stack.bytes, kOtherBytes);
    EXPECT_EQ(thread.alternate_stack.flags, kSsAutoDisarm);
    EXPECT_EQ(thread.alternate_stack.start, kOtherStart);
}

TEST_F(SignalFrame, NoRoomOnTheStackChangesNothing) {
    for (const std::uint32_t esp : {0x100100U, 0U, 16U, 0xC0000100U, 0x300000U}) {
        registers = before();
        registers.user_esp = esp;
        const TrapFrame registers_before = registers;
        thread.fpu = fpu_before;
        EXPECT_EQ(push_signal_frame(thread, registers, delivery, format).error(),
                  Error::BadAddress);
        EXPECT_EQ(std::memcmp(&registers, &registers_before, sizeof(registers)), 0) << esp;
        EXPECT_EQ(std::memcmp(&thread.fpu, &fpu_before, sizeof(FpuState)), 0);
    }
}

TEST_F(SignalFrame, EveryCopyCanFail) {
    for (const FrameKind kind : {FrameKind::Plain, FrameKind::Info}) {
        for (std::uint32_t bytes = 0; bytes < 1500; bytes += 50) {
            registers = before();
            thread.fpu = fpu_before;
            delivery.action.flags = kind == FrameKind::Info ? kSaSigInfo : 0;
            copies.fail_after(bytes);
            const bool pushed = push_signal_frame(thread, registers, delivery, format).ok();
            copies.fail_after(~0U);
            EXPECT_EQ(pushed, registers.eip == kHandler);
            if (pushed) break;
            EXPECT_EQ(registers.user_esp, before().user_esp);
        }
        frame = registers.user_esp;
        for (std::uint32_t bytes = 0;; bytes += 50) {
            ASSERT_LT(bytes, 1500U);
            copies.fail_after(bytes);
            const bool popped = pop(kind);
            copies.fail_after(~0U);
            EXPECT_EQ(registers.cs, cpu::kUserCode);
            if (popped) break;
        }
        expect_program_goes_on();
    }
}

TEST(SignalInfoForPrograms, HasTheWordsOfItsKind) {
    const SigInfo killed = to_program({.signal = 10, .code = kSiUser, .sender = 3, .user = 4});
    EXPECT_EQ(killed.words[0], 3U);
    EXPECT_EQ(killed.words[1], 4U);
    const SigInfo queued =
        to_program({.signal = 40, .code = kSiQueue, .sender = 3, .user = 4, .value = 5});
    EXPECT_EQ(queued.words[2], 5U);
    const SigInfo child = to_program(
        {.signal = 17, .code = kChildExited, .sender = 3, .user = 4, .value = 9, .status = 6});
    EXPECT_EQ(child.words[0], 3U);
    EXPECT_EQ(child.words[2], 6U);
    const SigInfo fault = to_program({.signal = 11, .code = 1, .sender = 3, .address = 0x5000});
    EXPECT_EQ(fault.words[0], 0x5000U);
    EXPECT_EQ(fault.words[1], 0U);
    const SigInfo trap = to_program({.signal = 11, .code = kSiKernel, .trap = 13});
    EXPECT_EQ(trap.words[0], 0U);
}

TEST(SignalInfoForPrograms, SurvivesTheWayBack) {
    SigInfo sent{};
    sent.signal = 40;
    sent.code = -7;
    sent.words[0] = 3;
    sent.words[1] = 4;
    sent.words[2] = 5;
    const SigInfo got = to_program(from_program(sent));
    EXPECT_EQ(std::memcmp(&sent, &got, sizeof(sent)), 0);
}

}  // namespace
}  // namespace quire::kernel
