// The processes of a script: programs that do what they are told (puppet.c), one for each number.
//
// A puppet ends when the pipe of its commands does, so nobody survives who holds the other end.
#pragma once

#include <sys/types.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/guest/model/process_look.h"
#include "tests/guest/model/puppet.h"
#include "tests/host/memory_script.h"

namespace quire::test {

class Puppets {
  public:
    /// Opens the pipes. `program`: the path of puppet.c's program.
    explicit Puppets(std::string program);
    Puppets(const Puppets&) = delete;
    Puppets& operator=(const Puppets&) = delete;
    /// Ends all, and closes them.
    ~Puppets();

    [[nodiscard]] bool exists(std::uint32_t number) const { return looks_[number] != nullptr; }
    [[nodiscard]] pid_t pid(std::uint32_t number) const { return pids_[number]; }
    [[nodiscard]] ProcessLook& look(std::uint32_t number) { return *looks_[number]; }

    /// Starts the program as an ordinary user who may become root again. False: it could not start.
    bool spawn(std::uint32_t number);
    /// The answer's result is the new one's pid, or an error.
    std::optional<PuppetAnswer> fork(std::uint32_t number, std::uint32_t child);
    /// Ends it, and waits until it is gone.
    void exit(std::uint32_t number);

    /// Has it do these one after the other, without a pause. What is asked of command() next must
    /// be these, one by one. At most kPuppetMostCommands, and none that bytes follow.
    void ahead(std::uint32_t number, const std::vector<PuppetCommand>& commands);
    /// Has it do something, or tells what came of it if that was done ahead. Nothing: it is no
    /// more.
    std::optional<PuppetAnswer> command(std::uint32_t number, const PuppetCommand& command);
    /// A system call.
    std::optional<PuppetAnswer> call(std::uint32_t number, std::uint32_t call,
                                     const std::array<std::uint32_t, 6>& arguments);
    /// The bytes that follow an answer. False: it is no more.
    bool more(std::uint32_t number, void* bytes, std::size_t count);

  private:
    std::vector<PuppetAnswer> exchange(std::uint32_t number,
                                       const std::vector<PuppetCommand>& commands);
    [[noreturn]] void become(std::uint32_t number) const;
    void forget_pages();
    bool is_alive(std::uint32_t number) const;

    std::string program_;
    std::deque<std::optional<PuppetAnswer>> done_ahead_;
    std::array<int, kProcesses> commands_{};  // our end of each pair of pipes
    std::array<int, kProcesses> answers_{};
    std::array<pid_t, kProcesses> pids_{};
    std::array<std::unique_ptr<ProcessLook>, kProcesses> looks_;
};

}  // namespace quire::test
