#include "kernel/process/poll_set.h"

#include <new>

#include "fs/abi_structures.h"
#include "mm/frame_allocator.h"
#include "mm/physical_window.h"

namespace quire::kernel {

namespace {

mm::FrameNumber frame_of(const void* block) {
    const auto offset = static_cast<const std::byte*>(block) - phys_window;
    return mm::FrameNumber(static_cast<std::uint32_t>(offset) >> mm::kPageShift);
}

}  // namespace

PollSet::~PollSet() {
    (void)for_each([](Entry& entry) -> Result<void> {
        if (entry.queue_hook.is_linked()) entry.file->io()->changes()->remove(entry);
        return {};
    });
    while (first_ != nullptr) {
        Block* const block = first_;
        first_ = block->next;
        block->~Block();
        memory_.frames().drop_reference(frame_of(block));
    }
}

Result<void> PollSet::add(std::int32_t descriptor, std::uint16_t wanted, fs::FileRef file) {
    if (last_ == nullptr || last_->count == Block::kEntries) {
        mm::OwnedFrame frame = TRY(fs::FileLayer::take_frame_from(memory_));
        Block* const block = new (mm::frame_words(frame.release())) Block;
        (last_ == nullptr ? first_ : last_->next) = block;
        last_ = block;
    }
    Entry& entry = last_->entries[last_->count++];
    entry.set_ = this;
    entry.descriptor = descriptor;
    entry.wanted = wanted;
    entry.file = std::move(file);
    fs::WaitQueue* const queue = entry.file ? entry.file->io()->changes() : nullptr;
    if (queue != nullptr) queue->add(entry);
    return {};
}

std::uint16_t PollSet::look_at(const Entry& entry) {
    if (entry.descriptor < 0) return 0;
    if (!entry.file) return abi::kPollInvalid;
    const std::uint32_t told = entry.wanted | abi::kPollError | abi::kPollHangUp;
    return static_cast<std::uint16_t>(fs::poll_bits(entry.file->readiness()) & told);
}

std::uint32_t PollSet::look() {
    std::uint32_t count = 0;
    (void)for_each([&count](Entry& entry) -> Result<void> {
        entry.found = look_at(entry);
        if (entry.found != 0) ++count;
        return {};
    });
    return count;
}

}  // namespace quire::kernel
