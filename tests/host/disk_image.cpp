#include "tests/host/disk_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "mm/physical_window.h"
#include "tests/host/machine_host.h"

namespace quire::test {

using drivers::BlockBuffer;
using drivers::BlockRequest;
using drivers::kSectorSize;
using drivers::SectorCount;
using drivers::SectorNumber;

namespace {

std::byte* ram_at(const BlockBuffer& buffer) {
    return phys_window + buffer.address.raw();
}

void fill_with_junk(const BlockRequest& request) {
    for (const BlockBuffer& buffer : request.buffers)
        std::memset(ram_at(buffer), DiskImage::kJunk, buffer.bytes);
}

bool overlap(const BlockRequest& a, const BlockRequest& b) {
    const std::uint64_t a_end = std::uint64_t{a.first.raw()} + a.sectors().raw();
    const std::uint64_t b_end = std::uint64_t{b.first.raw()} + b.sectors().raw();
    return a.first.raw() < b_end && b.first.raw() < a_end;
}

bool is_ram(const BlockBuffer& buffer) {
    const std::uint32_t at = buffer.address.raw();
    return buffer.bytes != 0 && buffer.bytes % kSectorSize == 0 && at % kSectorSize == 0 &&
           at % mm::kPageSize + buffer.bytes <= mm::kPageSize && at >= mm::kPageSize &&
           at / mm::kPageSize < kHostFrames.raw();
}

}  // namespace

DiskImage::DiskImage(DiskBytes content) : content_(std::move(content)) {
    EXPECT_EQ(content_.size() % kSectorSize, 0U);
}

DiskImage::DiskImage(SectorCount sectors) : content_(std::size_t{sectors.raw()} * kSectorSize) {}

DiskImage::~DiskImage() {
    EXPECT_TRUE(queue_.empty()) << "a request was submitted, and nobody waited for it";
}

SectorCount DiskImage::sectors() const {
    return SectorCount(static_cast<std::uint32_t>(content_.size() / kSectorSize));
}

std::span<std::byte> DiskImage::sector(SectorNumber sector) {
    return std::span(content_).subspan(std::size_t{sector.raw()} * kSectorSize, kSectorSize);
}

DiskBytes DiskImage::load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    DiskBytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

void DiskImage::save(const DiskBytes& content, const std::string& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    file.close();
    EXPECT_TRUE(file.good()) << path;
}

// --- Requests ---

bool DiskImage::is_well_formed(const BlockRequest& request) const {
    if (request.kind == Kind::Flush) return request.buffers.empty();
    if (request.buffers.empty()) return false;
    if (!std::all_of(request.buffers.begin(), request.buffers.end(), is_ram)) return false;
    return std::uint64_t{request.first.raw()} + request.sectors().raw() <= sectors().raw();
}

void DiskImage::submit(BlockRequest& request) {
    request.done = false;
    request.error.reset();
    request.bad_sector = request.first;
    if (!is_well_formed(request)) {
        ADD_FAILURE() << "an access outside: sector " << request.first.raw() << ", "
                      << request.sectors().raw() << " of " << sectors().raw();
        request.error = Error::BadAddress;
    } else if (request.kind == Kind::Write && read_only_) {
        request.error = Error::NotPermitted;
    } else {
        if (request.kind == Kind::Read) fill_with_junk(request);
        queue_.push_back(&request);
        return;
    }
    request.done = true;
}

void DiskImage::wait(BlockRequest& request) {
    while (!request.done) {
        if (queue_.empty()) {
            ADD_FAILURE() << "waits for a request that was not submitted";
            request.error = Error::InvalidArgument;
            request.done = true;
            return;
        }
        const std::size_t place = choose();
        BlockRequest& next = *queue_[place];
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(place));
        carry_out(next);
    }
}

// Whether nothing before it in the queue must be carried out first.
bool DiskImage::may_overtake(std::size_t place) const {
    const BlockRequest& request = *queue_[place];
    for (std::size_t i = 0; i < place; ++i) {
        const BlockRequest& before = *queue_[i];
        if (request.kind == Kind::Flush) {
            if (before.kind == Kind::Write) return false;
        } else if (before.kind != Kind::Flush && overlap(request, before) &&
                   (request.kind == Kind::Write || before.kind == Kind::Write)) {
            return false;
        }
    }
    return true;
}

