// Fuzz target: a program's file, damaged in some places, is started as execve starts it. Nothing
// may crash, reach past the file, map what the file does not say, or keep a frame or an object
// afterwards; what starts has its stack where the ABI wants it.
//
//     byte 0        which file it was: a program, a movable one, one with an interpreter, a script
//     4 bytes each  a place in its first kilobyte, and what is done to the word there
//
// RAM and the memory manager stay from run to run: that is what makes a run cheap, and what shows a
// leak.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "kernel/process/program.h"
#include "tests/host/elf_file.h"
#include "tests/host/file_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {
namespace {

using namespace abi;

std::string program() {
    return ElfFile::usual().text();
}

std::string movable() {
    ElfFile file = ElfFile::usual();
    file.header.type = kElfSharedObject;
    for (ElfProgramHeader& segment : file.segments)
        segment.address -= 0x08048000;
    return file.text();
}

std::string interpreted() {
    constexpr char kName[] = "/ld";
    ElfFile file = ElfFile::usual();
    file.bytes = std::string(0x1010, '\0');
    std::memcpy(file.bytes.data() + 0x200, kName, sizeof kName);
    file.add(kSegmentInterpreter, 0x200, 0, sizeof kName, sizeof kName, kSegmentRead);
    return file.text();
}

// Values that are near what somebody compares with.
constexpr std::uint32_t kWords[] = {0,          1,          0x1000,     0x10000,    0x7FFFFFFF,
                                    0x80000000, 0xBFFFF000, 0xC0000000, 0xFFFFF000, 0xFFFFFFFF};

class Machine {
  public:
    Machine() {
        files_ = {program(), movable(), interpreted(), "#!/ld an argument\n#!\n"};
        process_.put("/ld", movable(), 0755);
        world_.machine.slabs.reclaim();
        used_ = world_.machine.machine.used_frames();
    }

    void run(const std::uint8_t* data, std::size_t size) {
        if (size == 0) return;
        std::string file = files_[data[0] % files_.size()];
        for (std::size_t at = 1; at + 4 <= size; at += 4)
            damage(file, data + at);
        process_.put("/program", file, 0755);
        start();
        if (process_.unlink("/program") != "OK") std::abort();
        world_.machine.slabs.reclaim();
        if (world_.machine.machine.used_frames() != used_) {
            std::printf("a run has kept %u frames\n", world_.machine.machine.used_frames() - used_);
            std::abort();
        }
    }

  private:
    static void damage(std::string& file, const std::uint8_t* how) {
        const std::size_t place = (how[0] | how[1] << 8) % 1020;
        if (place + 4 > file.size()) {
            file.resize(how[2]);
            return;
        }
        std::uint32_t word = 0;
        std::memcpy(&word, file.data() + place, 4);
        if ((how[3] & 1) != 0) {
            word = kWords[how[2] % std::size(kWords)] + (how[3] >> 4) - 8;
        } else {
            word ^= std::uint32_t{how[2]} << how[3] / 2 % 32;
        }
        std::memcpy(file.data() + place, &word, 4);
    }

    void start() {
        kernel::ArgumentStrings strings(world_.machine.memory, 1U << 17);
        if (!strings.append("name").ok()) std::abort();
        strings.end_arguments();
        strings.end_environment();
        if (!strings.append("/program").ok()) std::abort();
        kernel::ProgramLoader loader(world_.machine.memory, process_.calls, strings);
        if (!loader.open("/program").ok()) return;
        auto pages = mm::UserPages::create(world_.machine.memory);
        if (!pages.ok()) std::abort();
        kernel::ProgramMemory memory(world_.machine.memory, pages.take(), {});
        const auto started = loader.load(thread_, memory, {});
        memory.space.check_invariants();
        if (started.ok() && started.value().stack_pointer % 16 != 0) std::abort();
        if (thread_.active_space != nullptr) std::abort();
    }

    FileWorld world_;
    TestProcess process_{world_};
    UserCopies copies_{world_.machine};
    kernel::Thread thread_{1, nullptr};
    std::array<std::string, 4> files_;
    std::uint32_t used_ = 0;
};

}  // namespace
}  // namespace quire::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static auto* const machine = new quire::test::Machine;
    machine->run(data, size);
    return testing::Test::HasFailure() ? std::abort(), 0 : 0;
}
