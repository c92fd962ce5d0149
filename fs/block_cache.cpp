#include "fs/block_cache.h"

#include <bit>
#include <utility>

#include "libc/string.h"
#include "mm/evict.h"
#include "mm/object_pages.h"
#include "mm/physical_window.h"

namespace quire::fs {

using drivers::BlockBuffer;
using drivers::kSectorSize;
using drivers::SectorNumber;

namespace {

// Pages read for one that is missing: inode tables and directories are read on.
constexpr mm::PageCount kWindow{4};
// Pages that one write names at most.
constexpr std::uint32_t kMostPages = 16;

// The blocks of one page: which are dirty, and how many users each has.
//
//      31      25 24      18 17      11 10       4 3      0
//     +----------+----------+----------+----------+--------+
//     | users 3  | users 2  | users 1  | users 0  | dirty  |
//     +----------+----------+----------+----------+--------+
class BlockStates {
  public:
    explicit BlockStates(std::uint32_t raw) : raw_(raw) {}
    [[nodiscard]] std::uint32_t raw() const { return raw_; }

    [[nodiscard]] bool any_dirty() const { return (raw_ & kDirtyMask) != 0; }
    [[nodiscard]] std::uint32_t dirty_blocks() const {
        return static_cast<std::uint32_t>(std::popcount(raw_ & kDirtyMask));
    }
    [[nodiscard]] bool is_dirty(std::uint32_t place) const { return (raw_ >> place & 1) != 0; }
    [[nodiscard]] BlockStates with_dirty(std::uint32_t place) const {
        return BlockStates(raw_ | 1U << place);
    }
    [[nodiscard]] BlockStates with_clean(std::uint32_t place) const {
        return BlockStates(raw_ & ~(1U << place));
    }

    [[nodiscard]] std::uint32_t users(std::uint32_t place) const {
        return raw_ >> shift_of(place) & kMostUsers;
    }
    [[nodiscard]] BlockStates with_user(std::uint32_t place) const {
        ASSERT(users(place) < kMostUsers);
        return BlockStates(raw_ + (1U << shift_of(place)));
    }
    [[nodiscard]] BlockStates without_user(std::uint32_t place) const {
        ASSERT(users(place) != 0);
        return BlockStates(raw_ - (1U << shift_of(place)));
    }

  private:
    static constexpr std::uint32_t kDirtyMask = 0xF;
    static constexpr std::uint32_t kUserBits = 7;
    static constexpr std::uint32_t kMostUsers = (1U << kUserBits) - 1;
    static constexpr std::uint32_t shift_of(std::uint32_t place) { return 4 + place * kUserBits; }

