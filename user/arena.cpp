#include "user/arena.h"

#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr std::size_t kAlignment = 16;
constexpr std::size_t kStep = 16384;  // the break moves by that much at least

constexpr std::uintptr_t align_up(std::uintptr_t value) {
    return (value + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

Arena::Arena() : start_(align_up(sys::set_break(0))), next_(start_), end_(start_) {}

void* Arena::take(std::size_t bytes) {
    const std::uintptr_t place = next_;
    const std::uintptr_t end = align_up(place + bytes);
    if (end > end_) {
        const std::uintptr_t wanted = end + kStep;
        if (end < place || sys::set_break(wanted) != wanted) {
            complain("out of memory\n");
            sys::exit(2);
        }
        end_ = wanted;
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

}  // namespace quire
