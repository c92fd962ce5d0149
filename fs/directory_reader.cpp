#include "fs/directory_reader.h"

#include <array>

#include "kernel/abi/dirent.h"
#include "kernel/abi/fcntl.h"
#include "kernel/base/align.h"
#include "libc/string.h"

namespace quire::fs {

namespace {

// Takes one entry and refuses the next, so that the directory's position is then that of the next:
// the offset that belongs into the entry.
class OneEntry final : public DirectoryVisitor {
  public:
    bool visit(const DirectoryEntry& entry) override {
        if (bytes_ != 0) return false;
        abi::DirectoryEntry64 head{};
        const std::size_t name = entry.name.size();
        bytes_ = align_up(static_cast<std::uint32_t>(sizeof head + name + 1),
                          abi::kDirectoryEntryAlignment);
        ASSERT(bytes_ <= text_.size());
        head.number = entry.number;
        head.bytes = static_cast<std::uint16_t>(bytes_);
        head.kind = static_cast<std::uint8_t>(entry.kind);
        memcpy(text_.data(), &head, sizeof head);
        memcpy(text_.data() + sizeof head, entry.name.data(), name);
        memset(text_.data() + sizeof head + name, 0, bytes_ - sizeof head - name);
        return true;
    }

    [[nodiscard]] std::uint32_t bytes() const { return bytes_; }

    std::span<const std::byte> entry_before(std::uint64_t position) {
        memcpy(text_.data() + offsetof(abi::DirectoryEntry64, offset), &position, sizeof position);
        return std::span(text_).first(bytes_);
    }

  private:
    std::uint32_t bytes_ = 0;
    std::array<std::byte, align_up(static_cast<std::uint32_t>(sizeof(abi::DirectoryEntry64)) +
                                       abi::kLongestName + 1,
                                   abi::kDirectoryEntryAlignment)>
        text_;
};

// Returns the bytes of the entry at `position`; 0: there is none.
Result<std::uint32_t> read_entry(Node& directory, std::uint64_t& position, std::uint32_t room,
                                 ByteSink& to) {
    OneEntry one;
    std::uint64_t next = position;
    TRY(directory.read_directory(next, one));
    if (one.bytes() == 0) return 0U;
    if (one.bytes() > room) return Error::InvalidArgument;
    TRY(to.take(one.entry_before(next)));
    position = next;
    return one.bytes();
}

}  // namespace

Result<std::uint32_t> read_entries(Node& directory, std::uint64_t& position, std::uint32_t bytes,
                                   ByteSink& to) {
    for (std::uint32_t done = 0;;) {
        const Result<std::uint32_t> entry = read_entry(directory, position, bytes - done, to);
        if (!entry.ok()) {
            if (done != 0) return done;
            return entry.error();
        }
        if (entry.value() == 0) return done;
        done += entry.value();
    }
}

}  // namespace quire::fs
