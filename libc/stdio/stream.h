// A stream of bytes with a buffer: the logic of stdio(3) over anything that can be read and
// written.
//
//      reading    | taken | still to be given | room  |      writing    | not yet written | room  |
//      buffer_            next_               end_                      buffer_           next_
//
// One buffer serves one direction at a time. What was read ahead is given back (the file's position
// moves down) before a write, and what was not written goes out before a read; so a file opened for
// both needs no call in between, though C asks its users for one.
// Invariants: buffer_ <= next_ <= end_ while reading; end_ == buffer_ while writing.
#pragma once

#include <cstddef>

namespace quire::libc {

/// What a stream is over. A call answers a count, 0 for the end, or -1 (and errno is set).
class StreamFile {
  public:
    constexpr StreamFile() = default;
    StreamFile(const StreamFile&) = delete;
    StreamFile& operator=(const StreamFile&) = delete;

    virtual long read(void* to, std::size_t count) = 0;
    virtual long write(const void* from, std::size_t count) = 0;
    /// As lseek(2): the new position, or -1.
    virtual long long seek(long long offset, int whence) = 0;
    /// Whether it is a terminal, where somebody waits for each line.
    virtual bool is_interactive() = 0;

  protected:
    ~StreamFile() = default;
};

class Stream {
  public:
    /// ByFile becomes Line or Full, as the file says, when something is first written.
    enum class Buffering : unsigned char { None, Line, Full, ByFile };
    static constexpr std::size_t kRoom = 1024;
    static constexpr int kEnd = -1;  // EOF
    using Buffer = unsigned char[kRoom];

    /// The buffer is the caller's, and apart, so that that of a stream in .data can lie in .bss.
    constexpr Stream(StreamFile& file, Buffering buffering, Buffer& buffer)
        : file_(file), buffering_(buffering), buffer_(buffer) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// How many bytes were taken: all, unless the file refuses; then has_failed().
    std::size_t write(const void* from, std::size_t count);
    /// Everything not yet written goes out, what was read ahead is given back. False: it could not.
    bool flush();
    /// The same, but what was read ahead stays.
    bool flush_output() { return is_reading() || flush(); }

    /// How many bytes were there: fewer than asked for at the end of the file or when has_failed().
    /// The end stays the end, whatever is added, until clear() or seek().
    std::size_t read(void* to, std::size_t count);
    /// The next byte, or kEnd.
    int get();
    /// Puts one byte back, to be read next; as many as were read since the buffer was filled, and
    /// one always. kEnd, and nothing changed, for kEnd itself or without room.
    int unget(int byte);

    /// As fseek(3): false when the file cannot.
    bool seek(long long offset, int whence);
    /// As ftell(3), or -1.
    long long tell();

    [[nodiscard]] bool at_end() const { return at_end_; }
    [[nodiscard]] bool has_failed() const { return failed_; }
    void clear() { at_end_ = failed_ = false; }
    [[nodiscard]] Buffering buffering() const { return buffering_; }
    void set_buffering(Buffering buffering) { buffering_ = buffering; }

  private:
    static constexpr std::size_t kPutBack = 8;  // room before what is read

    bool fill();
    bool drop_read_ahead();
    bool write_out(const unsigned char* from, std::size_t count);
    [[nodiscard]] bool is_reading() const { return end_ != 0; }

    StreamFile& file_;
    Buffering buffering_;
    bool at_end_ = false;
    bool failed_ = false;
    std::size_t next_ = 0;
    std::size_t end_ = 0;
    Buffer& buffer_;
};

}  // namespace quire::libc
