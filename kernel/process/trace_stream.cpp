#include "kernel/process/trace_stream.h"

namespace quire::kernel {

void TraceStream::start(const TraceRing& ring, std::string_view policy, mm::PageCount ram) {
    position_ = ring.next();
    lost_ = 0;
    line_.clear();
    line_.writer().print("trace version=%u policy=%.*s frames=%u\n", kVersion,
                         static_cast<int>(policy.size()), policy.data(), ram.raw());
}

std::span<const char> TraceStream::line(const TraceRing& ring) {
    if (line_.text().empty() && position_ != ring.next()) make_line(ring);
    return line_.text();
}

void TraceStream::make_line(const TraceRing& ring) {
    const std::uint32_t behind = ring.next() - position_;
    if (behind > ring.size()) {
        const std::uint32_t missed = behind - ring.size();
        line_.writer().print("lost n=%u count=%u\n", position_, missed);
        position_ += missed;
        lost_ += missed;
        return;
    }
    write_trace_line(position_, ring[position_], line_.writer());
    line_.writer().print("\n");
    ++position_;
}

}  // namespace quire::kernel
