#include "fs/ext2_store.h"

#include "kernel/base/log.h"
#include "libc/string.h"
#include "mm/physical_window.h"

namespace quire::fs::ext2 {

using drivers::BlockBuffer;
using drivers::BlockRequest;

namespace {

bool is_zero(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes)
        if (byte != std::byte{0}) return false;
    return true;
}

// A page is lost or it is not: Corrupted is in the log. But where memory is short, nothing is.
Error for_reader(Error error) {
    return error == Error::OutOfMemory ? error : Error::IoError;
}

}  // namespace

// --- Pages and blocks ---

std::uint32_t Store::page_shift() const {
    return mm::kPageShift - allocator_.geometry().block_shift;
}

std::span<std::byte> Store::bytes_of(const Span& span, FileBlock block) const {
    const std::uint32_t place = block.raw() - (span.first_page << page_shift());
    const std::uint32_t in_page = place & ((1U << page_shift()) - 1);
    const Geometry& geometry = allocator_.geometry();
    return {mm::frame_bytes(span.frames[place >> page_shift()]) + (in_page << geometry.block_shift),
            geometry.block_bytes};
}

// The first block that is neither in the span nor below the end of the file.
FileBlock Store::end_of(const Span& span) const {
    const std::uint32_t end = (span.first_page + static_cast<std::uint32_t>(span.frames.size()))
                              << page_shift();
    const std::uint32_t file_end = allocator_.geometry().blocks_for(object_->bytes());
    return FileBlock(end < file_end ? end : file_end);
}

Result<void> Store::transfer(BlockRequest::Kind kind, const Span& span, FileBlock at,
                             BlockRun run) const {
    BlockBuffer buffers[kMostBuffers];
    const Geometry& geometry = allocator_.geometry();
    const std::uint32_t per_page = 1U << page_shift();
    std::uint32_t place = at.raw() - (span.first_page << page_shift());
    std::uint32_t left = run.count;
    std::uint32_t used = 0;
    while (left != 0) {
        ASSERT(used < kMostBuffers);
        const std::uint32_t in_page = place & (per_page - 1);
        const std::uint32_t count = left < per_page - in_page ? left : per_page - in_page;
        buffers[used++] = {
            mm::start_of(span.frames[place >> page_shift()]) + (in_page << geometry.block_shift),
            count << geometry.block_shift};
        place += count;
        left -= count;
    }
    BlockRequest request;
    request.kind = kind;
    request.first = drivers::SectorNumber(run.first.raw() * geometry.sectors_per_block());
    request.buffers = {buffers, used};
    drivers::BlockDevice& device = allocator_.cache().device();
    device.submit(request);
    device.wait(request);
    if (request.error.has_value()) return Error::IoError;
    return {};
}

// What the last page holds behind the end of the file is nobody's; it is zeroes on the disk, and so
// when the file grows. (A program may have stored something there.)
void Store::zero_past_end(const Span& span) const {
    for (std::uint32_t i = 0; i < span.frames.size(); ++i) {
        const std::uint64_t start = std::uint64_t{span.first_page + i} << mm::kPageShift;
        if (start + mm::kPageSize <= object_->bytes()) continue;
        const auto keep =
            static_cast<std::uint32_t>(object_->bytes() > start ? object_->bytes() - start : 0);
        memset(mm::frame_bytes(span.frames[i]) + keep, 0, mm::kPageSize - keep);
    }
}

// --- Reading ---

Result<std::uint32_t> Store::read_some(Inode& inode, const Span& span, FileBlock at,
                                       std::uint32_t most) {
    const BlockRun run = TRY(BlockMap(allocator_, inode).find(at, most));
    if (run.is_hole()) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            const std::span<std::byte> bytes = bytes_of(span, at + i);
            memset(bytes.data(), 0, bytes.size());
        }
    } else {
        TRY(transfer(BlockRequest::Kind::Read, span, at, run));
    }
    return run.count;
}

Result<void> Store::read(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) {
    while (frames.size() > kMostBuffers) {
        TRY(read(first_page, frames.first(kMostBuffers)));
        first_page += kMostBuffers;
        frames = frames.subspan(kMostBuffers);
    }
    const Span span{first_page, frames};
    Result<Inode> inode = Inode::load(allocator_.groups(), number_);
    if (!inode.ok()) return for_reader(inode.error());
    const FileBlock end = end_of(span);
    for (FileBlock at(first_page << page_shift()); at < end;) {
        const Result<std::uint32_t> count = read_some(inode.value(), span, at, end - at);
        if (!count.ok()) return for_reader(count.error());
        at += count.value();
    }
    zero_past_end(span);
    return {};
}

// --- Writing ---

// The promised blocks from `at` on that lie in a row, if `at` is one.
BlockRun Store::promised_at(FileBlock at, std::uint32_t most) const {
    BlockRun run{DiskBlock(promised_.get(at.raw())), 1};
    if (run.is_hole()) return run;
    while (run.count < most && promised_.get(at.raw() + run.count) == run.end().raw())
        ++run.count;
    return run;
}

void Store::keep_promise(FileBlock at, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        if (promised_.get(at.raw() + i) == 0) continue;
        if (!promised_.set(at.raw() + i, 0).ok()) ASSERT_UNREACHABLE();
        --promised_count_;
    }
}

