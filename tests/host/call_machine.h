// What the tests of mremap, madvise and mlock share: a space with pages in all the states there
// are, its regions as text, and calls that fail at every allocation in turn.
#pragma once

#include <cstdio>
#include <string>

#include "tests/host/fault_machine.h"

namespace quire::test {

class CallMachine : public FaultMachine {
  protected:
    static mm::RegionTraits with_lock(mm::RegionTraits traits) {
        traits.locked = true;
        return traits;
    }
    /// Writes first + i into page i: now, by faults.
    void fill(mm::PageNumber page, std::uint32_t count, unsigned first) {
        for (std::uint32_t i = 0; i < count; ++i)
            EXPECT_TRUE(write(page + mm::PageCount(i), first + i));
    }
    /// Whether page i reads first + i.
    [[nodiscard]] bool holds(mm::PageNumber page, std::uint32_t count, unsigned first) {
        for (std::uint32_t i = 0; i < count; ++i)
            if (read(page + mm::PageCount(i)) != (first + i) % 256) return false;
        return true;
    }
    mm::Region* region(mm::PageNumber page) { return running().regions().find(page); }

    /// "10+4 rw, 20+1 rL": first page and size in hexadecimal, rights, s for shared, L for locked.
    std::string regions() {
        std::string text;
        for (mm::Region* region = running().regions().first(); region != nullptr;
             region = running().regions().next(*region)) {
            char line[64];
            const mm::RegionTraits& traits = region->traits();
            std::snprintf(line, sizeof line, "%s%x+%x %s%s%s%s", text.empty() ? "" : ", ",
                          region->range().first.raw(), region->range().count().raw(),
                          traits.rights.has(mm::Rights::read()) ? "r" : "",
                          traits.rights.has(mm::Rights::write()) ? "w" : "",
                          traits.shared ? "s" : "", traits.locked ? "L" : "");
            text += line;
        }
        return text;
    }

    /// Every entry of the running space, one by one: what a program could come to see.
    std::string entries() {
        std::string text;
        running().pages().for_each(mm::kUserPages, [&](mm::PageNumber page, mm::PteLocation,
                                                       mm::Pte pte) {
            char line[64];
            std::snprintf(line, sizeof line, "%x:%c ", page.raw(), pte.is_swapped() ? 's' : 'r');
            text += line;
        });
        return text;
    }

    /// Runs `call` with the first, the second, ... allocation failing until it succeeds. Checks
    /// everything after each failure, and that regions are as they were. Answers how many failed.
    template <typename Call>
    std::uint32_t fail_each(Call call, Error expected = Error::OutOfMemory) {
        const std::string before = regions();
        for (std::uint32_t n = 1;; ++n) {
            machine.slabs.reclaim();
            machine.machine.injector.fail_nth(n);
            const auto result = call();
            machine.machine.injector.fail_nth(0);
            if (result.ok()) return n - 1;
            EXPECT_EQ(result.error(), expected) << "allocation " << n;
            EXPECT_EQ(regions(), before) << "allocation " << n;
            machine.check();
        }
    }
};

}  // namespace quire::test
