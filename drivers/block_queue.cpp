#include "drivers/block_queue.h"

#include "kernel/base/assert.h"
#include "kernel/base/log.h"
#include "mm/types.h"

namespace quire::drivers {

namespace {

using Kind = BlockRequest::Kind;

bool overlap(const BlockRequest& a, const BlockRequest& b) {
    return a.device_first() < b.device_end() && b.device_first() < a.device_end();
}

// Whether the order of the two matters to whoever reads the disk.
bool conflict(const BlockRequest& a, const BlockRequest& b) {
    return (a.kind == Kind::Write || b.kind == Kind::Write) && overlap(a, b);
}

bool well_formed(const BlockBuffer& buffer) {
    return buffer.bytes != 0 && buffer.bytes % kSectorSize == 0 &&
           buffer.address.raw() % kSectorSize == 0 &&
           buffer.address.raw() % mm::kPageSize + buffer.bytes <= mm::kPageSize;
}

constexpr DiskCommand::Kind command_kind(Kind kind) {
    switch (kind) {
    case Kind::Read:
        return DiskCommand::Kind::Read;
    case Kind::Write:
        return DiskCommand::Kind::Write;
    case Kind::Flush:
        return DiskCommand::Kind::Flush;
    }
    ASSERT_UNREACHABLE();
}

}  // namespace

void BlockQueue::submit(BlockRequest& request) {
    const InterruptsOff guard(hardware_);
    if (!take_in(request)) {
        ++statistics_.refused;
        return;
    }
    for (const BlockBuffer& buffer : request.buffers)
        ASSERT(well_formed(buffer));
    ++statistics_.requests;
    if (gone_) {
        ++statistics_.errors;
        request.finish(Error::IoError, request.device_first());
        return;
    }
    if (request.kind != Kind::Flush && request.length == SectorCount(0)) {
        request.finish(std::nullopt, request.device_first());
        return;
    }
    if (later_.empty() && may_join_round(request)) {
        join_round(request);
    } else {
        later_.push_back(request);
    }
    if (phase_ == Phase::Idle) start_next();
}

void BlockQueue::wait(BlockRequest& request) {
    const InterruptsOff guard(hardware_);
    while (!request.done) {
        waiter_.sleep();
        driver_.poll();
    }
}

// --- Order ---------------------------------------------------------------------------------------

bool BlockQueue::may_join_round(const BlockRequest& request) {
    if (request.kind == Kind::Flush || round_size_ >= kRoundLimit) return false;
    for (List* list : {&round_, &batch_}) {
        for (const BlockRequest& other : *list) {
            if (conflict(request, other)) return false;
        }
    }
    return true;
}

// Whoever reads or writes a file comes in ascending order: the end is looked at first.
void BlockQueue::join_round(BlockRequest& request) {
    ++round_size_;
    if (round_.empty() || round_.back()->device_first() <= request.device_first()) {
        round_.push_back(request);
        return;
    }
    for (BlockRequest& other : round_) {
        if (request.device_first() < other.device_first()) {
            round_.insert_before(other, request);
            return;
        }
    }
    ASSERT_UNREACHABLE();
}

// The round before has been carried out: the next one is made of those that waited, up to the first
// that may not be overtaken.
void BlockQueue::open_round() {
    round_size_ = 0;
    while (BlockRequest* first = later_.front()) {
        if (!may_join_round(*first)) return;
        later_.remove(*first);
        join_round(*first);
    }
}

/// Fills the empty batch; false when nothing is left to do.
bool BlockQueue::choose_batch() {
    if (round_.empty()) open_round();
    if (!round_.empty()) {
        choose_neighbours();
    } else {
        choose_flushes();
    }
    return !batch_.empty();
}

// Nothing is left of the round, so everything submitted before has been carried out. One command
// serves all Flushes that follow each other.
void BlockQueue::choose_flushes() {
    while (BlockRequest* first = later_.front()) {
        if (first->kind != Kind::Flush) return;
        later_.remove(*first);
        if (!batch_.empty()) ++statistics_.merged;
        batch_.push_back(*first);
    }
}

BlockRequest& BlockQueue::next_upwards() {
    for (BlockRequest& request : round_) {
        if (arm_ <= request.device_first()) return request;
    }
    return *round_.front();
}

// A request that is too long for one command goes alone; what goes together is one command.
void BlockQueue::choose_neighbours() {
    BlockRequest& first = next_upwards();
    auto next = List::Iterator(&first.queue_hook);
    SectorNumber end = first.device_first();
    SectorCount sectors;
    std::size_t pieces = 0;
    while (next != round_.end()) {
        BlockRequest& request = *next;
        sectors += request.length;
        pieces += request.buffers.size();
        const bool joins = request.kind == first.kind && request.device_first() == end &&
                           sectors <= kMostSectors && pieces <= kMostPieces;
        if (&request != &first && !joins) break;
        ++next;
        round_.remove(request);
        if (&request != &first) ++statistics_.merged;
        batch_.push_back(request);
        end = request.device_end();
    }
    cursor_ = first.device_first();
    arm_ = end;
}

// --- Commands ------------------------------------------------------------------------------------

void BlockQueue::start_next() {
    if (batch_.empty() && !choose_batch()) {
        phase_ = Phase::Idle;
        return;
    }
    start_command();
}

void BlockQueue::start_command() {
    command_.kind = command_kind(batch_.front()->kind);
    command_.first = cursor_;
    command_.count = SectorCount();
    const std::size_t count = gather_pieces();
    command_.pieces = std::span(pieces_).first(count);
    phase_ = Phase::Running;
    ++statistics_.commands;
    driver_.start(command_, *this);
}

// Fills pieces_ with what lies behind the cursor, up to what fits into one command, and counts the
// sectors in command_. Answers the number of pieces.
std::size_t BlockQueue::gather_pieces() {
    const std::uint32_t most = by_sector_ ? kSectorSize : kMostSectors.raw() * kSectorSize;
    // Only the first request may have been carried out in part.
    std::uint32_t skip = (cursor_ - batch_.front()->device_first()).raw() * kSectorSize;
    std::uint32_t bytes = 0;
    std::size_t count = 0;
    for (const BlockRequest& request : batch_) {
        for (const BlockBuffer& buffer : request.buffers) {
            if (skip >= buffer.bytes) {
                skip -= buffer.bytes;
                continue;
            }
            if (bytes == most || count == kMostPieces) break;
            const std::uint32_t left = buffer.bytes - skip;
            const std::uint32_t taken = left < most - bytes ? left : most - bytes;
            pieces_[count++] = {buffer.address + skip, taken};
            bytes += taken;
            skip = 0;
        }
    }
    command_.count = SectorCount(bytes / kSectorSize);
    return count;
}

void BlockQueue::start_reset() {
    command_ = {.kind = DiskCommand::Kind::Reset, .first = {}, .count = {}, .pieces = {}};
    phase_ = Phase::Resetting;
    ++statistics_.resets;
    driver_.start(command_, *this);
}

// --- Ends ----------------------------------------------------------------------------------------

void BlockQueue::command_ended(std::optional<Error> error) {
    ASSERT(phase_ != Phase::Idle);
    if (phase_ == Phase::Resetting) {
        if (error.has_value()) {
            lose_drive();
        } else {
            start_next();
        }
    } else if (error.has_value()) {
        on_failure(*error);
    } else {
        on_success();
    }
}

void BlockQueue::on_success() {
    attempts_ = 0;
    if (command_.kind == DiskCommand::Kind::Read) {
        statistics_.sectors_read += command_.count.raw();
    } else if (command_.kind == DiskCommand::Kind::Write) {
        statistics_.sectors_written += command_.count.raw();
    }
    cursor_ += command_.count;
    while (BlockRequest* first = batch_.front()) {
        if (first->kind != Kind::Flush && cursor_ < first->device_end()) break;
        finish_first_request(std::nullopt, first->device_first());
    }
    start_next();
}

void BlockQueue::on_failure(Error error) {
    ++statistics_.failed_commands;
    const bool try_again = ++attempts_ < kAttempts;
    const bool was_by_sector = by_sector_;
    if (!try_again) {
        attempts_ = 0;
        // A drive that does not answer is not asked for each sector: that would take hours.
        if (command_.count > SectorCount(1) && error != Error::TimedOut) {
            by_sector_ = true;
        } else {
            fail_first_request(error);
        }
    }
    if (error == Error::TimedOut || (try_again && !was_by_sector)) {
        start_reset();
    } else {
        start_next();
    }
}

// The sector at the cursor is bad. The rest of its request is not tried.
void BlockQueue::fail_first_request(Error error) {
    if (command_.kind == DiskCommand::Kind::Flush) {
        log(LogLevel::Error, "disk", "%s: the drive could not empty its cache: %s", disk_.name,
            error_name(error));
        // Flushes that went together fail together.
        while (!batch_.empty())
            finish_first_request(error, batch_.front()->device_first());
        return;
    }
    log(LogLevel::Error, "disk", "%s: %s of sector %u failed: %s", disk_.name,
        command_.kind == DiskCommand::Kind::Read ? "read" : "write", cursor_.raw(),
        error_name(error));
    const SectorNumber bad = cursor_;
    cursor_ = batch_.front()->device_end();
    finish_first_request(error, bad);
}

void BlockQueue::finish_first_request(std::optional<Error> error, SectorNumber bad) {
    by_sector_ = false;
    if (error.has_value()) ++statistics_.errors;
    batch_.pop_front()->finish(error, bad);
}

void BlockQueue::lose_drive() {
    log(LogLevel::Error, "disk", "%s: the drive does not come back from a reset; it is given up",
        disk_.name);
    gone_ = true;
    by_sector_ = false;
    phase_ = Phase::Idle;
    for (List* list : {&batch_, &round_, &later_}) {
        while (BlockRequest* request = list->pop_front()) {
            ++statistics_.errors;
            request->finish(Error::IoError, request->device_first());
        }
    }
}

void BlockQueue::check_invariants() {
    const InterruptsOff guard(hardware_);
    round_.check_invariants();
    later_.check_invariants();
    batch_.check_invariants();
    ASSERT((phase_ == Phase::Idle) == batch_.empty() || phase_ == Phase::Resetting);
    if (phase_ == Phase::Idle) ASSERT(round_.empty() && later_.empty());
    std::uint32_t size = 0;
    const BlockRequest* before = nullptr;
    for (const BlockRequest& request : round_) {
        ++size;
        ASSERT(!request.done && request.kind != Kind::Flush);
        ASSERT(before == nullptr || before->device_first() <= request.device_first());
        for (const BlockRequest& other : round_)
            ASSERT(&other == &request || !conflict(request, other));
        for (const BlockRequest& other : batch_)
            ASSERT(!conflict(request, other));
        before = &request;
    }
    ASSERT(size <= round_size_ && round_size_ <= kRoundLimit);
    for (const BlockRequest& request : later_)
        ASSERT(!request.done);
}

}  // namespace quire::drivers
