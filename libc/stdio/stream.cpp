#include "libc/stdio/stream.h"

#include "libc/string.h"

namespace quire::libc {

namespace {

constexpr int kFromHere = 1;  // SEEK_CUR

}  // namespace

bool Stream::write_out(const unsigned char* from, std::size_t count) {
    while (count > 0) {
        const long done = file_.write(from, count);
        if (done <= 0) {
            failed_ = true;
            return false;
        }
        from += done;
        count -= static_cast<std::size_t>(done);
    }
    return true;
}

// Where the file cannot seek (a pipe), what was read ahead stays readable.
bool Stream::drop_read_ahead() {
    const auto ahead = static_cast<long>(end_ - next_);
    if (ahead != 0 && file_.seek(-ahead, kFromHere) < 0) return false;
    next_ = end_ = 0;
    return true;
}

bool Stream::flush() {
    if (is_reading()) return drop_read_ahead();
    const std::size_t count = next_;
    next_ = 0;
    return write_out(buffer_, count);
}

std::size_t Stream::write(const void* from, std::size_t count) {
    const auto* bytes = static_cast<const unsigned char*>(from);
    if (buffering_ == Buffering::ByFile)
        buffering_ = file_.is_interactive() ? Buffering::Line : Buffering::Full;
    if (is_reading() && !drop_read_ahead()) {
        failed_ = true;
        return 0;
    }
    if (count > kRoom - next_ && !flush()) return 0;
    if (count > kRoom) return write_out(bytes, count) ? count : 0;
    memcpy(buffer_ + next_, bytes, count);
    next_ += count;
    const bool must_go = buffering_ == Buffering::None ||
                         (buffering_ == Buffering::Line && memchr(bytes, '\n', count) != nullptr);
    return must_go && !flush() ? 0 : count;
}

bool Stream::fill() {
    if (at_end_) return false;
    if (!is_reading() && !flush()) return false;
    const long got = file_.read(buffer_ + kPutBack, kRoom - kPutBack);
    next_ = kPutBack;
    end_ = kPutBack + (got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0) at_end_ = true;
    if (got < 0) failed_ = true;
    return got > 0;
}

std::size_t Stream::read(void* to, std::size_t count) {
    auto* bytes = static_cast<unsigned char*>(to);
    std::size_t done = 0;
    while (done < count) {
        if (next_ >= end_ && !fill()) break;
        const std::size_t ready = end_ - next_;
        const std::size_t step = ready < count - done ? ready : count - done;
        memcpy(bytes + done, buffer_ + next_, step);
        next_ += step;
        done += step;
    }
    return done;
}

int Stream::get() {
    unsigned char byte = 0;
    return read(&byte, 1) == 1 ? byte : kEnd;
}

int Stream::unget(int byte) {
    if (byte == kEnd) return kEnd;
    if (!is_reading()) {
        if (!flush()) return kEnd;
        next_ = end_ = kPutBack;
    }
    if (next_ == 0) return kEnd;
    buffer_[--next_] = static_cast<unsigned char>(byte);
    at_end_ = false;
    return buffer_[next_];
}

bool Stream::seek(long long offset, int whence) {
    if (!flush() || file_.seek(offset, whence) < 0) return false;
    at_end_ = false;
    return true;
}

long long Stream::tell() {
    const long long position = file_.seek(0, kFromHere);
    if (position < 0) return -1;
    return is_reading() ? position - static_cast<long long>(end_ - next_)
                        : position + static_cast<long long>(next_);
}

}  // namespace quire::libc
