#include "cpu/features.h"

#include "kernel/base/assert.h"

namespace quire::cpu {
namespace {

struct CpuidResult {
    std::uint32_t eax, ebx, ecx, edx;
};

CpuidResult cpuid(std::uint32_t leaf) {
    CpuidResult result{};
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(0));
    return result;
}

void store_text(char* to, std::uint32_t four_characters) {
    for (std::uint32_t i = 0; i < 4; ++i)
        to[i] = static_cast<char>(four_characters >> 8 * i);
}

constexpr FeatureName kNames[kFeatureNames] = {
    {false, 0, "FPU"},      {false, 1, "VME"},    {false, 2, "DE"},     {false, 3, "PSE"},
    {false, 4, "TSC"},      {false, 5, "MSR"},    {false, 6, "PAE"},    {false, 7, "MCE"},
    {false, 8, "CX8"},      {false, 9, "APIC"},   {false, 11, "SEP"},   {false, 12, "MTRR"},
    {false, 13, "PGE"},     {false, 14, "MCA"},   {false, 15, "CMOV"},  {false, 16, "PAT"},
    {false, 17, "PSE36"},   {false, 19, "CLFSH"}, {false, 23, "MMX"},   {false, 24, "FXSR"},
    {false, 25, "SSE"},     {false, 26, "SSE2"},  {false, 28, "HTT"},   {true, 0, "SSE3"},
    {true, 1, "PCLMULQDQ"}, {true, 3, "MONITOR"}, {true, 5, "VMX"},     {true, 9, "SSSE3"},
    {true, 12, "FMA"},      {true, 13, "CX16"},   {true, 17, "PCID"},   {true, 19, "SSE4.1"},
    {true, 20, "SSE4.2"},   {true, 21, "X2APIC"}, {true, 22, "MOVBE"},  {true, 23, "POPCNT"},
    {true, 25, "AES"},      {true, 28, "AVX"},    {true, 30, "RDRAND"}, {true, 31, "HYPERVISOR"},
};

}  // namespace

Features read_features() {
    Features features{};
    const CpuidResult vendor = cpuid(0);
    store_text(features.vendor, vendor.ebx);
    store_text(features.vendor + 4, vendor.edx);
    store_text(features.vendor + 8, vendor.ecx);

    const CpuidResult version = cpuid(1);
    features.edx = version.edx;
    features.ecx = version.ecx;
    features.stepping = version.eax & 15;
    features.family = version.eax >> 8 & 15;
    features.model = version.eax >> 4 & 15;
    if (features.family == 6 || features.family == 15) {
        features.model = static_cast<std::uint8_t>(features.model + (version.eax >> 12 & 0xF0));
    }
    if (features.family == 15) {
        features.family = static_cast<std::uint8_t>(features.family + (version.eax >> 20 & 0xFF));
    }
    if (cpuid(0x80000000).eax >= 0x80000004) {
        for (std::uint32_t part = 0; part < 3; ++part) {
            const CpuidResult text = cpuid(0x80000002 + part);
            char* to = features.brand + 16 * part;
            store_text(to, text.eax);
            store_text(to + 4, text.ebx);
            store_text(to + 8, text.ecx);
            store_text(to + 12, text.edx);
        }
    }
    return features;
}

const FeatureName& feature_name(std::uint32_t index) {
    ASSERT(index < kFeatureNames);
    return kNames[index];
}

}  // namespace quire::cpu
