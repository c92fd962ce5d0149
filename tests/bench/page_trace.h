// What the page-replacement benchmark replays: the pages a program used, in order.
//
// Format PGT1: "PGT1"; the number of pages N and the number of records, both LEB128; then a LEB128
// number a record: bit 0 tells a store, the rest is the zigzag difference to the page before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::bench {

struct PageTrace {
    std::uint32_t pages = 0;  // they are numbered from 0
    std::vector<std::uint32_t> uses;
};

/// Reads a decompressed .pgt file; ends the program with a message when it cannot.
PageTrace read_page_trace(const std::string& path);

/// The generated pattern of that name; of no pages when there is none:
///     loop    the same pages in the same order, again and again
///     skewed  at random, half of all uses in a tenth of the pages
///     scan    skewed, with a walk over everything now and then
PageTrace generate_page_pattern(const std::string& name);

/// Page faults of the best possible policy, which knows the future (Belady's OPT).
std::uint64_t optimal_faults(const PageTrace& trace, std::uint32_t frames);

/// Page faults of exact LRU, which sees each single use.
std::uint64_t lru_faults(const PageTrace& trace, std::uint32_t frames);

}  // namespace quire::bench
