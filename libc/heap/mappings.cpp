#include "libc/heap/mappings.h"

#include "kernel/base/align.h"
#include "kernel/base/assert.h"

namespace quire::heap {

std::size_t Mappings::whole_pages(std::size_t size) const {
    return align_up(size, source_.page_size());
}

void* Mappings::allocate(std::size_t size) {
    if (count_ >= most_) return nullptr;
    Block* block = arena_.allocate(block_size_for(sizeof(Mapping)));
    if (block == nullptr) return nullptr;
    void* start = source_.map(whole_pages(size));
    if (start == nullptr) {
        arena_.deallocate(block);
        return nullptr;
    }
    auto* mapping = static_cast<Mapping*>(block->payload());
    *mapping = {first_, static_cast<std::byte*>(start), whole_pages(size)};
    first_ = mapping;
    ++count_;
    return start;
}

Mapping* Mappings::find(const void* address) const {
    Mapping* mapping = first_;
    while (mapping != nullptr && mapping->start != address)
        mapping = mapping->next;
    return mapping;
}

Mapping* Mappings::around(const void* address) const {
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    Mapping* mapping = first_;
    while (mapping != nullptr &&
           place - reinterpret_cast<std::uintptr_t>(mapping->start) >= mapping->size) {
        mapping = mapping->next;
    }
    return mapping;
}

bool Mappings::is_record(const void* payload) const {
    const Mapping* mapping = first_;
    while (mapping != nullptr && mapping != payload)
        mapping = mapping->next;
    return mapping != nullptr;
}

void Mappings::deallocate(Mapping* mapping) {
    Mapping** link = &first_;
    while (*link != mapping)
        link = &(*link)->next;
    *link = mapping->next;
    --count_;
    source_.unmap(mapping->start, mapping->size);
    arena_.deallocate(Block::of_payload(mapping));
}

void* Mappings::resize(Mapping* mapping, std::size_t size) {
    const std::size_t bytes = whole_pages(size);
    if (bytes == mapping->size) return mapping->start;
    void* start = source_.remap(mapping->start, mapping->size, bytes);
    if (start == nullptr) return nullptr;
    mapping->start = static_cast<std::byte*>(start);
    mapping->size = bytes;
    return start;
}

void Mappings::check_invariants() const {
    std::size_t count = 0;
    for (const Mapping* mapping = first_; mapping != nullptr; mapping = mapping->next) {
        ASSERT(is_aligned(reinterpret_cast<std::uintptr_t>(mapping->start),
                          std::uintptr_t{source_.page_size()}));
        ASSERT(mapping->size != 0 && whole_pages(mapping->size) == mapping->size);
        ASSERT(arena_.contains(mapping));
        ++count;
    }
    ASSERT(count == count_);
}

}  // namespace quire::heap