    std::uint32_t raw_;
};

// Puts a word, or 0, where there is one: cannot fail.
void replace(mm::PageTree& states, std::uint32_t page, std::uint32_t& word, BlockStates state) {
    if (state.raw() != 0) {
        word = state.raw();
    } else if (!states.set(page, 0).ok()) {
        ASSERT_UNREACHABLE();
    }
}

}  // namespace

// --- Blocks ---

Block::Block(BlockCache& cache, std::uint32_t number, mm::FrameNumber frame)
    : cache_(&cache),
      number_(number),
      bytes_(mm::frame_bytes(frame) + (cache.place_of(number) << cache.block_shift_),
             cache.block_size()),
      pin_(cache.memory_.pages().pins(), frame) {}

Block::Block(Block&& other) noexcept
    : cache_(std::exchange(other.cache_, nullptr)),
      number_(other.number_),
      bytes_(std::exchange(other.bytes_, {})),
      pin_(std::move(other.pin_)) {}

Block& Block::operator=(Block&& other) noexcept {
    if (this == &other) return *this;
    release();
    cache_ = std::exchange(other.cache_, nullptr);
    number_ = other.number_;
    bytes_ = std::exchange(other.bytes_, {});
    pin_ = std::move(other.pin_);
    return *this;
}

Block::~Block() {
    release();
}

void Block::release() {
    // As in ~NodeRef(). NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
    if (cache_ == nullptr) return;
    pin_.release();
    bytes_ = {};
    std::exchange(cache_, nullptr)->drop_user(number_);
}

void Block::set_dirty() {
    ASSERT(valid());
    cache_->set_dirty(number_);
}

// --- The cache ---

BlockCache::BlockCache(mm::UserMemory& memory, mm::ObjectRegistry& objects,
                       drivers::BlockDevice& device, std::uint32_t block_size)
    : memory_(memory),
      device_(device),
      block_shift_(static_cast<std::uint32_t>(std::countr_zero(block_size))),
      blocks_(device.sectors().raw() / (block_size / kSectorSize)),
      pages_(*this, objects, std::uint64_t{blocks_} << block_shift_),
      states_(objects.nodes()) {
    ASSERT(block_size == 1024 || block_size == 2048 || block_size == 4096);
}

BlockCache::~BlockCache() {
    ASSERT(users_ == 0 && !under_way_.has_value());
    mm::drop_pages(memory_, pages_, 0, pages_.pages());
}

SectorNumber BlockCache::sector_of(std::uint32_t number) const {
    return SectorNumber(number * (block_size() / kSectorSize));
}

BlockCache::BlockRange BlockCache::blocks_of_pages(std::uint32_t first_page,
                                                   std::uint32_t count) const {
    // In 64 bits, as the last page may be the last there is.
    const std::uint64_t end = (std::uint64_t{first_page} + count) << page_shift();
    return {first_page << page_shift(), end < blocks_ ? static_cast<std::uint32_t>(end) : blocks_};
}

Result<Block> BlockCache::get(std::uint32_t number) {
    if (number >= blocks_) return Error::BadAddress;
    const mm::PageCount window = TRY(make_room_to_fetch());
    TRY(add_user(number));
    return use(number, fetch(number, window));
}

Result<Block> BlockCache::get_new(std::uint32_t number) {
    if (number >= blocks_) return Error::BadAddress;
    const mm::PageCount window = TRY(make_room_to_fetch());
    TRY(add_user(number));
    Block block = TRY(use(number, fetch_new(number, window)));
    memset(block.bytes().data(), 0, block_size());
    block.set_dirty();
    return block;
}

// Says how many pages may be read together. Neighbours come only into frames that are free for
// nothing: hardly anything may be left to evict but what somebody is using.
Result<mm::PageCount> BlockCache::make_room_to_fetch() {
    const bool has_room = memory_.frames().has_room(mm::frames_to_fetch(kWindow));
    const mm::PageCount window = has_room ? kWindow : mm::PageCount(1);
    TRY(memory_.room().make_room(mm::frames_to_fetch(window)));
    return window;
}

// What was in RAM is marked as used.
Result<mm::FrameNumber> BlockCache::fetch(std::uint32_t number, mm::PageCount window) {
    const std::uint32_t page = page_of(number);
    const mm::ObjectEntry entry = pages_.entry(page);
    if (!entry.is_frame()) return TRY(mm::fetch_page(memory_, pages_, page, window)).frame;
    memory_.records().set(entry.frame(), mm::FrameFlag::Young);
    return entry.frame();
}

// Only a page with other blocks in it must be read.
Result<mm::FrameNumber> BlockCache::fetch_new(std::uint32_t number, mm::PageCount window) {
    const std::uint32_t page = page_of(number);
    if (page_shift() != 0 || pages_.entry(page).is_frame()) return fetch(number, window);
    mm::OwnedFrame frame = TRY(memory_.frames().allocate());
    const mm::FrameNumber its_number = frame.number();
    TRY(mm::enter_page(memory_, pages_, page, frame));
    return its_number;
}

// The user that was added has the block, or is none.
Result<Block> BlockCache::use(std::uint32_t number, Result<mm::FrameNumber> frame) {
    if (frame.ok()) return Block(*this, number, frame.value());
    drop_user(number);
    return frame.error();
}

// From now on there is a word for the page: what changes it cannot fail.
Result<void> BlockCache::add_user(std::uint32_t number) {
    const std::uint32_t page = page_of(number);
    if (std::uint32_t* word = states_.find(page)) {
        *word = BlockStates(*word).with_user(place_of(number)).raw();
    } else {
        TRY(states_.set(page, BlockStates(0).with_user(place_of(number)).raw()));
    }
    ++users_;
    return {};
}

// Precondition: a block of the page is dirty or in use.
std::uint32_t& BlockCache::word_of(std::uint32_t page) {
    std::uint32_t* word = states_.find(page);
    ASSERT(word != nullptr);
    return *word;
}

void BlockCache::drop_user(std::uint32_t number) {
    const std::uint32_t page = page_of(number);
    std::uint32_t& word = word_of(page);
    replace(states_, page, word, BlockStates(word).without_user(place_of(number)));
    --users_;
}

void BlockCache::forget(std::uint32_t first, std::uint32_t count) {
    ASSERT(first <= blocks_ && count <= blocks_ - first);
    const BlockRange range{first, first + count};
    auto found = states_.next_used(page_of(first));
    while (found.has_value() && found->index << page_shift() < range.end) {
        for (std::uint32_t place = 0; place < 1U << page_shift(); ++place) {
            const std::uint32_t number = (found->index << page_shift()) + place;
            if (!range.contains(number)) continue;
            ASSERT(BlockStates(found->word).users(place) == 0);
            if (is_dirty(number)) set_clean(number);
        }
        found = states_.next_used(found->index + 1);
    }
    drop_orders([range](const Order& order) {
        return range.contains(order.first) || range.contains(order.then);
    });
}

// --- Dirt ---

bool BlockCache::is_dirty(std::uint32_t number) const {
    return BlockStates(states_.get(page_of(number))).is_dirty(place_of(number));
}

void BlockCache::set_dirty(std::uint32_t number) {
    const std::uint32_t page = page_of(number);
    std::uint32_t& word = word_of(page);
    if (BlockStates(word).is_dirty(place_of(number))) return;
    word = BlockStates(word).with_dirty(place_of(number)).raw();
    ++dirty_;
    pages_.set_dirty(memory_.records(), page);
}

void BlockCache::set_clean(std::uint32_t number) {
    const std::uint32_t page = page_of(number);
    std::uint32_t& word = word_of(page);
    const BlockStates states = BlockStates(word).with_clean(place_of(number));
    replace(states_, page, word, states);
    --dirty_;
    if (!states.any_dirty()) pages_.set_clean(memory_.records(), page);
}

// --- Orders ---

// A block that must be written before `number`, if there is one.
std::optional<std::uint32_t> BlockCache::before(std::uint32_t number) const {
    for (std::uint32_t i = 0; i < order_count_; ++i)
        if (orders_[i].then == number) return orders_[i].first;
    return std::nullopt;
}

bool BlockCache::has_order(std::uint32_t first, std::uint32_t then) const {
    for (std::uint32_t i = 0; i < order_count_; ++i)
        if (orders_[i].first == first && orders_[i].then == then) return true;
    return false;
}

// Whether orders, one after the other, lead from `first` to `then`.
bool BlockCache::comes_before(std::uint32_t first, std::uint32_t then) const {
    if (!before(then).has_value()) return false;
    std::array<std::uint8_t, kMostOrders> followed;
    std::array<bool, kMostOrders> seen{};
    std::uint32_t count = 0;
    const auto follow = [&](std::uint32_t block) {
        for (std::uint32_t i = 0; i < order_count_; ++i) {
            if (seen[i] || orders_[i].first != block) continue;
            seen[i] = true;
            followed[count++] = static_cast<std::uint8_t>(i);
        }
    };
    follow(first);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t block = orders_[followed[i]].then;
        if (block == then) return true;
        follow(block);
    }
    return false;
}

