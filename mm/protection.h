// Who may do what: the words shared by page tables, faults and the walk that explains them.
//
// 32-bit paging knows two rights, R/W and U/S, hence four protections; it cannot forbid a fetch
// from a page that may be read (SDM 3A 4.6). PagingMode holds the control bits the rules depend on.
#pragma once

#include <cstdint>

namespace quire::mm {

enum class Access : std::uint8_t { Read, Write, Fetch };

/// The privilege of an access: CPL 0 to 2 is supervisor mode, of which Quire uses ring 0 only.
enum class Ring : std::uint8_t { Kernel, User };

enum class Protection : std::uint8_t {
    KernelReadOnly,
    KernelReadWrite,
    UserReadOnly,
    UserReadWrite
};

constexpr bool is_writable(Protection protection) {
    return protection == Protection::KernelReadWrite || protection == Protection::UserReadWrite;
}
constexpr bool is_user(Protection protection) {
    return protection == Protection::UserReadOnly || protection == Protection::UserReadWrite;
}
/// `protection` without the right to write.
constexpr Protection read_only(Protection protection) {
    return is_user(protection) ? Protection::UserReadOnly : Protection::KernelReadOnly;
}

/// How the caches treat a page: ordinary memory, or device registers, which must never be cached.
enum class Caching : std::uint8_t { WriteBack, WriteThrough, Uncached };

/// Whether a translation is the same in every address space, so that a load of CR3 may keep it.
enum class Scope : std::uint8_t { OneSpace, Global };

/// The control bits under which the CPU walks: CR0.WP, CR4.PSE, CR4.PGE.
struct PagingMode {
    bool write_protect = true;  // ring 0 obeys read-only entries
    bool large_pages = true;    // the PS bit of a PDE means something
    bool global_pages = true;   // the G bit means something

    constexpr bool operator==(const PagingMode&) const = default;
};

}  // namespace quire::mm
