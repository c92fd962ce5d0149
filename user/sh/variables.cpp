#include "user/sh/variables.h"

#include <algorithm>

namespace quire::shell {

std::size_t Variables::size_at(std::size_t offset) const {
    const char* const start = room_.data() + offset;
    return static_cast<std::size_t>(std::find(start, room_.data() + used_, '\0') - start) + 1;
}

std::size_t Variables::offset_of(std::string_view name) const {
    for (std::size_t at = 0; at < used_; at += size_at(at)) {
        const std::string_view text(room_.data() + at + 1, size_at(at) - 2);
        if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=')
            return at;
    }
    return kNone;
}

std::optional<std::string_view> Variables::find(std::string_view name) const {
    const std::size_t at = offset_of(name);
    if (at == kNone) return std::nullopt;
    return std::string_view(room_.data() + at + 1, size_at(at) - 2).substr(name.size() + 1);
}

void Variables::erase(std::size_t offset) {
    const std::size_t size = size_at(offset);
    std::copy(room_.data() + offset + size, room_.data() + used_, room_.data() + offset);
    used_ -= size;
}

bool Variables::append(char mark, std::string_view name, std::string_view value) {
    const std::size_t size = name.size() + value.size() + 3;
    if (size > kRoom - used_) return false;
    char* place = room_.data() + used_;
    *place++ = mark;
    place = std::copy(name.begin(), name.end(), place);
    *place++ = '=';
    place = std::copy(value.begin(), value.end(), place);
    *place = '\0';
    used_ += size;
    return true;
}

bool Variables::set(std::string_view name, std::string_view value) {
    const std::size_t old = offset_of(name);
    const char mark = old == kNone ? '-' : room_[old];
    if (!append(mark, name, value)) return false;
    if (old != kNone) erase(old);
    return true;
}

bool Variables::set_exported(std::string_view name) {
    const std::size_t at = offset_of(name);
    if (at == kNone) return append('x', name, "");
    room_[at] = 'x';
    return true;
}

void Variables::remove(std::string_view name) {
    const std::size_t at = offset_of(name);
    if (at != kNone) erase(at);
}

}  // namespace quire::shell