template <typename Condition>
void BlockCache::drop_orders(Condition condition) {
    for (std::uint32_t i = 0; i < order_count_;) {
        if (condition(orders_[i])) {
            orders_[i] = orders_[--order_count_];
        } else {
            ++i;
        }
    }
}

Result<void> BlockCache::write_before(const Block& first, const Block& then) {
    ASSERT(first.cache_ == this && then.cache_ == this);
    const std::uint32_t a = first.number();
    const std::uint32_t b = then.number();
    const bool under_way = under_way_.has_value() && under_way_->contains(a);
    if (a == b || has_order(a, b) || (!is_dirty(a) && !under_way)) return {};
    if (order_count_ == kMostOrders || comes_before(b, a)) {
        if (under_way_.has_value()) return Error::Busy;
        return write_in_order(a);
    }
    orders_[order_count_++] = {a, b};
    return {};
}

// --- To the disk, and from it ---

Result<void> BlockCache::read_pages(std::uint32_t first_page,
                                    std::span<const mm::FrameNumber> frames) {
    ASSERT(frames.size() <= kMostPages);
    std::array<BlockBuffer, kMostPages> buffers;
    std::uint64_t left = pages_.bytes() - (std::uint64_t{first_page} << mm::kPageShift);
    std::uint32_t count = 0;
    for (const mm::FrameNumber frame : frames) {
        const std::uint32_t bytes =
            left < mm::kPageSize ? static_cast<std::uint32_t>(left) : mm::kPageSize;
        buffers[count++] = {mm::start_of(frame), bytes};
        memset(mm::frame_bytes(frame) + bytes, 0, mm::kPageSize - bytes);
        left -= bytes;
    }
    const SectorNumber first = sector_of(first_page << page_shift());
    if (!device_.read(first, {buffers.data(), count}).ok()) return Error::IoError;
    return {};
}

