// The memory calls of Linux i386 as programs make them: register values in, Result out.
//
//     int 0x80: ebx, ecx, edx, esi, edi, ebp --> MemoryCalls --> AddressSpace
//                                                numbers         types
//
// Here flags become types, and what Linux refuses for a flag's sake is refused, in Linux' order;
// everything else is AddressSpace's to judge. The kernel looks up descriptors, copies from and to
// the program, and turns an Error into its errno. Only numbers come from kernel/abi/: this knows
// nothing of processes. mmap2(2), munmap(2), mprotect(2), brk(2), mremap(2), madvise(2),
// mincore(2), msync(2), mlock(2), mlockall(2), each as of Linux 6.1.
#pragma once

#include <cstdint>

#include "kernel/abi/mman.h"
#include "kernel/base/result.h"
#include "mm/address_space.h"

namespace quire::mm {

/// What a file descriptor stands for.
struct MappableFile {
    MemoryObject* object = nullptr;  // nullptr only if it cannot be mapped
    Rights opened_for;
    bool mappable = false;  // false: a pipe, a terminal, a directory
};

/// The registers of mmap2 beside the descriptor.
struct Mmap2Arguments {
    std::uint32_t address;
    std::uint32_t length;
    std::uint32_t prot;
    std::uint32_t flags;
    std::uint32_t page_offset;
};

/// What a call of mmap2 asks of AddressSpace::map(). If it is shared and has no object, the caller
/// makes shared memory of that length and puts it in, with all object_rights. `file` is what the
/// descriptor stands for, nullptr if it stands for nothing; not looked at for MAP_ANONYMOUS.
/// Unknown flags are ignored, but for MAP_SHARED_VALIDATE. Errors: BadDescriptor (EBADF);
/// InvalidArgument (EINVAL: length 0, no such type, huge pages of a file, GROWSDOWN shared);
/// OutOfMemory (ENOMEM: there are no huge pages); Overflow
/// (EOVERFLOW); NotSupported (EOPNOTSUPP: an unknown flag with MAP_SHARED_VALIDATE); AccessDenied
/// (EACCES); NotMappable (ENODEV).
Result<MapRequest> decode_mmap2(const Mmap2Arguments& call, const MappableFile* file);

/// The same call by its old name (90). Errors: InvalidArgument (offset not in whole pages).
Result<Mmap2Arguments> decode_old_mmap(const abi::OldMmapArguments& call);

/// The calls that need no file, for one address space. Errors are those of AddressSpace's methods
/// and those told here.
class MemoryCalls {
  public:
    /// `space` must stay.
    explicit MemoryCalls(AddressSpace& space) : space_(space) {}

    Result<void> munmap(std::uint32_t address, std::uint32_t length) {
        return space_.unmap(VirtAddr(address), length);
    }
    /// InvalidArgument: an unknown bit in `prot`; PROT_GROWSUP, as nothing grows up.
    Result<void> mprotect(std::uint32_t address, std::uint32_t length, std::uint32_t prot);
    VirtAddr brk(std::uint32_t address) { return space_.set_break(VirtAddr(address)); }

    /// InvalidArgument: an unknown flag.
    Result<VirtAddr> mremap(std::uint32_t address, std::uint32_t old_length,
                            std::uint32_t new_length, std::uint32_t flags,
                            std::uint32_t new_address);

    /// InvalidArgument: an advice that Quire does not know, whatever the length.
    Result<void> madvise(std::uint32_t address, std::uint32_t length, std::uint32_t advice);

    /// How many bytes the answer to mincore has; AddressSpace::residence() gives them, and the
    /// caller copies them to `vector`. Errors: InvalidArgument (not aligned), OutOfMemory (ENOMEM:
    /// the range leaves user space), BadAddress (EFAULT: the vector does).
    [[nodiscard]] static Result<PageCount> mincore_pages(std::uint32_t address,
                                                         std::uint32_t length,
                                                         std::uint32_t vector);

    /// InvalidArgument: an unknown flag, or both MS_SYNC and MS_ASYNC.
    Result<void> msync(std::uint32_t address, std::uint32_t length, std::uint32_t flags);

    Result<void> mlock(std::uint32_t address, std::uint32_t length) {
        return space_.lock(VirtAddr(address), length, AddressSpace::LockMode::Now);
    }
    /// InvalidArgument: an unknown flag.
    Result<void> mlock2(std::uint32_t address, std::uint32_t length, std::uint32_t flags);
    Result<void> munlock(std::uint32_t address, std::uint32_t length) {
        return space_.unlock(VirtAddr(address), length);
    }
    /// InvalidArgument: an unknown flag.
    Result<void> mlockall(std::uint32_t flags);
    Result<void> munlockall() {
        space_.unlock_all();
        return {};
    }

  private:
    AddressSpace& space_;
};

}  // namespace quire::mm
