// I/O ports: the IN and OUT instructions.
#pragma once

#include <cstdint>

namespace quire::cpu {

inline std::uint8_t in8(std::uint16_t port) {
    std::uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline std::uint16_t in16(std::uint16_t port) {
    std::uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline std::uint32_t in32(std::uint16_t port) {
    std::uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline void out8(std::uint16_t port, std::uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline void out16(std::uint16_t port, std::uint16_t value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
inline void out32(std::uint16_t port, std::uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/// Moves `count` 16-bit words between one port and RAM.
inline void in16_block(std::uint16_t port, void* words, std::uint32_t count) {
    asm volatile("rep insw" : "+D"(words), "+c"(count) : "d"(port) : "memory");
}
inline void out16_block(std::uint16_t port, const void* words, std::uint32_t count) {
    asm volatile("rep outsw" : "+S"(words), "+c"(count) : "d"(port) : "memory");
}

/// About a microsecond: a write to the POST port, which nobody reads.
inline void io_wait() {
    out8(0x80, 0);
}

}  // namespace quire::cpu
