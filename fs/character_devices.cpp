#include "fs/character_devices.h"

#include <array>

#include "mm/physical_window.h"

namespace quire::fs {

namespace {

constexpr std::array<std::byte, 512> kZeroes{};

}  // namespace

Result<std::uint32_t> NullDevice::read(std::uint64_t, std::uint32_t, ByteSink&, ReadAhead&) {
    return 0U;
}

Result<std::uint32_t> ZeroDevice::read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                                       ReadAhead&) {
    for (std::uint32_t done = 0; done < bytes;) {
        const std::uint32_t left = bytes - done;
        const auto room = static_cast<std::uint32_t>(kZeroes.size());
        const std::uint32_t count = left < room ? left : room;
        const Result<void> taken = to.take(std::span(kZeroes).first(count));
        if (!taken.ok() && done == 0) return taken.error();
        if (!taken.ok()) return done;
        done += count;
    }
    return bytes;
}

Result<std::uint32_t> ZeroDevice::write(std::uint64_t, std::uint32_t bytes, ByteSource&) {
    if (kind_ == Kind::Full) return Error::NoSpace;
    return bytes;
}

Result<std::uint32_t> RandomDevice::read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                                         ReadAhead&) {
    TRY(source_.fill(bytes, to));
    return bytes;
}

Result<std::uint32_t> RandomDevice::write(std::uint64_t, std::uint32_t bytes, ByteSource& from) {
    std::array<std::byte, 64> piece;
    for (std::uint32_t done = 0; done < bytes;) {
        const std::uint32_t left = bytes - done;
        const auto room = static_cast<std::uint32_t>(piece.size());
        const std::uint32_t count = left < room ? left : room;
        TRY(from.give(std::span(piece).first(count)));
        source_.add(std::span(piece).first(count));
        done += count;
    }
    return bytes;
}

bool MemoryDevice::is_ram(std::uint64_t address) const {
    const std::uint64_t frame = address >> mm::kPageShift;
    if (frame >= records_.end().raw()) return false;
    return records_.state(mm::FrameNumber(static_cast<std::uint32_t>(frame))) !=
           mm::FrameState::Absent;
}

Result<std::uint32_t> MemoryDevice::read(std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                         ReadAhead&) {
    for (std::uint32_t done = 0; done < bytes;) {
        const std::uint64_t address = offset + done;
        const auto in_page = static_cast<std::uint32_t>(address % mm::kPageSize);
        const std::uint32_t left = bytes - done;
        const std::uint32_t count = left < mm::kPageSize - in_page ? left : mm::kPageSize - in_page;
        Result<void> taken = Error::BadAddress;
        if (is_ram(address)) {
            const mm::FrameNumber frame(static_cast<std::uint32_t>(address >> mm::kPageShift));
            taken = to.take({mm::frame_bytes(frame) + in_page, count});
        }
        if (!taken.ok() && done == 0) return taken.error();
        if (!taken.ok()) return done;
        done += count;
    }
    return bytes;
}

Result<void> TerminalDevice::opened(OpenMode) {
    if (kind_ == Kind::Tty && !terminal_.controls_caller()) return Error::NoDevice;
    return {};
}

Result<std::uint32_t> TerminalDevice::read(std::uint64_t, std::uint32_t bytes, ByteSink& to,
                                           ReadAhead&) {
    return terminal_.read(bytes, to);
}

Result<std::uint32_t> TerminalDevice::write(std::uint64_t, std::uint32_t bytes, ByteSource& from) {
    return terminal_.write(bytes, from);
}

}  // namespace quire::fs
