// What the heap benchmark replays: a list of malloc, realloc and free operations on numbered
// blocks.
//
// Traces are read from .rep files (four header lines, then `a ID BYTES`, `r ID BYTES`, `f ID`); the
// patterns below are generated, each from its own fixed seed. Every trace frees everything at its
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quire::bench {

struct HeapOperation {
    enum class Kind : std::uint32_t { Allocate, Reallocate, Free };
    Kind kind;
    std::uint32_t id;
    std::size_t bytes;
};

struct HeapTrace {
    std::string name;
    std::vector<HeapOperation> operations;
    std::size_t ids = 0;
    std::size_t peak_payload = 0;
};

/// Reads a .rep file; ends the program with a message when it cannot.
HeapTrace read_heap_trace(const std::string& path);

/// The generated pattern of that name; an empty trace when there is none.
HeapTrace generate_heap_pattern(const std::string& name);

/// The names generate_heap_pattern() knows.
const std::vector<std::string>& heap_pattern_names();

}  // namespace quire::bench
