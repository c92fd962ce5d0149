// The strings that a program is started with, on their way from the old program to the new one:
// arguments, environment, and the file's name.
//
//     frames   |  room in front  | sh \0 | -c \0 | ls \0 | HOME=/ \0 | PATH=... \0 | /bin/sh \0 |
//              0                 ^begin_                                                    end_^
//                                | arguments             | environment             | file name
//
// It is one string of bytes, as it will stand at the top of the stack. It lies in frames of the
// kernel meanwhile, because execve must be able to fail after it has read everything that the
// caller handed in. What a script's first line adds goes to the room in front. execve(2).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fs/file_layer.h"
#include "kernel/base/result.h"
#include "mm/owned_frame.h"
#include "mm/types.h"

namespace quire::kernel {

class ArgumentStrings {
  public:
    /// In front of the first argument: a path, and what five scripts in a row may add.
    static constexpr std::uint32_t kFrontRoom = 2 * mm::kPageSize;
    static constexpr std::uint32_t kMostBytes = mm::kEntriesPerTable * mm::kPageSize - kFrontRoom;

    /// `most_bytes`: of strings and of the pointers to them. `memory` must stay. Takes no memory.
    ArgumentStrings(mm::UserMemory& memory, std::uint32_t most_bytes);
    ~ArgumentStrings();
    ArgumentStrings(const ArgumentStrings&) = delete;
    ArgumentStrings& operator=(const ArgumentStrings&) = delete;

    /// How many pointers stand at `array`, before the null pointer; 0 for a null `array`.
    /// Errors: BadAddress; ListTooLong (more than could ever be allowed).
    static Result<std::uint32_t> count(mm::VirtAddr array);

    /// Takes what the pointers to the strings need from the room; at least one argument counts.
    /// Errors: ListTooLong.
    Result<void> reserve_pointers(std::uint32_t arguments, std::uint32_t variables);

    /// Appends a string. Errors: ListTooLong (E2BIG), OutOfMemory; BadAddress (the program's).
    Result<void> append(std::string_view string);
    Result<void> append_from(mm::VirtAddr string);
    /// The first `count` strings of an array of pointers.
    Result<void> append_all_from(mm::VirtAddr array, std::uint32_t count);
    /// What follows is environment, then the file's name.
    void end_arguments();
    void end_environment();

    /// Takes the first argument away, or puts one in front. Preconditions: end_arguments() was
    /// called; there is one; all that is put in front fits into kFrontRoom.
    void drop_first();
    Result<void> prepend(std::string_view string);

    [[nodiscard]] std::uint32_t argument_count() const { return arguments_; }
    [[nodiscard]] std::uint32_t environment_count() const { return environment_; }
    /// Of all strings, each with its NUL; and where, counted from the first one, the next begin.
    [[nodiscard]] std::uint32_t bytes() const { return end_ - begin_; }
    [[nodiscard]] std::uint32_t environment_start() const { return arguments_end_ - begin_; }
    [[nodiscard]] std::uint32_t file_name_start() const { return environment_end_ - begin_; }

    /// The bytes at `at`, as far as they lie together. Precondition: at < bytes().
    [[nodiscard]] std::span<const char> piece(std::uint32_t at) const;
    /// Where the string after the one at `at` begins. Precondition: a string begins at `at`.
    [[nodiscard]] std::uint32_t after(std::uint32_t at) const;

  private:
    // The rest of the frame that byte `at` lies in, made if it is not there.
    Result<std::span<char>> room_at(std::uint32_t at);
    Result<void> put(std::uint32_t at, std::string_view bytes);
    Result<void> take_room(std::uint32_t bytes);
    [[nodiscard]] std::uint32_t* frames() const;
    void count_string();

    mm::UserMemory& memory_;
    mm::OwnedFrame directory_;      // the numbers of the frames; 0: none yet
    std::uint32_t frames_end_ = 0;  // so many words of it mean something; there is no frame behind
    std::uint32_t room_left_;
    std::uint32_t begin_ = kFrontRoom;
    std::uint32_t end_ = kFrontRoom;
    std::uint32_t arguments_end_ = 0;
    std::uint32_t environment_end_ = 0;
    std::uint32_t arguments_ = 0;
    std::uint32_t environment_ = 0;
};

}  // namespace quire::kernel
