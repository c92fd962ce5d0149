// How a text ends, while it is read once from its start: tail, and head without the last lines.
//
//     first_ ---------- used_ ---------->
//     | ...  the last but one \n the last \n |     a line more drops the first one
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "user/tools/ends.h"

namespace quire::tools {

/// The last bytes of what goes in, as many as make the amount; a ring that grows while it must.
class Ending {
  public:
    /// `shows_others`: what is not of them is printed as it leaves.
    Ending(const Amount& amount, bool shows_others)
        : amount_(amount), shows_others_(shows_others) {}
    ~Ending() { free(bytes_); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

    void add(char byte) {
        if (amount_.count == 0) return leave(byte);
        if (!amount_.of_bytes && last_ == '\n' && lines_ == amount_.count) drop_line();
        if (amount_.of_bytes && used_ == static_cast<size_t>(amount_.count)) drop();
        if (used_ == room_) grow();
        bytes_[(first_ + used_++) & (room_ - 1)] = byte;
        if (last_ == '\n' || used_ == 1) ++lines_;
        last_ = byte;
    }
    void show() const {
        for (size_t i = 0; i < used_; ++i)
            putchar(bytes_[(first_ + i) & (room_ - 1)]);
    }

  private:
    void leave(char byte) const {
        if (shows_others_) putchar(byte);
    }
    /// The first of them.
    char drop() {
        const char byte = bytes_[first_++ & (room_ - 1)];
        --used_;
        leave(byte);
        return byte;
    }
    void drop_line() {
        while (used_ > 0 && drop() != '\n') {
        }
        --lines_;
    }
    void grow() {
        const size_t wanted = room_ == 0 ? 4096 : 2 * room_;
        auto* const larger = static_cast<char*>(need_memory(malloc(wanted)));
        for (size_t i = 0; i < used_; ++i)
            larger[i] = bytes_[(first_ + i) & (room_ - 1)];
        free(bytes_);
        bytes_ = larger;
        room_ = wanted;
        first_ = 0;
    }

    Amount amount_;
    bool shows_others_;
    char* bytes_ = nullptr;
    size_t room_ = 0;  // a power of two
    size_t first_ = 0;
    size_t used_ = 0;
    long long lines_ = 0;  // that have begun
    char last_ = '\n';
};

}  // namespace quire::tools
