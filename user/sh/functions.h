// Functions that were defined: the tree of each is a copy, in one block of the Store.
//
// A function may define itself anew, or be forgotten, while it runs; its block is given back when
// the last call has ended.
#pragma once

#include <string_view>

#include "user/arena.h"
#include "user/sh/store.h"
#include "user/sh/syntax.h"

namespace quire::shell {

struct StoredFunction {
    StoredFunction* next = nullptr;
    std::string_view name;
    const Command* body = nullptr;
    int calls = 0;  // that have not ended
    bool is_forgotten = false;
};

class Functions {
  public:
    Functions(Store& store, Arena& arena) : store_(store), arena_(arena) {}
    Functions(const Functions&) = delete;
    Functions& operator=(const Functions&) = delete;

    void define(const Function& function);
    /// nullptr: none.
    [[nodiscard]] StoredFunction* find(std::string_view name) const;
    void forget(std::string_view name);
    /// Each call is between these two.
    void enter(StoredFunction& function) { ++function.calls; }
    void leave(StoredFunction& function);

  private:
    Store& store_;
    Arena& arena_;
    StoredFunction* first_ = nullptr;
};

}  // namespace quire::shell
