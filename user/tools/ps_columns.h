// The columns of ps -o: what is known of a process, by the names that ps(1) has for it.
//
//     ps -o pid,rss,comm=NAME  -->     PID   RSS NAME
#pragma once

#include "user/tools/proc.h"

namespace quire::tools {

struct Column {
    const char* name;
    const char* title;
    int width;
    bool is_left;
    /// Writes the text of a process.
    void (*write)(const Process& process, char* to, size_t size);
};

class Columns {
  public:
    static constexpr size_t kMost = 32;

    /// More of them: "pid,rss comm=TITLE"; a title goes to the next comma. False after a complaint.
    bool add(const char* format);
    [[nodiscard]] bool are_there() const { return count_ > 0; }
    /// Nothing if no column has a title.
    void show_titles() const;
    void show(const Process& process) const;

  private:
    struct Chosen {
        const Column* column;
        const char* title;
        int width;
    };
    void put(size_t at, const char* text) const;

    Chosen chosen_[kMost] = {};
    size_t count_ = 0;
};

/// -1, 0, 1: which of two processes comes first by the column of that name; by numbers if it has
/// some.
[[nodiscard]] int compare_by(const Column& column, const Process& left, const Process& right);
/// nullptr: there is none.
[[nodiscard]] const Column* find_column(const char* name);

/// What several forms of ps show: the owner, times, shares of the time, states.
const char* user_name(uid_t user);
const char* start_text(const Process& process);
const char* time_text(const Process& process, bool is_short);
unsigned long time_share(const Process& process);
const char* state_text(const Process& process);

}  // namespace quire::tools
