#include "user/arena.h"

#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr std::size_t kAlignment = 16;
constexpr std::size_t kStep = 16384;   // the break moves by that much at least
constexpr std::size_t kKept = 262144;  // clear() leaves that much below the break

constexpr std::uintptr_t align_up(std::uintptr_t value) {
    return (value + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

Arena::Arena()
    : start_(align_up(sys::set_break(0))), next_(start_), end_(start_), can_grow_(true) {}

Arena::Arena(std::span<std::byte> room)
    : start_(align_up(reinterpret_cast<std::uintptr_t>(room.data()))),
      next_(start_),
      end_(reinterpret_cast<std::uintptr_t>(room.data()) + room.size()),
      can_grow_(false) {}

void Arena::on_exhausted(Exhausted handler, void* context) {
    exhausted_ = handler;
    context_ = context;
}

bool Arena::grow(std::uintptr_t end) {
    const std::uintptr_t wanted = end + kStep;
    if (!can_grow_ || end < next_ || wanted < end || wanted - start_ > limit_) return false;
    if (sys::set_break(wanted) != wanted) return false;
    end_ = wanted;
    return true;
}

void* Arena::take(std::size_t bytes) {
    const std::uintptr_t place = next_;
    const std::uintptr_t end = align_up(place + bytes);
    if ((end > end_ || end < place) && !grow(end)) {
        if (exhausted_ != nullptr) exhausted_(context_);
        complain("out of memory\n");
        sys::exit(2);
    }
    next_ = end;
    return reinterpret_cast<void*>(place);
}

char* Arena::copy(std::string_view text) {
    char* place = static_cast<char*>(take(text.size() + 1));
    memcpy(place, text.data(), text.size());
    place[text.size()] = '\0';
    return place;
}

void Arena::clear() {
    next_ = start_;
    if (!can_grow_ || end_ - start_ <= kKept) return;
    if (sys::set_break(start_ + kStep) == start_ + kStep) end_ = start_ + kStep;
}

}  // namespace quire
