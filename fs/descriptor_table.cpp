#include "fs/descriptor_table.h"

#include <bit>

namespace quire::fs {

namespace {

constexpr std::uint32_t kPerBlock = DescriptorBlock::kDescriptors;

}  // namespace

void DescriptorTable::set_limit(std::uint32_t limit) {
    ASSERT(limit <= kMost);
    limit_ = limit;
}

Result<FileRef> DescriptorTable::file(Descriptor descriptor) const {
    OpenFile* const found = find(descriptor);
    if (found == nullptr) return Error::BadDescriptor;
    return FileRef(*found);
}

Result<Descriptor> DescriptorTable::reserve(Descriptor from) {
    const Descriptor descriptor = first_free(from);
    if (descriptor >= limit_) return Error::TooManyFiles;
    const Place place = TRY(make_place(descriptor));
    set_bit(place.block->used, place.index, true);
    return descriptor;
}

void DescriptorTable::put(Descriptor descriptor, FileRef file, bool close_on_exec) {
    ASSERT(is_used(descriptor) && file);
    DescriptorBlock& block = *block_of(descriptor);
    const std::uint32_t index = descriptor % kPerBlock;
    ASSERT(!block.files[index]);
    block.files[index] = std::move(file);
    set_bit(block.close_on_exec, index, close_on_exec);
}

void DescriptorTable::cancel(Descriptor descriptor) {
    ASSERT(is_used(descriptor) && !block_of(descriptor)->files[descriptor % kPerBlock]);
    set_bit(block_of(descriptor)->used, descriptor % kPerBlock, false);
}

Result<void> DescriptorTable::replace(Descriptor descriptor, FileRef file, bool close_on_exec) {
    if (descriptor >= limit_) return Error::BadDescriptor;
    const Place place = TRY(make_place(descriptor));
    FileRef& slot = place.block->files[place.index];
    if (is_used(descriptor) && !slot) return Error::Busy;
    set_bit(place.block->used, place.index, true);
    set_bit(place.block->close_on_exec, place.index, close_on_exec);
    // The file before goes last, with `file`: what its closing sets off finds the table in order.
    std::swap(slot, file);
    return {};
}

Result<void> DescriptorTable::close(Descriptor descriptor) {
    DescriptorBlock* block = block_of(descriptor);
    const std::uint32_t index = descriptor % kPerBlock;
    if (block == nullptr || !block->files[index]) return Error::BadDescriptor;
    set_bit(block->used, index, false);
    set_bit(block->close_on_exec, index, false);
    const FileRef closed = std::move(block->files[index]);
    return {};
}

template <typename Visitor>
void DescriptorTable::for_each_block(Visitor visit) const {
    for (std::uint32_t left = made_; left != 0; left &= left - 1)
        visit(static_cast<std::uint32_t>(std::countr_zero(left)));
}

void DescriptorTable::close_on_exec() {
    for_each_block([this](std::uint32_t i) {
        for (std::uint32_t bits = blocks_[i]->close_on_exec; bits != 0; bits &= bits - 1)
            (void)close(i * kPerBlock + static_cast<std::uint32_t>(std::countr_zero(bits)));
    });
}

void DescriptorTable::close_all() {
    for_each_block([this](std::uint32_t i) {
        made_ &= ~(1U << i);
        cache_.release(std::exchange(blocks_[i], nullptr));
    });
}

Result<bool> DescriptorTable::closes_on_exec(Descriptor descriptor) const {
    TRY(file(descriptor));
    return bit(block_of(descriptor)->close_on_exec, descriptor % kPerBlock);
}

Result<void> DescriptorTable::set_close_on_exec(Descriptor descriptor, bool close) {
    TRY(file(descriptor));
    set_bit(block_of(descriptor)->close_on_exec, descriptor % kPerBlock, close);
    return {};
}

// Only what stands for a file: a reserved descriptor is not yet anybody's.
void DescriptorTable::copy_block(DescriptorBlock& to, const DescriptorBlock& from) {
    for (std::uint32_t bits = from.used; bits != 0; bits &= bits - 1) {
        const auto index = static_cast<std::uint32_t>(std::countr_zero(bits));
        if (!from.files[index]) continue;
        to.files[index] = from.files[index];
        to.used |= 1U << index;
    }
    to.close_on_exec = from.close_on_exec;
}

Result<void> DescriptorTable::copy_from(const DescriptorTable& parent) {
    ASSERT(count() == 0);
    bool is_complete = true;
    parent.for_each_block(
        [&](std::uint32_t i) { is_complete = is_complete && make_place(i * kPerBlock).ok(); });
    if (!is_complete) {
        close_all();
        return Error::OutOfMemory;
    }
    limit_ = parent.limit_;
    parent.for_each_block([&](std::uint32_t i) { copy_block(*blocks_[i], *parent.blocks_[i]); });
    return {};
}

std::uint32_t DescriptorTable::count() const {
    std::uint32_t count = 0;
    for_each_block([&](std::uint32_t i) {
        for (const FileRef& file : blocks_[i]->files)
            if (file) ++count;
    });
    return count;
}

void DescriptorTable::check_invariants() const {
    for (std::uint32_t i = 0; i < kBlocks; ++i)
        ASSERT((blocks_[i] != nullptr) == ((made_ >> i & 1U) != 0));
    for (Descriptor descriptor = 0; descriptor < kMost; ++descriptor) {
        const DescriptorBlock* block = block_of(descriptor);
        if (block == nullptr) continue;
        const std::uint32_t index = descriptor % kPerBlock;
        const FileRef& file = block->files[index];
        ASSERT(!file || bit(block->used, index));
        ASSERT(!bit(block->close_on_exec, index) || file);
        if (file) file->check_invariants();
    }
}

Result<DescriptorTable::Place> DescriptorTable::make_place(Descriptor descriptor) {
    DescriptorBlock*& block = blocks_[descriptor / kPerBlock];
    if (block == nullptr) {
        block = TRY(cache_.allocate());
        made_ |= 1U << descriptor / kPerBlock;
    }
    return Place{block, descriptor % kPerBlock};
}

bool DescriptorTable::is_used(Descriptor descriptor) const {
    const DescriptorBlock* block = block_of(descriptor);
    return block != nullptr && bit(block->used, descriptor % kPerBlock);
}

// kMost if there is none; block by block where all of one is in use.
Descriptor DescriptorTable::first_free(Descriptor from) const {
    while (from < kMost) {
        const DescriptorBlock* block = block_of(from);
        if (block == nullptr) return from;
        const std::uint32_t index = from % kPerBlock;
        const std::uint32_t free = ~block->used >> index;
        if (free != 0) return from + static_cast<std::uint32_t>(std::countr_zero(free));
        from += kPerBlock - index;
    }
    return kMost;
}

void DescriptorTable::set_bit(std::uint32_t& bits, std::uint32_t index, bool value) {
    const std::uint32_t mask = 1U << index;
    bits = value ? bits | mask : bits & ~mask;
}

}  // namespace quire::fs
