#include "kernel/backtrace.h"

#include <optional>
#include <span>

#include "cpu/fault_fixup.h"

extern "C" const std::byte symbols_start[];
extern "C" const std::byte symbols_end[];

namespace quire::kernel {
namespace {

constexpr int kMaxFrames = 32;

constinit std::optional<SymbolTable> table;
constinit bool table_was_read = false;

}  // namespace

const SymbolTable* kernel_symbols() {
    if (!table_was_read) {
        table_was_read = true;
        table = SymbolTable::parse({symbols_start, symbols_end});
    }
    return table.has_value() ? &*table : nullptr;
}

void print_symbol(Console& console, std::uint32_t address) {
    console.print("%08X", address);
    const SymbolTable* symbols = kernel_symbols();
    if (symbols == nullptr) return;
    const auto found = symbols->find(address);
    if (!found.has_value()) return;
    console.print(" %.*s+0x%x", static_cast<int>(found->name.size()), found->name.data(),
                  found->offset);
}

void print_backtrace(Console& console, std::uint32_t eip, std::uint32_t ebp) {
    for (int frame = 0; frame < kMaxFrames; ++frame) {
        console.print("  ");
        print_symbol(console, eip);
        console.print("\n");
        const auto caller_ebp = cpu::try_read(ebp, 4);
        const auto return_address = cpu::try_read(ebp + 4, 4);
        if (!caller_ebp.has_value() || !return_address.has_value()) return;
        // Callers lie higher on the stack; but a trap that came on another stack may go anywhere.
        if (*return_address == 0 || *caller_ebp == ebp) return;
        eip = *return_address;
        ebp = *caller_ebp;
    }
    console.print("  ... and more\n");
}

}  // namespace quire::kernel
