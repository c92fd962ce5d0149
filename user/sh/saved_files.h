// Descriptors of the shell that a redirection has covered, to be put back when its command has
// ended.
#pragma once

#include <cstddef>

#include "user/sh/store.h"

namespace quire::shell {

class SavedFiles {
  public:
    explicit SavedFiles(Store& store) : store_(store) {}
    SavedFiles(const SavedFiles&) = delete;
    SavedFiles& operator=(const SavedFiles&) = delete;

    [[nodiscard]] std::size_t count() const { return count_; }
    /// Before `file` gets another meaning. 0, or -errno, and nothing is saved.
    long save(int file);
    /// The same of one that was closed, and is not any more.
    void note_closed(int file) { remember(file, -1); }
    /// What was saved since count() was that is as it was.
    void restore_to(std::size_t count);
    /// Makes no use of the copies any more: a child needs none.
    void forget();

  private:
    struct Saved {
        Saved* next;
        int file;
        long copy;  // negative: it was closed
    };
    void remember(int file, long copy);

    Store& store_;
    Saved* first_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace quire::shell
