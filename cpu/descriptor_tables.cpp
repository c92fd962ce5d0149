#include "cpu/descriptor_tables.h"

#include <cstddef>

#include "cpu/registers.h"
#include "kernel/base/assert.h"

extern "C" [[noreturn]] void double_fault_entry();
extern "C" [[noreturn]] void nmi_entry();

namespace quire::cpu {
namespace {

constexpr std::size_t kGdtEntries = 11;
constexpr std::size_t kEmergencyStackBytes = 4096;

// The access byte and the flags nibble of a descriptor (SDM 3A figure 3-8).
constexpr std::uint8_t kCodeRing0 = 0x9A;
constexpr std::uint8_t kDataRing0 = 0x92;
constexpr std::uint8_t kCodeRing3 = 0xFA;
constexpr std::uint8_t kDataRing3 = 0xF2;
constexpr std::uint8_t kAvailableTss = 0x89;
constexpr std::uint8_t kFlat4GiB = 0xC;  // 32-bit, limit in 4 KiB units
constexpr std::uint8_t kByteLimit = 0x0;

constexpr std::uint64_t descriptor(std::uint32_t base, std::uint32_t limit, std::uint8_t access,
                                   std::uint8_t flags) {
    const std::uint32_t low = (limit & 0xFFFF) | base << 16;
    const std::uint32_t high = (base >> 16 & 0xFF) | static_cast<std::uint32_t>(access) << 8 |
                               (limit & 0xF0000) | static_cast<std::uint32_t>(flags) << 20 |
                               (base & 0xFF000000);
    return static_cast<std::uint64_t>(high) << 32 | low;
}
static_assert(descriptor(0, 0xFFFFF, kCodeRing0, kFlat4GiB) == 0x00CF9A000000FFFF);

constinit std::uint64_t gdt[kGdtEntries] = {
    0,
    descriptor(0, 0xFFFFF, kCodeRing0, kFlat4GiB),
    descriptor(0, 0xFFFFF, kDataRing0, kFlat4GiB),
    descriptor(0, 0xFFFFF, kCodeRing3, kFlat4GiB),
    descriptor(0, 0xFFFFF, kDataRing3, kFlat4GiB),
};

constinit TaskState main_tss{};
constinit TaskState double_fault_tss{};
constinit TaskState nmi_tss{};
alignas(16) std::byte double_fault_stack[kEmergencyStackBytes];
alignas(16) std::byte nmi_stack[kEmergencyStackBytes];

void place_tss(std::uint16_t selector, TaskState& tss) {
    tss.io_map_base = sizeof(TaskState);  // beyond the limit: ring 3 gets no port
    gdt[selector / 8] = descriptor(reinterpret_cast<std::uint32_t>(&tss), sizeof(TaskState) - 1,
                                   kAvailableTss, kByteLimit);
}

void prepare_emergency_task(TaskState& tss, void (*entry)(), std::byte* stack) {
    tss.cr3 = read_cr3();
    tss.eip = reinterpret_cast<std::uint32_t>(entry);
    tss.eflags = 2;  // interrupts off; bit 1 always reads 1
    tss.esp = reinterpret_cast<std::uint32_t>(stack + kEmergencyStackBytes);
    tss.cs = kKernelCode;
    tss.ds = tss.es = tss.fs = tss.gs = tss.ss = kKernelData;
}

}  // namespace

void load_descriptor_tables() {
    main_tss.ss0 = kKernelData;
    main_tss.cr3 = read_cr3();
    prepare_emergency_task(double_fault_tss, double_fault_entry, double_fault_stack);
    prepare_emergency_task(nmi_tss, nmi_entry, nmi_stack);
    place_tss(kMainTss, main_tss);
    place_tss(kDoubleFaultTss, double_fault_tss);
    place_tss(kNmiTss, nmi_tss);

    struct [[gnu::packed]] {
        std::uint16_t limit;
        std::uint32_t base;
    } const pointer{sizeof(gdt) - 1, reinterpret_cast<std::uint32_t>(gdt)};
    asm volatile(
        "lgdt %0\n"
        "ljmp %1, $1f\n"
        "1: movl %2, %%ds\n"
        "movl %2, %%es\n"
        "movl %2, %%ss\n"
        "movl %3, %%fs\n"
        "movl %3, %%gs\n"
        "lldt %w3\n"  // none: else it is at linear address 0, as after a reset
        "ltr %w4\n"
        :
        : "m"(pointer), "i"(kKernelCode), "r"(kKernelData), "r"(0U),
          "r"(static_cast<std::uint32_t>(kMainTss))
        : "memory");
}

void set_tls_descriptor(std::uint32_t slot, std::uint64_t value) {
    ASSERT(slot < kTlsEntries);
    gdt[kFirstTlsSelector / 8 + slot] = value;
    // What FS and GS hold may be no segment any more, and each trap from here on saves and loads
    // them. The program's own are on the kernel stack.
    asm volatile("movl %0, %%fs\n movl %0, %%gs" : : "r"(0U));
}

TaskState& main_task_state() {
    return main_tss;
}

void set_emergency_page_directory(std::uint32_t cr3) {
    double_fault_tss.cr3 = cr3;
    nmi_tss.cr3 = cr3;
}

void note_page_directory(std::uint32_t cr3) {
    main_tss.cr3 = cr3;
}

}  // namespace quire::cpu
