// kernel/process/fpu_frame: the two forms of the FPU's registers, against the CPU's own.
#include "kernel/process/fpu_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace quire::kernel {
namespace {

constexpr std::uint32_t kMask = 0xFFFF;

FpuState now() {
    FpuState state;
    asm volatile("fxsave %0" : "=m"(state.bytes));
    return state;
}

// Runs what fills the FPU, saves it in both forms, and puts back what was before.
template <typename Fill>
void save_both(Fill fill, FpuState& fxsaved, FpuFrameHead& fsaved) {
    const FpuState before = now();
    asm volatile("fninit");
    fill();
    fxsaved = now();
    asm volatile("fnsave %0" : "=m"(fsaved));
    asm volatile("fxrstor %0" : : "m"(before.bytes));
}

// What FSAVE stores in the upper halves of its words is not defined; addresses are not kept by all.
void expect_same(const FpuFrameHead& ours, const FpuFrameHead& cpus) {
    EXPECT_EQ(ours.control & 0xFFFF, cpus.control & 0xFFFF);
    EXPECT_EQ(ours.status & 0xFFFF, cpus.status & 0xFFFF);
    EXPECT_EQ(ours.tag & 0xFFFF, cpus.tag & 0xFFFF);
    EXPECT_EQ(std::memcmp(ours.registers, cpus.registers, sizeof(ours.registers)), 0);
}

void expect_fsave_form(void (*fill)()) {
    FpuState fxsaved;
    FpuFrameHead cpus;
    save_both(fill, fxsaved, cpus);
    const FpuFrameHead ours = head_of(fxsaved, FpuFormat::Fxsave);
    expect_same(ours, cpus);
    EXPECT_EQ(ours.magic, 0U);
    EXPECT_EQ(ours.status_word, ours.status & 0xFFFF);

    FpuState back = fxsaved;
    std::memset(back.bytes.data(), 0, 24);  // all that is not MXCSR or XMM
    restore_from(back, ours, FpuFormat::Fxsave, kMask);
    std::memcpy(back.bytes.data() + 28, fxsaved.bytes.data() + 28, 4);  // MXCSR_MASK
    EXPECT_EQ(std::memcmp(back.bytes.data(), fxsaved.bytes.data(), 8), 0);
    EXPECT_EQ(std::memcmp(back.bytes.data() + 24, fxsaved.bytes.data() + 24, 288 - 24), 0);
}

TEST(FpuFrame, HasTheFormOfFsave) {
    expect_fsave_form([] {});
    expect_fsave_form([] { asm volatile("fld1"); });
    expect_fsave_form([] { asm volatile("fldz; fldpi; fld1; fldz; fchs"); });
}

TEST(FpuFrame, TagsInfinitiesAndDenormalsAsSpecial) {
    expect_fsave_form([] { asm volatile("fld1; fldz; fdivrp"); });  // infinity
    expect_fsave_form([] { asm volatile("fldz; fldz; fdivp"); });   // not a number
    expect_fsave_form([] {
        static const unsigned char denormal[10] = {1};
        asm volatile("fldt %0" : : "m"(denormal));
    });
}

TEST(FpuFrame, TagsWhatHasNoIntegerBitAsSpecial) {
    expect_fsave_form([] {
        static const unsigned char unnormal[10] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0x40};
        asm volatile("fldt %0" : : "m"(unnormal));
    });
}

TEST(FpuFrame, TagsAFullStackThatHasTurned) {
    expect_fsave_form([] {
        asm volatile("fld1; fld1; fldz; fldz; fld1; fldpi; fldl2e; fldln2");
        asm volatile("fstp %st(0); fstp %st(0); fstp %st(0); fldz; fincstp; fincstp");
    });
}

TEST(FpuFrame, DropsBitsOfMxcsrThatTheCpuDoesNotHave) {
    FpuState state = now();
    const FpuFrameHead head = head_of(state, FpuFormat::Fxsave);
    const std::uint32_t evil = 0xFFFFFFFF;
    std::memcpy(state.bytes.data() + 24, &evil, 4);
    restore_from(state, head, FpuFormat::Fxsave, 0xFFBF);
    EXPECT_EQ(status_of(state, FpuFormat::Fxsave).mxcsr, 0xFFBFU);
    EXPECT_EQ(mxcsr_mask_of(state), 0xFFBFU);
    EXPECT_EQ(mxcsr_mask_of(FpuState{}), 0xFFBFU);
}

TEST(FpuFrame, BeginsWithoutOldBytesOfOthers) {
    alignas(FpuState) std::array<std::byte, sizeof(FpuState)> memory;
    memory.fill(std::byte{0xAA});
    const FpuState* const state = new (memory.data()) FpuState;
    EXPECT_TRUE(
        std::ranges::all_of(state->bytes, [](std::byte one) { return one == std::byte{}; }));
}

TEST(FpuFrame, OldCpusHaveTheFirstPartOnly) {
    FpuState fxsaved;
    FpuFrameHead cpus{};
    save_both([] { asm volatile("fld1; fldz"); }, fxsaved, cpus);
    FpuState state{};
    std::memcpy(state.bytes.data(), &cpus, 108);
    const FpuFrameHead head = head_of(state, FpuFormat::Fsave);
    expect_same(head, cpus);
    EXPECT_EQ(head.magic, 0xFFFFU);
    EXPECT_EQ(fpu_frame_bytes(FpuFormat::Fsave), 112U);
    FpuState back{};
    restore_from(back, head, FpuFormat::Fsave, kMask);
    EXPECT_EQ(std::memcmp(back.bytes.data(), state.bytes.data(), 108), 0);
    EXPECT_EQ(status_of(back, FpuFormat::Fsave).status, cpus.status & 0xFFFF);
}

// FNINIT leaves the registers' contents, but says that they are empty.
void expect_fresh(const FpuFrameHead& ours, const FpuFrameHead& cpus) {
    EXPECT_EQ(ours.control & 0xFFFF, cpus.control & 0xFFFF);
    EXPECT_EQ(ours.status & 0xFFFF, cpus.status & 0xFFFF);
    EXPECT_EQ(ours.tag & 0xFFFF, cpus.tag & 0xFFFF);
}

TEST(FpuFrame, ResetIsWhatFninitDoes) {
    FpuState fxsaved;
    FpuFrameHead cpus;
    save_both([] {}, fxsaved, cpus);
    FpuState state;
    std::memset(state.bytes.data(), 0x55, state.bytes.size());
    reset(state, FpuFormat::Fxsave, kMask);
    expect_fresh(head_of(state, FpuFormat::Fxsave), cpus);
    EXPECT_EQ(status_of(state, FpuFormat::Fxsave).mxcsr, 0x1F80U);
    EXPECT_EQ(mxcsr_mask_of(state), kMask);
    reset(state, FpuFormat::Fsave, kMask);
    expect_fresh(head_of(state, FpuFormat::Fsave), cpus);
}

}  // namespace
}  // namespace quire::kernel
