#include "user/directory.h"

#include "kernel/abi/dirent.h"
#include "libc/string.h"
#include "user/system.h"

namespace quire {

Directory::Directory(const char* path)
    : file_(sys::open(path, abi::kOpenDirectory | abi::kOpenCloseOnExec)) {
    if (file_ < 0) error_ = file_;
}

Directory::~Directory() {
    if (is_open()) sys::close(static_cast<int>(file_));
}

const char* Directory::next() {
    while (error_ == 0) {
        if (next_ == used_) {
            const long got =
                sys::read_directory(static_cast<int>(file_), entries_.data(), entries_.size());
            if (got < 0) error_ = got;
            if (got <= 0) return nullptr;
            used_ = static_cast<std::size_t>(got);
            next_ = 0;
        }
        const char* const place = entries_.data() + next_;
        abi::DirectoryEntry64 entry;
        memcpy(&entry, place, sizeof entry);
        next_ += entry.bytes;
        const char* const name = place + sizeof entry;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) return name;
    }
    return nullptr;
}

}  // namespace quire
