#include "user/sh/functions.h"

#include "user/sh/tree_copy.h"

namespace quire::shell {

/// The first copy is to see how much room the second needs.
void Functions::define(const Function& function) {
    const Arena::Mark mark = arena_.mark();
    const std::size_t before = arena_.used();
    static_cast<void>(TreeCopy(arena_).copy(&function));
    const std::size_t room = arena_.used() - before + 32;
    arena_.release(mark);

    forget(function.name);
    auto* const block = static_cast<std::byte*>(store_.take(sizeof(StoredFunction) + room));
    Arena inside({block + sizeof(StoredFunction), room});
    const Function* const copy = TreeCopy(inside).copy(&function);
    first_ = new (block) StoredFunction{first_, copy->name, copy->body, 0, false};
}

StoredFunction* Functions::find(std::string_view name) const {
    StoredFunction* function = first_;
    while (function != nullptr && function->name != name)
        function = function->next;
    return function;
}

void Functions::forget(std::string_view name) {
    StoredFunction** place = &first_;
    while (*place != nullptr && (*place)->name != name)
        place = &(*place)->next;
    StoredFunction* const function = *place;
    if (function == nullptr) return;
    *place = function->next;
    function->is_forgotten = true;
    if (function->calls == 0) store_.give(function);
}

void Functions::leave(StoredFunction& function) {
    if (--function.calls == 0 && function.is_forgotten) store_.give(&function);
}

}  // namespace quire::shell
