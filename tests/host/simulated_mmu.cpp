#include "tests/host/simulated_mmu.h"

#include <cstring>
#include <utility>

namespace quire::test {

using mm::Access;
using mm::Fault;
using mm::Ring;

namespace {

// SDM 3A tables 4-4, 4-5 and 4-6, written out anew so that a wrong bit in mm is not wrong here too.
constexpr std::uint32_t kP = 0x001, kRW = 0x002, kUS = 0x004, kA = 0x020, kD = 0x040, kPS = 0x080,
                        kG = 0x100;
constexpr std::uint32_t kReservedInLarge = 0x003FE000;  // bits 21:13, without PSE-36

constexpr std::uint64_t kRamBytes = std::uint64_t{kHostFrames.raw()} * 4096;

std::uint32_t read_physical(std::uint32_t address, unsigned bytes) {
    std::uint32_t value = 0xFFFFFFFF;  // nobody answers on the bus
    if (std::uint64_t{address} + bytes <= kRamBytes) {
        value = 0;
        std::memcpy(&value, phys_window + address, bytes);
    }
    return value;
}

void write_physical(std::uint32_t address, std::uint32_t value, unsigned bytes) {
    if (std::uint64_t{address} + bytes <= kRamBytes)
        std::memcpy(phys_window + address, &value, bytes);
}

}  // namespace

SimulatedMmu::SimulatedMmu(mm::PagingMode mode, LargePages large)
    : mode_(mode), large_pages_(large), before_(set_machine_listener(this)) {}

SimulatedMmu::~SimulatedMmu() {
    set_machine_listener(before_);
}

// --- what the CPU forgets (SDM 3A 4.10.4.1) ---

void SimulatedMmu::flush_page(mm::VirtAddr address) {
    ++counters_.page_flushes;
    forget_page(address.raw());
    pdes_.clear();
}

void SimulatedMmu::flush_all() {
    ++counters_.full_flushes;
    std::erase_if(tlb_, [](const auto& item) { return !item.second.global; });
    std::erase_if(large_, [](const auto& item) { return !item.second.global; });
    pdes_.clear();
}

void SimulatedMmu::flush_all_and_global() {
    ++counters_.full_flushes;
    tlb_.clear();
    large_.clear();
    pdes_.clear();
}

void SimulatedMmu::load_page_directory(mm::FrameNumber directory) {
    cr3_ = directory.raw();
    flush_all();
}

void SimulatedMmu::set_mode(mm::PagingMode mode) {
    // MOV to CR4 that changes PGE forgets everything; PSE does too where it is changed.
    if (mode.global_pages != mode_.global_pages || mode.large_pages != mode_.large_pages) {
        flush_all_and_global();
    }
    mode_ = mode;
}

void SimulatedMmu::forget_page(std::uint32_t address) {
    tlb_.erase(address >> 12);
    large_.erase(address >> 22);
    // "All TLB entries corresponding to the translation specified by the paging structures."
    const std::uint32_t pde = read_physical((cr3_ << 12) + (address >> 22) * 4, 4);
    if (!mode_.large_pages || (pde & kP) == 0 || (pde & kPS) == 0) return;
    std::erase_if(tlb_, [address](const auto& item) {
        return item.second.piece && item.first >> 10 == address >> 22;
    });
}

// --- the walk (SDM 3A 4.3) ---

SimulatedMmu::Walk SimulatedMmu::walk(std::uint32_t address, UseCachedPde use) const {
    Walk walk;
    const auto cached = pdes_.find(address >> 22);
    std::uint32_t table = 0;
    bool writable = false;
    bool user = false;
    if (use == UseCachedPde::Yes && cached != pdes_.end()) {
        table = cached->second.table;
        writable = cached->second.writable;
        user = cached->second.user;
    } else {
        walk.pde_at = (cr3_ << 12) + (address >> 22) * 4;
        walk.pde = read_physical(walk.pde_at, 4);
        if ((walk.pde & kP) == 0) return walk;
        writable = (walk.pde & kRW) != 0;
        user = (walk.pde & kUS) != 0;
        if (mode_.large_pages && (walk.pde & kPS) != 0) {
            walk.large = true;
            walk.reserved = (walk.pde & kReservedInLarge) != 0;
            walk.present = !walk.reserved;
            walk.frame = ((walk.pde & 0xFFC00000) >> 12) + (address >> 12 & 0x3FF);
            walk.entry = {(walk.pde & 0xFFC00000) >> 12,
                          writable,
                          user,
                          (walk.pde & kD) != 0,
                          mode_.global_pages && (walk.pde & kG) != 0,
                          false};
            return walk;
        }
        table = walk.pde & 0xFFFFF000;
    }
    walk.pte_at = table + (address >> 12 & 0x3FF) * 4;
    walk.pte = read_physical(walk.pte_at, 4);
    if ((walk.pte & kP) == 0) return walk;
    walk.present = true;
    walk.frame = walk.pte >> 12;
    walk.entry = {walk.pte >> 12,
                  writable && (walk.pte & kRW) != 0,
                  user && (walk.pte & kUS) != 0,
                  (walk.pte & kD) != 0,
                  mode_.global_pages && (walk.pte & kG) != 0,
                  false};
    return walk;
}

// SDM 3A 4.6.1, without SMEP, SMAP, NX: `writable` and `user` are those of every entry together.
bool SimulatedMmu::allows(bool writable, bool user, Access access, Ring ring) const {
    if (ring == Ring::User) return user && (access != Access::Write || writable);
    return access != Access::Write || writable || !mode_.write_protect;
}

// SDM 3A 4.8: A in every entry used, D in the last one for a write. Both are sticky.
void SimulatedMmu::set_accessed_and_dirty(const Walk& walk, Access access) {
    const std::uint32_t last = kA | (access == Access::Write ? kD : 0);
    if (walk.pde_at != 0) write_physical(walk.pde_at, walk.pde | (walk.large ? last : kA), 4);
    if (!walk.large) write_physical(walk.pte_at, walk.pte | last, 4);
}

std::optional<Fault> SimulatedMmu::fault(std::uint32_t address, Access access, Ring ring,
                                         bool present, bool reserved) {
    ++counters_.faults;
    forget_page(address);
    pdes_.erase(address >> 22);
    cr2_ = address;
    error_code_ = (present || reserved ? 1U : 0U) | (access == Access::Write ? 2U : 0U) |
                  (ring == Ring::User ? 4U : 0U) | (reserved ? 8U : 0U);
    return Fault::decode(mm::VirtAddr(address), error_code_);
}

// --- the TLB ---

std::optional<SimulatedMmu::Hit> SimulatedMmu::lookup(std::uint32_t address) const {
    if (const auto small = tlb_.find(address >> 12); small != tlb_.end()) {
        return Hit{small->second, small->second.frame};
    }
    if (const auto large = large_.find(address >> 22); large != large_.end()) {
        return Hit{large->second, large->second.frame + (address >> 12 & 0x3FF)};
    }
    return std::nullopt;
}

void SimulatedMmu::remember(std::uint32_t address, const Walk& walk) {
    Entry entry = walk.entry;
    if (walk.large && large_pages_ == LargePages::Whole) {
        large_[address >> 22] = entry;
        return;
    }
    if (walk.large) {
        entry.frame = walk.frame;
        entry.piece = true;
    } else if (walk.pde_at != 0) {
        remember_pde(address, walk.pde);
    }
    tlb_[address >> 12] = entry;
}

void SimulatedMmu::remember_pde(std::uint32_t address, std::uint32_t pde) {
    pdes_[address >> 22] = {pde & 0xFFFFF000, (pde & kRW) != 0, (pde & kUS) != 0};
}

void SimulatedMmu::prefetch(mm::VirtAddr where) {
    if (lookup(where.raw())) return;
    const Walk found = walk(where.raw(), UseCachedPde::Yes);
    if (found.present) {
        set_accessed_and_dirty(found, Access::Read);
        remember(where.raw(), found);
    } else if ((found.pde & kP) != 0 && !found.large) {
        write_physical(found.pde_at, found.pde | kA, 4);
        remember_pde(where.raw(), found.pde);
    }
}

std::optional<Fault> SimulatedMmu::translate(mm::VirtAddr where, Access access, Ring ring,
                                             std::uint32_t& physical) {
    const std::uint32_t address = where.raw();
    if (const std::optional<Hit> hit = lookup(address)) {
        ++counters_.hits;
        if (strict_) {
            if (auto what = disagreement(address, *hit)) missing_.push_back({where, *what});
        }
        if (!allows(hit->entry.writable, hit->entry.user, access, ring)) {
            return fault(address, access, ring, true, false);
        }
        // The first write through a clean entry goes to memory to set the dirty bit.
        if (access != Access::Write || hit->entry.dirty) {
            physical = (hit->frame << 12) + address % mm::kPageSize;
            return std::nullopt;
        }
    }
    ++counters_.walks;
    if (const auto cached = pdes_.find(address >> 22); strict_ && cached != pdes_.end()) {
        if (is_stale(cached->first, cached->second)) missing_.push_back({where, "directory entry"});
    }
    Walk found = walk(address, UseCachedPde::Yes);
    if (!found.present) return fault(address, access, ring, false, found.reserved);
    if (!allows(found.entry.writable, found.entry.user, access, ring)) {
        return fault(address, access, ring, true, false);
    }
    set_accessed_and_dirty(found, access);
    if (access == Access::Write) found.entry.dirty = true;
    remember(address, found);
    physical = (found.frame << 12) + address % mm::kPageSize;
    return std::nullopt;
}

// --- loads and stores ---

namespace {

// Bytes of the access that lie in its first page.
unsigned in_first_page(std::uint32_t address, unsigned bytes) {
    const unsigned room = mm::kPageSize - address % mm::kPageSize;
    return bytes < room ? bytes : room;
}

}  // namespace

std::optional<Fault> SimulatedMmu::load(mm::VirtAddr address, unsigned bytes, Ring ring,
                                        std::uint32_t& value) {
    const unsigned first = in_first_page(address.raw(), bytes);
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    if (auto fault = translate(address, Access::Read, ring, low)) return fault;
    if (first < bytes) {
        if (auto fault = translate(address + first, Access::Read, ring, high)) return fault;
    }
    value = read_physical(low, first);
    if (first < bytes) value |= read_physical(high, bytes - first) << (8 * first);
    return std::nullopt;
}

std::optional<Fault> SimulatedMmu::store(mm::VirtAddr address, unsigned bytes, Ring ring,
                                         std::uint32_t value) {
    const unsigned first = in_first_page(address.raw(), bytes);
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    if (auto fault = translate(address, Access::Write, ring, low)) return fault;
    if (first < bytes) {
        if (auto fault = translate(address + first, Access::Write, ring, high)) return fault;
    }
    write_physical(low, value, first);
    if (first < bytes) write_physical(high, value >> (8 * first), bytes - first);
    return std::nullopt;
}

std::optional<Fault> SimulatedMmu::fetch(mm::VirtAddr address, Ring ring) {
    std::uint32_t physical = 0;
    return translate(address, Access::Fetch, ring, physical);
}

// --- the oracle ---

// What `entry`, cached for `address`, claims beyond what memory says now. Memory that grants more
// is no offence: a CPU may fault once and look again (SDM 3A 4.10.4.3).
std::optional<std::string> SimulatedMmu::disagreement(std::uint32_t address, const Hit& hit) const {
    const Walk now = walk(address, UseCachedPde::No);
    if (!now.present) return "gone";
    if (hit.frame != now.frame) return "frame";
    if (hit.entry.writable && !now.entry.writable) return "writable";
    if (hit.entry.user && !now.entry.user) return "user";
    if (hit.entry.dirty && !now.entry.dirty) return "dirty";
    const bool accessed = ((now.large ? now.pde : now.pte) & kA) != 0;
    if (accessed_matters_ && !accessed) return "accessed";
    return std::nullopt;
}

bool SimulatedMmu::is_stale(std::uint32_t index, const CachedPde& cached) const {
    const std::uint32_t pde = read_physical((cr3_ << 12) + index * 4, 4);
    return (pde & kP) == 0 || (mode_.large_pages && (pde & kPS) != 0) ||
           (pde & 0xFFFFF000) != cached.table || (cached.writable && (pde & kRW) == 0) ||
           (cached.user && (pde & kUS) == 0);
}

std::vector<MissingFlush> SimulatedMmu::find_stale() const {
    std::vector<MissingFlush> stale;
    const auto judge = [this, &stale](std::uint32_t address, const Hit& hit) {
        if (auto what = disagreement(address, hit)) stale.push_back({mm::VirtAddr(address), *what});
    };
    for (const auto& [page, entry] : tlb_)
        judge(page << 12, {entry, entry.frame});
    for (const auto& [index, entry] : large_) {
        for (std::uint32_t i = 0; i < 1024; ++i) {
            judge((index << 22) + (i << 12), {entry, entry.frame + i});
        }
    }
    for (const auto& [index, cached] : pdes_) {
        if (is_stale(index, cached))
            stale.push_back({mm::VirtAddr(index << 22), "directory entry"});
    }
    return stale;
}

}  // namespace quire::test
