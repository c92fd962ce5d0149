// alignment: what padding costs in a struct, and the access to an address that is no multiple of
// its size, which an x86 allows unless it is told not to.
#include <array>

#include "libc/string.h"
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

// The same three members in two orders.
struct Mixed {
    char first;
    int number;
    char last;
};
struct Sorted {
    int number;
    char first;
    char last;
};
constexpr std::size_t kCount = 1000;
std::array<Mixed, kCount> mixed;
std::array<Sorted, kCount> sorted;

template <typename Member, typename Whole>
std::uint64_t offset(const Member& member, const Whole& whole) {
    return reinterpret_cast<std::uintptr_t>(&member) - reinterpret_cast<std::uintptr_t>(&whole);
}

void show_padding(Demo& demo) {
    demo.step("The members char, int, char have 6 bytes. An int begins at a multiple of 4.");
    demo.claim("char, int, char: the int is at", 4, offset(mixed[0].number, mixed[0]));
    demo.claim("the next element begins at", 12, offset(mixed[1], mixed[0]));
    demo.claim("int, char, char: the next element begins at", 8, offset(sorted[1], sorted[0]));
    demo.claim("bytes saved in an array of 1000", 4000,
               offset(mixed[kCount - 1], mixed[0]) - offset(sorted[kCount - 1], sorted[0]) + 4);
}

// QEMU's own translation of code does not look for unaligned accesses. It says in CPUID who it is.
bool is_translated() {
    std::array<char, 13> name{};
    std::uint32_t eax = 0x40000000, ebx = 0, ecx = 0, edx = 0;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    memcpy(name.data(), &ebx, 4);
    memcpy(name.data() + 4, &ecx, 4);
    memcpy(name.data() + 8, &edx, 4);
    return strcmp(name.data(), "TCGTCGTCGTCG") == 0;
}

// One read of four bytes, with EFLAGS.AC set, which asks for alignment checks (SDM 3A 6.15, #AC).
void read_with_check(const std::byte* address) {
    std::uint32_t value = 0;
    asm volatile(
        "pushfl\n\t"
        "orl $0x40000, (%%esp)\n\t"
        "popfl\n\t"
        "movl (%1), %0\n\t"
        "pushfl\n\t"
        "andl $0xfffbffff, (%%esp)\n\t"
        "popfl"
        : "=r"(value)
        : "r"(address)
        : "memory", "cc");
}

void show_access(Demo& demo) {
    alignas(8) static std::array<std::byte, 8> bytes;
    demo.step("Read four bytes at a multiple of 4, and one byte behind one.");
    demo.claim("unaligned, as a program usually is", "exit 0", end_of_child([] {
                   std::uint32_t value = 0;
                   asm volatile("movl (%1), %0" : "=r"(value) : "r"(&bytes[1]) : "memory");
               }));
    demo.step("The same with EFLAGS.AC set.");
    demo.claim("aligned", "exit 0", end_of_child([] { read_with_check(&bytes[0]); }));
    const bool traps = !is_translated();
    if (!traps)
        demo.note("this PC is QEMU's TCG, which has no alignment check: a real one sends SIGBUS");
    demo.claim("unaligned", traps ? "SIGBUS" : "exit 0",
               end_of_child([] { read_with_check(&bytes[1]); }));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "alignment", "padding in structs, and the access that is not aligned");
    show_padding(demo);
    show_access(demo);
    return demo.result();
}