// The pages are the object's, in RAM: that they are marked as clean already does not matter, as
// what is dirty is known here block by block.
Result<void> BlockCache::write_pages(std::uint32_t first_page, std::uint32_t count) {
    if (under_way_.has_value()) return Error::Busy;
    return write_dirty(blocks_of_pages(first_page, count));
}

Result<void> BlockCache::write(const Block& block) {
    ASSERT(block.cache_ == this);
    return write_in_order(block.number());
}

Result<void> BlockCache::write_all() {
    return write_dirty({0, blocks_});
}

Result<void> BlockCache::write_dirty(BlockRange range) {
    Result<void> answer;
    auto found = states_.next_used(page_of(range.first));
    while (found.has_value() && found->index << page_shift() < range.end) {
        const BlockRange blocks = blocks_of_pages(found->index, 1);
        for (std::uint32_t number = blocks.first; number < blocks.end; ++number) {
            const Result<void> written = write_in_order(number);
            if (answer.ok()) answer = written;
        }
        found = states_.next_used(found->index + 1);
    }
    return answer;
}

// What must come before is written before, one after the other: first what nothing comes before.
Result<void> BlockCache::write_in_order(std::uint32_t number) {
    while (is_dirty(number)) {
        std::uint32_t next = number;
        while (const std::optional<std::uint32_t> earlier = before(next))
            next = *earlier;
        TRY(write_with_neighbours(next));
    }
    return {};
}

bool BlockCache::may_go(std::uint32_t number) const {
    return is_dirty(number) && !before(number).has_value();
}

// The dirty blocks beside `number` that nothing must come before.
BlockCache::BlockRange BlockCache::run_around(std::uint32_t number) const {
    BlockRange run{number, number + 1};
    const auto pages_with = [&](std::uint32_t first, std::uint32_t last) {
        return page_of(last) - page_of(first) + 1;
    };
    while (run.end < blocks_ && pages_with(run.first, run.end) <= kMostPages && may_go(run.end))
        ++run.end;
    while (run.first > 0 && pages_with(run.first - 1, run.end - 1) <= kMostPages &&
           may_go(run.first - 1))
        --run.first;
    return run;
}

