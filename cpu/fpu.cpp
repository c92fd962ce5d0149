#include "cpu/fpu.h"

#include <cstdint>

namespace quire::cpu {
namespace {

constexpr std::uint32_t kInitialMxcsr = 0x1F80;  // all exceptions masked, round to nearest
constexpr std::size_t kMxcsr = 24;               // where FXSAVE puts it, and the mask behind it
constexpr std::size_t kMxcsrMask = 28;
constexpr std::uint32_t kDefaultMxcsrMask = 0xFFBF;  // where the CPU says 0 (SDM 1 11.6.6)

constinit bool uses_fxsave = false;
constinit bool has_sse = false;
constinit std::uint32_t mxcsr_mask = kDefaultMxcsrMask;
alignas(16) constinit std::byte initial_image[kFpuImageBytes]{};

std::uint32_t& word(std::byte* image, std::size_t offset) {
    return *reinterpret_cast<std::uint32_t*>(image + offset);
}

}  // namespace

void start_fpu(const Features& features) {
    uses_fxsave = features.fxsave();
    has_sse = uses_fxsave && features.sse();
    asm volatile("fninit");
    if (has_sse) asm volatile("ldmxcsr %0" : : "m"(kInitialMxcsr));
    save_fpu(initial_image);
    if (uses_fxsave && word(initial_image, kMxcsrMask) != 0)
        mxcsr_mask = word(initial_image, kMxcsrMask);
}

void initial_fpu_image(std::byte* image) {
    const std::byte* from = initial_image;
    std::size_t words = kFpuImageBytes / sizeof(std::uint32_t);
    asm volatile("rep movsl" : "+D"(image), "+S"(from), "+c"(words) : : "memory");
}

// FNSAVE clears the registers behind it, so they are loaded again.
void save_fpu(std::byte* image) {
    if (uses_fxsave) {
        asm volatile("fxsave (%0)" : : "r"(image) : "memory");
    } else {
        asm volatile("fnsave (%0)\n frstor (%0)" : : "r"(image) : "memory");
    }
}

void load_fpu(const std::byte* image) {
    if (uses_fxsave) {
        asm volatile("fxrstor (%0)" : : "r"(image) : "memory");
    } else {
        asm volatile("frstor (%0)" : : "r"(image) : "memory");
    }
}

void clean_fpu_image(std::byte* image) {
    if (uses_fxsave) word(image, kMxcsr) &= mxcsr_mask;
}

bool has_fxsave() {
    return uses_fxsave;
}

}  // namespace quire::cpu
