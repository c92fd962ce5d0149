// Who called whom: walks the chain of frame pointers and names what it finds.
//
//     ebp -> | caller's ebp | return address | ...
//
// Every read may fault and then ends the walk, so a broken stack cannot hurt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/console.h"
#include "kernel/symbols.h"

namespace quire::kernel {

/// The symbol table in the kernel image. It is empty if the image's table is not whole.
const SymbolTable* kernel_symbols();

/// Where a code address comes from: an instruction of its own, or the return of a call before it.
enum class CodeAddress : std::uint8_t { Itself, AfterCall };

/// Room for the longest name of a place in the code; a longer one is cut.
inline constexpr std::size_t kCodeNameBytes = 192;

/// Writes "name+0x12" for `address` to `name`; false, and nothing written, if it is not in the
/// kernel's text or there is no symbol table.
bool name_code(std::uint32_t address, CodeAddress kind, std::span<char> name);

/// Prints "C0101234 name+0x12" (or the bare address) for `address`, without a newline.
void print_symbol(Console& console, std::uint32_t address, CodeAddress kind);

/// Prints a line for `eip` and one for each caller found from `ebp` on.
void print_backtrace(Console& console, std::uint32_t eip, std::uint32_t ebp);

}  // namespace quire::kernel
