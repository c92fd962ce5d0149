// What one open file knows of failed writes: each of them is reported to it once, by fsync, msync
// or close (mm/write_errors.h).
//
//     OpenFile: SeenErrors seen(object);       at open
//     fsync:    write_back(...); return seen.check(object);
//
// Pages that could not be written stay dirty and are tried again, so a later fsync may well succeed
// without an error: then the bytes are on the disk.
#pragma once

#include "mm/memory_object.h"

namespace quire::fs {

class SeenErrors {
  public:
    /// Of a file just opened: what others were told of before is not its affair.
    explicit SeenErrors(const mm::MemoryObject& object) : mark_(object.write_errors().begin()) {}

    /// The last error since the last call. Precondition: the same object. Errors: what the store's
    /// write() gave (IoError, NoSpace, ...).
    Result<void> check(mm::MemoryObject& object) { return object.write_errors().check(mark_); }

  private:
    mm::WriteErrors::Mark mark_;
};

}  // namespace quire::fs
