// One byte is read or written, in a child that may die of it.
#pragma once

#include "tests/oracle/frame.h"

static inline void load(long address) {
    (void)*(volatile char*)address;
}
static inline void store(long address) {
    *(volatile char*)address = 1;
}
static inline void answer_load(const void* address) {
    answer_status(status_of(load, (long)address));
}
static inline void answer_store(const void* address) {
    answer_status(status_of(store, (long)address));
}
