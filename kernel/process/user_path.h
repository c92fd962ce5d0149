// A path that a program hands in, in a frame of the kernel. (Linux: getname.)
#pragma once

#include <string_view>

#include "fs/file_layer.h"
#include "kernel/abi/fcntl.h"
#include "kernel/process/user_copy.h"
#include "mm/physical_window.h"

namespace quire::kernel {

class UserPath {
  public:
    /// Errors: BadAddress, NameTooLong (4,096 bytes and more), OutOfMemory.
    static Result<UserPath> copy(mm::UserMemory& memory, mm::VirtAddr from) {
        mm::OwnedFrame frame = TRY(fs::FileLayer::take_frame_from(memory));
        char* const room = reinterpret_cast<char*>(mm::frame_bytes(frame.number()));
        const auto length = TRY(user::copy_string_from({room, abi::kPathMax}, from));
        return UserPath(std::move(frame), length);
    }

    [[nodiscard]] std::string_view text() const {
        return {reinterpret_cast<const char*>(mm::frame_bytes(frame_.number())), length_};
    }

  private:
    UserPath(mm::OwnedFrame frame, std::uint32_t length)
        : frame_(std::move(frame)), length_(length) {}

    mm::OwnedFrame frame_;
    std::uint32_t length_;
};

}  // namespace quire::kernel
