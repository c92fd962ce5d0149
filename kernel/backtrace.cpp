#include "kernel/backtrace.h"

#include <optional>
#include <span>

#include "cpu/fault_fixup.h"
#include "libc/format.h"

extern "C" const std::byte symbols_start[];
extern "C" const std::byte symbols_end[];
extern "C" const std::byte text_start[];
extern "C" const std::byte text_end[];

namespace quire::kernel {
namespace {

constexpr int kMaxFrames = 32;

constinit std::optional<SymbolTable> table;
constinit bool table_was_read = false;

// The table knows functions of the text and nothing behind it.
bool is_kernel_text(std::uint32_t address) {
    return address >= reinterpret_cast<std::uint32_t>(text_start) &&
           address < reinterpret_cast<std::uint32_t>(text_end);
}

}  // namespace

const SymbolTable* kernel_symbols() {
    if (!table_was_read) {
        table_was_read = true;
        table = SymbolTable::parse({symbols_start, symbols_end});
    }
    return table.has_value() ? &*table : nullptr;
}

bool name_code(std::uint32_t address, CodeAddress kind, std::span<char> name) {
    // A call may be the last instruction of its function: the return address is already beyond.
    const std::uint32_t back = kind == CodeAddress::AfterCall ? 1 : 0;
    const SymbolTable* symbols = kernel_symbols();
    if (symbols == nullptr || !is_kernel_text(address - back)) return false;
    const auto found = symbols->find(address - back);
    if (!found.has_value()) return false;
    const SymbolName& symbol = found->name;
    (void)snprintf(name.data(), name.size(), "%.*s%.*s+0x%x", static_cast<int>(symbol.scope.size()),
                   symbol.scope.data(), static_cast<int>(symbol.name.size()), symbol.name.data(),
                   found->offset + back);
    return true;
}

void print_symbol(Console& console, std::uint32_t address, CodeAddress kind) {
    char name[kCodeNameBytes];
    console.print("%08X", address);
    if (name_code(address, kind, name)) console.print(" %s", name);
}

void print_backtrace(Console& console, std::uint32_t eip, std::uint32_t ebp) {
    for (int frame = 0; frame < kMaxFrames; ++frame) {
        console.print("  ");
        print_symbol(console, eip, frame == 0 ? CodeAddress::Itself : CodeAddress::AfterCall);
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
