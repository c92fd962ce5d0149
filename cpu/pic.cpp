#include "cpu/pic.h"

#include "cpu/idt.h"
#include "cpu/irq.h"
#include "cpu/ports.h"
#include "kernel/base/assert.h"

namespace quire::cpu {
namespace {

constexpr std::uint16_t kFirstCommand = 0x20;
constexpr std::uint16_t kFirstData = 0x21;
constexpr std::uint16_t kSecondCommand = 0xA0;
constexpr std::uint16_t kSecondData = 0xA1;

constexpr std::uint8_t kInitialiseCascaded = 0x11;  // ICW1: edge triggered, cascaded, ICW4 follows
constexpr std::uint8_t k8086Mode = 0x01;            // ICW4
constexpr std::uint8_t kReadInService = 0x0B;       // OCW3
constexpr std::uint8_t kSpecificEoi = 0x60;         // OCW2, with the line in bits 2-0
constexpr std::uint8_t kCascadeLine = 2;

struct Line {
    IrqHandler handler;
    void* context;
    IrqStatistics statistics;
};
constinit Line lines[kIrqLines]{};
constinit std::uint32_t spurious_count = 0;
constinit std::uint16_t mask = static_cast<std::uint16_t>(~(1U << kCascadeLine));

void write_mask() {
    out8(kFirstData, static_cast<std::uint8_t>(mask));
    out8(kSecondData, static_cast<std::uint8_t>(mask >> 8));
}

void initialise_one(std::uint16_t command, std::uint16_t data, std::uint8_t first_vector,
                    std::uint8_t cascade) {
    out8(command, kInitialiseCascaded);
    io_wait();
    out8(data, first_vector);
    io_wait();
    out8(data, cascade);
    io_wait();
    out8(data, k8086Mode);
    io_wait();
}

void end_of_interrupt(std::uint8_t irq) {
    if (irq >= 8) {
        out8(kSecondCommand, static_cast<std::uint8_t>(kSpecificEoi | (irq - 8)));
        out8(kFirstCommand, kSpecificEoi | kCascadeLine);
    } else {
        out8(kFirstCommand, static_cast<std::uint8_t>(kSpecificEoi | irq));
    }
}

// A request that was withdrawn before the CPU asked is reported as line 7 of its controller, with
// that line's in-service bit clear. It gets no EOI; but the cascade does if it was the second one.
bool is_spurious(std::uint8_t irq) {
    if (irq != 7 && irq != 15) return false;
    const std::uint16_t command = irq == 7 ? kFirstCommand : kSecondCommand;
    out8(command, kReadInService);
    if ((in8(command) & 0x80) != 0) return false;
    if (irq == 15) out8(kFirstCommand, kSpecificEoi | kCascadeLine);
    return true;
}

}  // namespace

void initialise_pic() {
    initialise_one(kFirstCommand, kFirstData, kFirstIrqVector, 1U << kCascadeLine);
    initialise_one(kSecondCommand, kSecondData, kFirstIrqVector + 8, kCascadeLine);
    write_mask();
}

void dispatch_irq(std::uint8_t irq) {
    if (is_spurious(irq)) {
        ++spurious_count;
        return;
    }
    Line& line = lines[irq];
    if (line.handler == nullptr) {
        ++line.statistics.unclaimed;
    } else {
        ++line.statistics.handled;
        line.handler(line.context);
    }
    end_of_interrupt(irq);
}

void irq_register(std::uint8_t irq, IrqHandler handler, void* context) {
    ASSERT(irq < kIrqLines && lines[irq].handler == nullptr);
    InterruptGuard guard;
    lines[irq].handler = handler;
    lines[irq].context = context;
    irq_unmask(irq);
}

void irq_mask(std::uint8_t irq) {
    ASSERT(irq < kIrqLines);
    InterruptGuard guard;
    mask = static_cast<std::uint16_t>(mask | 1U << irq);
    write_mask();
}

void irq_unmask(std::uint8_t irq) {
    ASSERT(irq < kIrqLines);
    InterruptGuard guard;
    mask = static_cast<std::uint16_t>(mask & ~(1U << irq));
    write_mask();
}

IrqStatistics irq_statistics(std::uint8_t irq) {
    ASSERT(irq < kIrqLines);
    return lines[irq].statistics;
}

std::uint32_t spurious_irqs() {
    return spurious_count;
}

}  // namespace quire::cpu