// If the run fails, each of its blocks is tried alone: one bad sector costs one block.
Result<void> BlockCache::write_with_neighbours(std::uint32_t number) {
    const BlockRange run = run_around(number);
    Result<void> answer = write_run(run);
    if (answer.ok() || run.end - run.first == 1) return answer;
    for (std::uint32_t each = run.first; each < run.end; ++each) {
        const Result<void> alone = write_run({each, each + 1});
        if (each == number) answer = alone;
    }
    return answer;
}

// A block counts as clean from the moment its write begins, so that a change made meanwhile is not
// forgotten; what must come after it still waits until it is on the disk.
Result<void> BlockCache::write_run(BlockRange run) {
    ASSERT(!under_way_.has_value());
    under_way_ = run;
    for (std::uint32_t number = run.first; number < run.end; ++number) {
        if (!add_user(number).ok()) ASSERT_UNREACHABLE();  // a dirty block has its word
        set_clean(number);
    }
    const Result<void> written = transfer(run);
    for (std::uint32_t number = run.first; number < run.end; ++number) {
        if (!written.ok()) set_dirty(number);
        drop_user(number);
    }
    under_way_.reset();
    drop_orders(
        [&](const Order& order) { return run.contains(order.first) && !is_dirty(order.first); });
    return written;
}

// The pages stay in RAM by pins: they may be clean by now.
Result<void> BlockCache::transfer(BlockRange run) {
    std::array<BlockBuffer, kMostPages> buffers;
    std::array<mm::PagePin, kMostPages> pins;
    std::uint32_t count = 0;
    for (std::uint32_t number = run.first; number < run.end; ++count) {
        const std::uint32_t page_end = blocks_of_pages(page_of(number), 1).end;
        const std::uint32_t end = run.end < page_end ? run.end : page_end;
        const mm::FrameNumber frame = pages_.entry(page_of(number)).frame();
        pins[count] = mm::PagePin(memory_.pages().pins(), frame);
        buffers[count] = {mm::start_of(frame) + (place_of(number) << block_shift_),
                          (end - number) << block_shift_};
        number = end;
    }
    if (!device_.write(sector_of(run.first), {buffers.data(), count}).ok()) return Error::IoError;
    return {};
}

// --- Check ---

void BlockCache::check_invariants() {
    pages_.check_invariants(memory_.records());
    states_.check_invariants();
    std::uint32_t dirty = 0;
    std::uint32_t users = 0;
    std::uint32_t dirty_pages = 0;
    for (auto found = states_.next_used(0); found.has_value();
         found = states_.next_used(found->index + 1)) {
        const BlockStates states(found->word);
        const mm::FrameNumber frame = pages_.entry(found->index).frame();
        dirty += states.dirty_blocks();
        if (states.any_dirty()) ++dirty_pages;
        ASSERT(states.any_dirty() == memory_.records().has(frame, mm::FrameFlag::Dirty));
        for (std::uint32_t place = 0; place < 4; ++place) {
            const bool exists =
                place < 1U << page_shift() && (found->index << page_shift()) + place < blocks_;
            ASSERT(exists || (!states.is_dirty(place) && states.users(place) == 0));
            users += states.users(place);
            ASSERT(states.users(place) == 0 || memory_.pages().pins().holds(frame));
        }
    }
    ASSERT(dirty == dirty_ && users == users_ && dirty_pages == pages_.dirty_pages());
    for (std::uint32_t i = 0; i < order_count_; ++i) {
        const Order& order = orders_[i];
        ASSERT(is_dirty(order.first) ||
               (under_way_.has_value() && under_way_->contains(order.first)));
        ASSERT(!comes_before(order.then, order.first));
    }
}

}  // namespace quire::fs