// Data first; then pointers to it.
Result<std::uint32_t> Store::fill_hole(Inode& inode, const Span& span, FileBlock at,
                                       std::uint32_t most) {
    if (allocator_.volume().read_only()) return Error::NotPermitted;
    BlockRun run = promised_at(at, most);
    const bool promised = !run.is_hole();
    if (!promised) {
        if (is_zero(bytes_of(span, at))) return 1U;
        run = TRY(allocator_.allocate_blocks(goal_for(at, number_), 1));
    }
    const std::uint32_t count = run.count;
    Result<void> answer = transfer(BlockRequest::Kind::Write, span, at, run);
    BlockRun left = run;
    if (answer.ok()) answer = BlockMap(allocator_, inode).point(at, left);
    keep_promise(at, count - left.count);
    last_ = run.first + (count - 1);
    last_at_ = at + (count - 1);
    if (answer.ok()) return count;
    if (!promised) allocator_.free_now(left);
    return answer.error();
}

Result<std::uint32_t> Store::write_some(Inode& inode, const Span& span, FileBlock at,
                                        std::uint32_t most) {
    const BlockRun run = TRY(BlockMap(allocator_, inode).find(at, most));
    if (!run.is_hole()) {
        TRY(transfer(BlockRequest::Kind::Write, span, at, run));
        return run.count;
    }
    if (allocator_.volume().in_operation()) {
        if (promised_at(at, 1).is_hole() && is_zero(bytes_of(span, at))) return 1U;
        return Error::Busy;
    }
    const Operation operation(allocator_.volume());
    return fill_hole(inode, span, at, run.count);
}

Result<void> Store::write(std::uint32_t first_page, std::span<const mm::FrameNumber> frames) {
    while (frames.size() > kMostBuffers) {
        TRY(write(first_page, frames.first(kMostBuffers)));
        first_page += kMostBuffers;
        frames = frames.subspan(kMostBuffers);
    }
    if (allocator_.cache().device().read_only()) return Error::NotPermitted;
    const Span span{first_page, frames};
    zero_past_end(span);
    Inode inode = TRY(Inode::load(allocator_.groups(), number_));
    const FileBlock end = end_of(span);
    for (FileBlock at(first_page << page_shift()); at < end;)
        at += TRY(write_some(inode, span, at, end - at));
    return {};
}

// --- Promises ---

// Right behind the block before, as far as it is known; else in the group of the inode.
DiskBlock Store::goal_for(FileBlock at, InodeNumber number) const {
    if (at.raw() != 0) {
        const std::uint32_t before = promised_.get(at.raw() - 1);
        if (before != 0) return DiskBlock(before + 1);
    }
    if (last_.raw() != 0 && at >= last_at_) return last_ + 1;
    const Geometry& geometry = allocator_.geometry();
    return geometry.first_block_of(geometry.group_of(number));
}

// The tables that will point to the blocks are made now: when the data is there, nothing more is
// needed.
Result<std::uint32_t> Store::promise_some(Inode& inode, FileBlock at, std::uint32_t most) {
    BlockMap map(allocator_, inode);
    const BlockRun there = TRY(map.find(at, most));
    if (!there.is_hole()) {
        last_ = there.first + (there.count - 1);
        last_at_ = at + (there.count - 1);
        return there.count;
    }
    const BlockRun known = promised_at(at, there.count);
    if (!known.is_hole()) return known.count;
    std::uint32_t wanted = TRY(map.make_way(at));
    if (wanted > there.count) wanted = there.count;
    for (std::uint32_t i = 1; i < wanted; ++i)
        if (promised_.get(at.raw() + i) != 0) wanted = i;
    BlockRun run = TRY(allocator_.allocate_blocks(goal_for(at, number_), wanted));
    std::uint32_t noted = 0;
    Result<void> answer;
    while (noted < run.count && answer.ok()) {
        answer = promised_.set(at.raw() + noted, run.first.raw() + noted);
        if (answer.ok()) ++noted;
    }
    promised_count_ += noted;
    if (noted == run.count) return noted;
    allocator_.free_now({run.first + noted, run.count - noted});
    if (noted == 0) return answer.error();
    return noted;
}

Result<std::uint32_t> Store::promise(FileBlock first, std::uint32_t count) {
    Inode inode = TRY(Inode::load(allocator_.groups(), number_));
    if (first.raw() != 0 && last_.raw() == 0) {
        const BlockRun before =
            TRY(BlockMap(allocator_, inode).find(FileBlock(first.raw() - 1), 1));
        last_ = before.first;
        last_at_ = FileBlock(first.raw() - 1);
    }
    std::uint32_t done = 0;
    while (done < count) {
        const Result<std::uint32_t> some = promise_some(inode, first + done, count - done);
        if (!some.ok()) {
            if (done == 0) return some.error();
            break;
        }
        done += some.value();
    }
    return done;
}

void Store::break_promises(FileBlock from) {
    BlockRun run;
    for (auto found = promised_.next_used(from.raw()); found.has_value();
         found = promised_.next_used(from.raw())) {
        if (run.count != 0 && run.end().raw() == found->word) {
            ++run.count;
        } else {
            if (run.count != 0) allocator_.free_now(run);
            run = {DiskBlock(found->word), 1};
        }
        if (!promised_.set(found->index, 0).ok()) ASSERT_UNREACHABLE();
        --promised_count_;
    }
    if (run.count != 0) allocator_.free_now(run);
}

}  // namespace quire::fs::ext2