std::size_t DiskImage::choose() {
    if (!order_.has_value()) return 0;
    auto place = static_cast<std::size_t>((*order_)() % queue_.size());
    while (!may_overtake(place))
        --place;  // the first may always go
    return place;
}

bool DiskImage::must_fail(const BlockRequest& request) {
    const std::size_t kind = index(request.kind);
    ++counts_[kind];
    bool fails = all_[kind] || (nth_[kind] != 0 && --nth_[kind] == 0);
    if (request.kind != Kind::Flush && bad_sector_.has_value() && *bad_sector_ >= request.first)
        fails |= *bad_sector_ < request.first + request.sectors();
    return fails;
}

void DiskImage::carry_out(BlockRequest& request) {
    const bool fails = must_fail(request);
    transfer(request, fails);
    if (fails) request.error = Error::IoError;
    request.done = true;
    if (!logs_) return;
    Access access{request.kind, request.first, request.sectors(), fails, {}};
    if (request.kind == Kind::Write) {
        // What a failed write left behind counts as well.
        const std::byte* at = content_.data() + std::size_t{request.first.raw()} * kSectorSize;
        access.bytes.assign(at, at + std::size_t{access.sectors.raw()} * kSectorSize);
    }
    log_.push_back(std::move(access));
}

void DiskImage::transfer(BlockRequest& request, bool fails) {
    if (fails && request.kind == Kind::Write && failed_write_ == FailedWrite::ChangesNothing)
        return;
    std::uint32_t left = request.sectors().raw() * kSectorSize;
    if (fails && failed_write_ == FailedWrite::WritesHalf)
        left = left / kSectorSize / 2 * kSectorSize;
    std::byte* at = content_.data() + std::size_t{request.first.raw()} * kSectorSize;
    for (const BlockBuffer& buffer : request.buffers) {
        if (request.kind == Kind::Read) {
            // A failed one leaves the junk of submit().
            if (!fails) std::memcpy(ram_at(buffer), at, buffer.bytes);
        } else if (fails && failed_write_ == FailedWrite::WritesJunk) {
            std::memset(at, kJunk, buffer.bytes);
        } else {
            std::memcpy(at, ram_at(buffer), std::min(buffer.bytes, left));
            left -= std::min(buffer.bytes, left);
        }
        at += buffer.bytes;
    }
}

// --- The log ---

void DiskImage::start_log() {
    log_.clear();
    counts_ = {};
    origin_ = content_;
    logs_ = true;
}

void DiskImage::stop_log() {
    log_.clear();
    logs_ = false;
}

DiskBytes DiskImage::cut(std::size_t accesses, CutLoss loss, std::uint64_t seed) const {
    EXPECT_LE(accesses, log_.size());
    std::size_t flushed = 0;
    for (std::size_t i = 0; i < accesses; ++i)
        if (log_[i].kind == Kind::Flush && !log_[i].failed) flushed = i + 1;
    std::mt19937_64 chance(seed);
    DiskBytes left = origin_;
    for (std::size_t i = 0; i < accesses; ++i) {
        const Access& access = log_[i];
        if (access.kind != Kind::Write) continue;
        std::uint32_t arrived = access.sectors.raw();
        if (loss == CutLoss::TornLast && i + 1 == accesses)
            arrived = static_cast<std::uint32_t>(chance() % arrived);
        for (std::uint32_t sector = 0; sector < arrived; ++sector) {
            if (loss == CutLoss::Unflushed && i >= flushed && chance() % 2 == 0) continue;
            const std::size_t from = std::size_t{sector} * kSectorSize;
            const std::size_t to = (std::size_t{access.first.raw()} + sector) * kSectorSize;
            std::memcpy(left.data() + to, access.bytes.data() + from, kSectorSize);
        }
    }
    return left;
}

}  // namespace quire::test
