// A CPU's memory management unit over phys_window: the judge of every page table we build.
//
// It walks the tables as SDM 3A 4.3 and 4.6 to 4.8 say for 32-bit paging, sets accessed and dirty
// bits, and raises Faults. Its caches are as unkind as SDM 3A 4.10 permits: they keep everything
// they may keep and forget only what the manual promises, so that a missing INVLPG shows every time
// and not once a month:
//
//     INVLPG            the page's TLB entries, global or not; all cached PDEs
//     load of CR3       all TLB entries but global ones; all cached PDEs
//     CR4.PGE toggled   everything
//     a page fault      the faulting page's TLB entries; the cached PDE it would use
//
// Walking is written from the manual and shares nothing with mm but the phys_window symbol: it does
// not use Pde, Pte or PageDirectory, which it is here to test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mm/fault.h"
#include "tests/host/machine_host.h"

namespace quire::test {

/// What the CPU may do with a 4 MiB page in its TLB (SDM 3A 4.10.2.3): keep it as one entry, or as
/// 4 KiB pieces, of which INVLPG promises to find all only while the tables still show a large
/// page.
enum class LargePages { Whole, InPieces };

/// Somebody narrowed an entry and the TLB was not told: what the TLB believes, what memory says.
struct MissingFlush {
    mm::VirtAddr address;
    std::string
        what;  // "gone", "frame", "writable", "user", "dirty", "accessed", "directory entry"
};

class SimulatedMmu : public MachineListener {
  public:
    explicit SimulatedMmu(mm::PagingMode mode = {}, LargePages large = LargePages::InPieces);
    /// Becomes the machine behind mm/machine.h until it is destroyed.
    ~SimulatedMmu() override;
    SimulatedMmu(const SimulatedMmu&) = delete;
    SimulatedMmu& operator=(const SimulatedMmu&) = delete;

    // mm/machine.h.
    void flush_page(mm::VirtAddr address) override;
    void flush_all() override;
    void flush_all_and_global() override;
    void load_page_directory(mm::FrameNumber directory) override;

    /// One access of 1, 2 or 4 bytes at any address, be it across two pages. A store that faults
    /// has stored nothing. Returns the fault, or nothing on success.
    std::optional<mm::Fault> load(mm::VirtAddr address, unsigned bytes, mm::Ring ring,
                                  std::uint32_t& value);
    std::optional<mm::Fault> store(mm::VirtAddr address, unsigned bytes, mm::Ring ring,
                                   std::uint32_t value);
    /// One byte of an instruction.
    std::optional<mm::Fault> fetch(mm::VirtAddr address, mm::Ring ring);

    /// Where `address` leads for this access; goes through the TLB and faults like the access.
    std::optional<mm::Fault> translate(mm::VirtAddr address, mm::Access access, mm::Ring ring,
                                       std::uint32_t& physical);

    /// What a CPU may do at any time of its own accord: walk to `address`, mark it accessed, and
    /// cache what it finds, the PDE even if there is no page (SDM 3A 4.10.2.3, 4.10.3.1).
    void prefetch(mm::VirtAddr address);

    [[nodiscard]] std::uint32_t cr2() const { return cr2_; }
    /// The error code of the last fault, with every bit as the CPU pushes it.
    [[nodiscard]] std::uint32_t error_code() const { return error_code_; }
    [[nodiscard]] mm::FrameNumber cr3() const { return mm::FrameNumber(cr3_); }

    /// Changes CR0.WP, CR4.PSE and CR4.PGE, forgetting what the manual says.
    void set_mode(mm::PagingMode mode);

    /// In strict mode every hit in a cache is compared with a fresh walk, and what the cache should
    /// have been told to forget is recorded (and still used, as a CPU would).
    void set_strict(bool strict) { strict_ = strict; }
    [[nodiscard]] const std::vector<MissingFlush>& missing_flushes() const { return missing_; }
    /// Compares everything cached with memory, now; forgets nothing. Slow.
    [[nodiscard]] std::vector<MissingFlush> find_stale() const;
    /// A cleared accessed bit whose page is still cached costs only precision, so some callers do
    /// not flush for it. Off: such entries are not reported.
    void set_accessed_matters(bool matters) { accessed_matters_ = matters; }

    [[nodiscard]] std::size_t cached() const { return tlb_.size() + large_.size(); }
    [[nodiscard]] bool caches(mm::VirtAddr address) const {
        return lookup(address.raw()).has_value();
    }

    struct Counters {
        std::uint64_t walks = 0, hits = 0, page_flushes = 0, full_flushes = 0, faults = 0;
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Entry {
        std::uint32_t frame;  // of the 4 KiB page or the first of the 4 MiB page
        bool writable, user, dirty, global;
        bool piece;  // a 4 KiB piece of a 4 MiB page
    };
    struct Hit {
        Entry entry;
        std::uint32_t frame;  // of the page asked for, whatever size the entry has
    };
    struct CachedPde {
        std::uint32_t table;  // address of the page table
        bool writable, user;
    };
    struct Walk {
        bool present = false;
        bool reserved = false;
        bool large = false;
        std::uint32_t pde_at = 0, pde = 0, pte_at = 0, pte = 0;  // pde_at 0: the PDE was cached
        std::uint32_t frame = 0;                                 // of the page asked for
        Entry entry{};
    };
    enum class UseCachedPde { Yes, No };

    [[nodiscard]] Walk walk(std::uint32_t address, UseCachedPde use) const;
    [[nodiscard]] bool allows(bool writable, bool user, mm::Access access, mm::Ring ring) const;
    std::optional<mm::Fault> fault(std::uint32_t address, mm::Access access, mm::Ring ring,
                                   bool present, bool reserved);
    void set_accessed_and_dirty(const Walk& walk, mm::Access access);
    void remember(std::uint32_t address, const Walk& walk);
    void remember_pde(std::uint32_t address, std::uint32_t pde);
    [[nodiscard]] std::optional<Hit> lookup(std::uint32_t address) const;
    void forget_page(std::uint32_t address);
    [[nodiscard]] std::optional<std::string> disagreement(std::uint32_t address,
                                                          const Hit& hit) const;
    [[nodiscard]] bool is_stale(std::uint32_t index, const CachedPde& cached) const;

    mm::PagingMode mode_;
    LargePages large_pages_;
    MachineListener* before_;
    std::uint32_t cr3_ = 0;  // as a frame number
    std::uint32_t cr2_ = 0;
    std::uint32_t error_code_ = 0;
    std::unordered_map<std::uint32_t, Entry> tlb_;       // by page number
    std::unordered_map<std::uint32_t, Entry> large_;     // by directory index
    std::unordered_map<std::uint32_t, CachedPde> pdes_;  // by directory index
    bool strict_ = true;
    bool accessed_matters_ = true;
    std::vector<MissingFlush> missing_;
    Counters counters_;
};

}  // namespace quire::test
