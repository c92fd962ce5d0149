// From a file's name to a program that can start: what execve does before anybody notices.
//
//     ProgramLoader loader(files, strings);
//     TRY(loader.open(path));                     finds the file, and whose script it may be
//     StartPoint start = TRY(loader.load(thread, memory, facts));     fills an empty address space
//
//     00400000 or as linked                                                   C0000000
//     | text | data | BSS |  break -->        <-- mmap, interpreter |  guard | <-- stack |
//
// Nothing is read ahead of its use: segments are mapped, private, and their pages come by faults
// (mm/page_fault.h). Only the last page of a segment's file part is written now, where zeroes
// follow. If anything fails, the caller throws the new memory away and goes on as before. A
// position-independent program lies at 4 MiB, its interpreter (ld.so) where mmap puts it.
// execve(2), elf(5). (Linux: fs/exec.c, fs/binfmt_elf.c.)
#pragma once

#include <string_view>

#include "fs/file_calls.h"
#include "kernel/process/argument_strings.h"
#include "kernel/process/elf.h"
#include "kernel/process/process.h"
#include "kernel/process/program_stack.h"

namespace quire::kernel {

/// While it lives, copies of `thread`, which runs, go to `space`.
class ActiveSpace {
  public:
    ActiveSpace(Thread& thread, mm::AddressSpace& space);
    ~ActiveSpace();
    ActiveSpace(const ActiveSpace&) = delete;
    ActiveSpace& operator=(const ActiveSpace&) = delete;

  private:
    Thread& thread_;
    mm::UserMemory& memory_;
    mm::AddressSpace* before_;
};

/// What a program is told about the machine and itself.
struct ProgramFacts {
    fs::Credentials credentials;     // as they are once it runs
    bool changes_ids = false;        // suid or sgid made it somebody else's
    bool is_secure = false;          // they are not its caller's: AT_SECURE
    bool sets_ids = false;           // the file has suid or sgid
    std::uint32_t cpu_features = 0;  // EDX of CPUID 1
    std::array<std::byte, 16> random{};
};

/// Where it starts.
struct StartPoint {
    std::uint32_t entry;
    std::uint32_t stack_pointer;
};

class ProgramLoader {
  public:
    static constexpr std::uint32_t kMostScripts = 5;
    /// Where position-independent programs lie.
    static constexpr mm::PageNumber kMovableStart{0x00400};

    /// Both must stay. `strings` are complete.
    ProgramLoader(mm::UserMemory& memory, fs::FileCalls& files, ArgumentStrings& strings)
        : memory_(memory), files_(files), strings_(strings) {}

    /// Finds the file, or for a script the program that reads it; `strings` get its words then.
    /// Errors: those of FileCalls::find_executable(); TextBusy; NotExecutable; LinkLoop (scripts
    /// that are read by scripts); IoError, OutOfMemory.
    Result<void> open(std::string_view path);

    /// What the file to run has. Precondition: open().
    [[nodiscard]] const fs::Attributes& attributes() const { return attributes_; }

    /// Fills `memory`, which is empty. Preconditions: open(); the first time. Errors:
    /// NotExecutable; those of opening the interpreter, and BadLibrary; ListTooLong; OutOfMemory,
    /// IoError. `memory` may hold anything then.
    Result<StartPoint> load(Thread& thread, ProgramMemory& memory, const ProgramFacts& facts);

  private:
    // A file's headers, in a frame of their own.
    struct Headers {
        mm::OwnedFrame frame;
        ElfImage image;
    };
    Result<std::string_view> read(fs::Node& node, std::uint32_t offset, std::uint32_t bytes);
    Result<std::string_view> read_head(fs::Node& node);
    Result<Headers> take_headers(fs::Node& node, std::string_view head);
    Result<fs::NodeRef> open_interpreter(const abi::ElfProgramHeader& header);
    Result<std::uint32_t> load_interpreter(ProgramMemory& memory, const ElfImage& image,
                                           std::uint32_t& base);
    [[nodiscard]] AuxiliaryVector auxiliary_for(const ElfImage& image, std::uint32_t bias,
                                                std::uint32_t base,
                                                const ProgramFacts& facts) const;

    mm::UserMemory& memory_;
    fs::FileCalls& files_;
    ArgumentStrings& strings_;
    mm::OwnedFrame frame_;  // where read() puts it
    fs::ExecutableRef executable_;
    fs::Attributes attributes_;
    std::string_view head_;  // the first bytes of the file to run, in frame_
    fs::NodeRef interpreter_;
};

/// Maps the segments of `image`, whose file `node` is, moved by `bias` bytes, into `space`; pages
/// are neither read nor written. Errors: NotExecutable (no room: segments overlap each other or
/// others), OutOfMemory; what came before is mapped then.
Result<void> map_segments(mm::AddressSpace& space, const ElfImage& image, fs::Node& node,
                          std::uint32_t bias);

/// Zeroes what follows the file's bytes in the last page of each segment that can be written.
/// Precondition: map_segments() to `space`, and copies go there. Errors: NotExecutable (the file
/// ends before the segment does), OutOfMemory, IoError.
Result<void> clear_tails(mm::AddressSpace& space, const ElfImage& image, std::uint32_t bias);

}  // namespace quire::kernel
