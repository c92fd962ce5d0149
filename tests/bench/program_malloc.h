// malloc as programs have it (libc/program/malloc.cpp), under other names and over a page source of
// ours: beside it the C library's own stays what it is.
#pragma once

#include <cstddef>

#include "libc/heap/page_source.h"

namespace quire::bench {

/// Makes the heap anew; what it had before stays with its source.
void start_program_heap(heap::PageSource& source);

}  // namespace quire::bench

extern "C" {
void* program_malloc(std::size_t size);
void* program_realloc(void* block, std::size_t size);
void program_free(void* block);
}
