#include "user/sh/number.h"

#include "libc/format.h"

namespace quire::shell {

std::string_view to_text(long long number, Arena& arena) {
    const std::span<char> room = arena.make_array<char>(24);
    const int length = snprintf(room.data(), room.size(), "%lld", number);
    return {room.data(), static_cast<std::size_t>(length)};
}

}  // namespace quire::shell
