#include "user/sh/store.h"

#include <algorithm>
#include <bit>
#include <new>

#include "libc/string.h"
#include "user/output.h"
#include "user/sh/calls.h"

namespace quire::shell {

void Store::on_exhausted(Arena::Exhausted handler, void* context) {
    exhausted_ = handler;
    context_ = context;
}

void* Store::map(std::size_t bytes) {
    const bool is_allowed = bytes <= limit_ && mapped_ <= limit_ - bytes;
    void* const place = is_allowed ? sys::map_memory(bytes) : nullptr;
    if (place != nullptr) mapped_ += bytes;
    if (place != nullptr) return place;
    if (exhausted_ != nullptr) exhausted_(context_);
    complain("out of memory\n");
    sys::exit(2);
}

/// Cuts a new chunk into blocks.
void Store::refill(std::size_t order) {
    auto* const chunk = static_cast<std::byte*>(map(kChunk));
    const std::size_t size = std::size_t{1} << order;
    for (std::size_t at = 0; at < kChunk; at += size)
        free_[order] = new (chunk + at) Header{size, free_[order], {}};
}

void* Store::take(std::size_t bytes) {
    static_assert(sizeof(Header) % 16 == 0);
    const std::size_t size = bytes + sizeof(Header);
    if (size < bytes || size > (std::size_t{1} << kLargest)) {
        const std::size_t pages = size < bytes ? ~std::size_t{0} : size;
        return new (map(pages)) Header{size, nullptr, {}} + 1;
    }
    const std::size_t order = std::max<std::size_t>(std::bit_width(size - 1), kSmallest);
    if (free_[order] == nullptr) refill(order);
    Header* const block = free_[order];
    free_[order] = block->next;
    return block + 1;
}

void Store::give(void* block) {
    if (block == nullptr) return;
    Header* const header = static_cast<Header*>(block) - 1;
    if (header->size > (std::size_t{1} << kLargest)) {
        mapped_ -= header->size;
        sys::unmap_memory(header, header->size);
        return;
    }
    const auto order = static_cast<std::size_t>(std::countr_zero(header->size));
    header->next = free_[order];
    free_[order] = header;
}

char* Store::copy(std::string_view first, std::string_view second, std::string_view third) {
    char* const place = static_cast<char*>(take(first.size() + second.size() + third.size() + 1));
    char* end = place;
    for (const std::string_view text : {first, second, third}) {
        memcpy(end, text.data(), text.size());
        end += text.size();
    }
    *end = '\0';
    return place;
}

}  // namespace quire::shell
