// read(2), write(2) and truncate(2) on a memory object: the page cache as a file sees it.
//
//     read(offset, bytes)     page in RAM?  -- yes --> copy out
//                                  no --> fetch_page(), with as many pages around as ReadAhead says
//     write(offset, bytes)    page in RAM, or covered whole, or past the end (no read) --> copy in,
//                             mark dirty
//
// The one rule of the page cache: a page of an object is in one frame, or in none. read, write,
// mmap and write-back all meet in it (mm/memory_object.h), so they cannot disagree.
//
// A page stays in RAM while its bytes are copied (mm/page_pin.h): whoever takes or gives them may
// sleep, fault and so make reclaim run, even fault on a mapping of the very page. So a page that is
// not in RAM and need not be read is filled in a frame of its own, and enters the object when it is
// complete.
//
// Invariant: what lies past the end of an object, in its last page, reads as zeroes when it grows.
// The functions serve files (Kind::File) and shared memory, tmpfs included, alike. Locking is the
// caller's: one of them at a time on one object.
#pragma once

#include <cstdint>

#include "fs/bytes.h"
#include "mm/memory_object.h"
#include "mm/user_memory.h"

namespace quire::fs {

/// How much is read ahead for one open file: grows while reads are sequential, stops when they are
/// not. All zero is a file nobody has read from yet.
class ReadAhead {
  public:
    /// How many pages to fetch around `page_index`, which is not in RAM: 1, 2, 4 ... 16, each time
    /// more as long as reads are sequential; always 1 (Random) or 16 (Sequential) on advice.
    mm::PageCount window_for(std::uint32_t page_index);
    /// Reads of pages that were in RAM count too. Called for each page read.
    void note(std::uint32_t page_index);
    /// Whether that page was the last one read: its next piece is no new use.
    [[nodiscard]] bool just_read(std::uint32_t page_index) const { return page_index + 1 == next_; }
    /// posix_fadvise, madvise.
    void set_advice(mm::Advice advice) { advice_ = advice; }

  private:
    [[nodiscard]] bool is_jump(std::uint32_t page_index) const {
        return page_index != next_ && !just_read(page_index);
    }

    std::uint32_t next_ = 0;   // the page a sequential reader reads next
    std::uint8_t growth_ = 0;  // log2 of the pages to fetch then
    mm::Advice advice_ = mm::Advice::Normal;
};

/// Hands bytes [offset, offset + bytes) of the object to `to`, as far as they lie below its size.
/// Returns how many. May sleep. What the caller asks for is read in runs whatever `ahead` says; it
/// says what is read beyond. Errors: IoError, OutOfMemory, BadAddress; if some bytes were handed
/// over before, their number is returned in place of the error.
Result<std::uint32_t> read_object(mm::UserMemory& memory, mm::MemoryObject& object,
                                  std::uint64_t offset, std::uint32_t bytes, ByteSink& to,
                                  ReadAhead& ahead);

/// Takes `bytes` bytes from `from` into the object from `offset` on; the object grows if they go
/// past its end (what lies between is zeroes). Room on the disk is the caller's affair, before.
/// Returns how many. May sleep. Reads nothing where a page is covered whole or as far as the object
/// goes. Errors and short counts as above; LimitReached past kMaxBytes. When `from` fails in the
/// middle of a piece, the bytes it gave of it may be in the object though they are not counted.
Result<std::uint32_t> write_object(mm::UserMemory& memory, mm::MemoryObject& object,
                                   std::uint64_t offset, std::uint32_t bytes, ByteSource& from);

/// Makes the object `bytes` long. Pages past the end leave RAM, swap and every mapping; the rest of
/// the last page is zeroed, so that growing again shows zeroes. May sleep (the last page may have
/// to be read). Precondition: nobody reads or writes the object. Errors: IoError, OutOfMemory,
/// LimitReached (bytes > kMaxBytes); nothing has changed then.
Result<void> resize_object(mm::UserMemory& memory, mm::MemoryObject& object, std::uint64_t bytes);

}  // namespace quire::fs
