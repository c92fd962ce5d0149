// A program's memory for tests of what copies from and to it: quire::user (kernel/process/
// user_copy.h) over the simulated MMU.
#pragma once

#include "tests/host/user_machine.h"

namespace quire::test {

/// As long as it lives, copies go to the address space that the machine has loaded, in ring 0 as
/// the kernel's do, and that space answers their faults.
class UserCopies {
  public:
    explicit UserCopies(UserMachine& machine);
    ~UserCopies();
    UserCopies(const UserCopies&) = delete;
    UserCopies& operator=(const UserCopies&) = delete;

    /// Where `address` lies in RAM, once faults are answered; nullptr if they cannot be.
    std::byte* reach(mm::VirtAddr address, mm::Access access);

    /// Copies from now on fail as soon as so many bytes have been moved.
    void fail_after(std::uint32_t bytes) { left_ = bytes; }
    /// Takes up to `bytes` of what may still be moved; answers how many.
    std::uint32_t take(std::uint32_t bytes);

  private:
    mm::AddressSpace* loaded_space();

    UserMachine& machine_;
    UserCopies* before_;
    std::uint32_t left_ = ~0U;
};

}  // namespace quire::test
