// What is refused of ELF files, and what is read out of the rest; first lines of scripts; strings
// on their way to a new program.
#include "kernel/process/elf.h"

#include <gtest/gtest.h>

#include "kernel/process/argument_strings.h"
#include "kernel/process/script.h"
#include "kernel/process/user_copy.h"
#include "tests/host/elf_file.h"
#include "tests/host/fault_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {
namespace {

using namespace abi;
using kernel::ElfImage;

bool is_program(const ElfFile& file) {
    ElfHeader header = file.header;
    header.program_header_count = static_cast<std::uint16_t>(file.segments.size());
    const auto table = ElfImage::find_table(header);
    return table.ok() && table.value().bytes == file.segments.size() * 32 &&
           ElfImage::check(header, file.segments).ok();
}

TEST(Elf, TakesAProgram) {
    const ElfFile file = ElfFile::usual();
    ASSERT_TRUE(is_program(file));
    const ElfImage image = ElfImage::check(file.header, file.segments).take();
    EXPECT_EQ(image.span(), (mm::PageRange{mm::PageNumber(0x8048), mm::PageNumber(0x804C)}));
    EXPECT_EQ(image.table_address(), 0x08048034U);
    EXPECT_FALSE(image.is_movable());
    EXPECT_FALSE(image.has_executable_stack());
    EXPECT_EQ(image.interpreter(), nullptr);
}

TEST(Elf, RefusesOtherHeaders) {
    const auto refuses = [](auto change) {
        ElfFile file = ElfFile::usual();
        change(file.header);
        return !is_program(file);
    };
    for (unsigned i = 0; i < 4; ++i)
        EXPECT_TRUE(refuses([i](ElfHeader& header) { ++header.magic[i]; })) << i;
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.file_class = 2; }));
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.byte_order = 2; }));
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.machine = 62; }));
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.program_header_bytes = 31; }));
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.type = 1; }));
    EXPECT_TRUE(refuses([](ElfHeader& header) { header.type = 4; }));
    EXPECT_FALSE(refuses([](ElfHeader& header) { header.machine = 6; }));
    EXPECT_FALSE(refuses([](ElfHeader& header) { header.type = 3; }));
}

TEST(Elf, HasUpTo128ProgramHeaders) {
    ElfFile file = ElfFile::usual();
    file.segments.resize(128);
    EXPECT_TRUE(is_program(file));
    file.segments.resize(129);
    EXPECT_FALSE(is_program(file));
    file.segments.clear();
    EXPECT_FALSE(is_program(file));
    file.add(kSegmentStack, 0, 0, 0, 0, 0);
    EXPECT_FALSE(is_program(file)) << "nothing to load";
}

TEST(Elf, RefusesSegmentsThatCannotBe) {
    const auto refuses = [](auto change) {
        ElfFile file = ElfFile::usual();
        change(file.segments[1]);
        return !is_program(file);
    };
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.file_bytes = s.memory_bytes + 1; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.offset += 1; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.address += 0x10; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.address = 0x0000F010; }));
    EXPECT_FALSE(refuses([](ElfProgramHeader& s) { s.address = 0x00010010; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.address = 0xC0000010; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.address = 0xBFFFF010; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.memory_bytes = 0xFFFFFFFF; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.memory_bytes = 0xB7FB5FF1; }));
    EXPECT_FALSE(refuses([](ElfProgramHeader& s) { s.memory_bytes = 0xB7FB5FF0; }));
    EXPECT_TRUE(refuses([](ElfProgramHeader& s) { s.offset = 0xFFFFF010, s.file_bytes = 0xFF0; }));
    EXPECT_FALSE(refuses([](ElfProgramHeader& s) { s.file_bytes = 0, s.offset = 7; }));
}

TEST(Elf, SegmentsMayStandInAnyOrder) {
    ElfFile file = ElfFile::usual();
    std::swap(file.segments[0], file.segments[1]);
    ASSERT_TRUE(is_program(file));
    const ElfImage image = ElfImage::check(file.header, file.segments).take();
    EXPECT_EQ(image.span(), (mm::PageRange{mm::PageNumber(0x8048), mm::PageNumber(0x804C)}));
}

TEST(Elf, ItsHeadersMayLieInNoSegment) {
    ElfFile file = ElfFile::usual();
    file.header.program_headers = 0x1000;  // the first byte behind the first segment
    EXPECT_EQ(ElfImage::check(file.header, file.segments).take().table_address(), 0U);
    file.header.program_headers = 0xFFF;
    EXPECT_EQ(ElfImage::check(file.header, file.segments).take().table_address(), 0x08048FFFU);
}

TEST(Elf, TakesTheFirstInterpreterOfAProperLength) {
    ElfFile file = ElfFile::usual();
    auto& interpreter = file.add(kSegmentInterpreter, 0x200, 0, 1, 1, kSegmentRead);
    EXPECT_FALSE(is_program(file));
    interpreter.file_bytes = 4097;
    EXPECT_FALSE(is_program(file));
    interpreter.file_bytes = 4096;
    EXPECT_TRUE(is_program(file));
    file.add(kSegmentInterpreter, 0x300, 0, 1, 1, kSegmentRead);
    EXPECT_TRUE(is_program(file));
    const ElfImage image = ElfImage::check(file.header, file.segments).take();
    EXPECT_EQ(image.interpreter()->offset, 0x200U);
}

// --- Scripts ---

std::string script(std::string head) {
    const auto line = kernel::parse_script(head);
    if (!line.ok()) return error_name(line.error());
    return std::string(line.value().interpreter) + "|" + std::string(line.value().argument);
}

TEST(Script, HasAnInterpreterAndPerhapsAnArgument) {
    EXPECT_EQ(script("#!/bin/sh\n"), "/bin/sh|");
    EXPECT_EQ(script("#!/bin/sh"), "/bin/sh|");
    EXPECT_EQ(script("#! \t/bin/sh -x\t-y z \t\nmore"), "/bin/sh|-x\t-y z");
    EXPECT_EQ(script("#!/bin/sh \n"), "/bin/sh|");
    EXPECT_EQ(script(std::string("#!/bin/sh\0 -x\n", 15)), "/bin/sh|");
    EXPECT_EQ(script("#!\n/bin/sh"), "NotExecutable");
    EXPECT_EQ(script("#!"), "NotExecutable");
    EXPECT_EQ(script("#! \t "), "NotExecutable");
}

TEST(Script, ItsLineHas255Bytes) {
    const auto name = [](std::size_t length) { return "#!" + std::string(length, 'n'); };
    EXPECT_EQ(script(name(252) + "\n"), name(252).substr(2) + "|");
    EXPECT_EQ(script(name(252) + " argument that is cut"), name(252).substr(2) + "|");
    EXPECT_EQ(script(name(250) + " xyz"), name(250).substr(2) + "|xy");
    EXPECT_EQ(script(name(253) + "\nmore"), "NotExecutable");
    EXPECT_EQ(script(name(254)), "NotExecutable");
    EXPECT_EQ(script(name(253)), name(253).substr(2) + "|") << "the file ends there";
}

// --- Strings ---

class Arguments : public FaultMachine {
  protected:
    static constexpr std::uint32_t kStart = 0x100000;

    Arguments() { add(page_of(mm::VirtAddr(kStart)), 64, read_write()); }

    void store(std::uint32_t address, const std::string& text) {
        ASSERT_TRUE(user::copy_to(mm::VirtAddr(address), text.c_str(),
                                  static_cast<std::uint32_t>(text.size()) + 1)
                        .ok());
    }
    std::string all(const kernel::ArgumentStrings& strings) {
        std::string text;
        for (std::uint32_t at = 0; at < strings.bytes();) {
            const auto piece = strings.piece(at);
            text.append(piece.data(), piece.size());
            at += static_cast<std::uint32_t>(piece.size());
        }
        return text;
    }
    // How often appending the string at kStart fails if the first, the second ... allocation does.
    std::uint32_t fail_each_string() {
        for (std::uint32_t n = 1;; ++n) {
            kernel::ArgumentStrings strings(machine.memory, 1U << 20);
            machine.machine.injector.fail_nth(n);
            const Result<void> appended = strings.append_from(mm::VirtAddr(kStart));
            machine.machine.injector.fail_nth(0);
            if (appended.ok()) return n - 1;
            EXPECT_EQ(appended.error(), Error::OutOfMemory);
        }
    }
    UserCopies copies{machine};
};

TEST_F(Arguments, AreCopiedFromTheProgram) {
    store(kStart + 0xFFE, "across a page");
    store(kStart, "");
    const std::uint32_t pointers[] = {kStart + 0xFFE, kStart, 0};
    const mm::VirtAddr array(kStart + 0x2000);
    ASSERT_TRUE(user::copy_to(array, pointers, sizeof pointers).ok());
    EXPECT_EQ(kernel::ArgumentStrings::count(array).value(), 2U);
    EXPECT_EQ(kernel::ArgumentStrings::count(mm::VirtAddr()).value(), 0U);
    kernel::ArgumentStrings strings(machine.memory, 1000);
    ASSERT_TRUE(strings.append_all_from(array, 2).ok());
    strings.end_arguments();
    strings.end_environment();
    EXPECT_EQ(all(strings), std::string("across a page\0\0", 15));
    EXPECT_EQ(strings.argument_count(), 2U);
}

TEST_F(Arguments, BadPointersAreTold) {
    kernel::ArgumentStrings strings(machine.memory, 1U << 20);
    EXPECT_EQ(strings.append_from(mm::VirtAddr(0)).error(), Error::BadAddress);
    EXPECT_EQ(strings.append_from(mm::VirtAddr(0xC0000000)).error(), Error::BadAddress);
    EXPECT_EQ(kernel::ArgumentStrings::count(mm::VirtAddr(0x5000)).error(), Error::BadAddress);
    const std::string text(100, 'x');
    ASSERT_TRUE(user::copy_to(mm::VirtAddr(kStart + 64 * 4096 - 100), text.data(), 100).ok());
    EXPECT_EQ(strings.append_from(mm::VirtAddr(kStart + 64 * 4096 - 100)).error(),
              Error::BadAddress);
}

TEST_F(Arguments, EndlessPointersAreNotCounted) {
    constexpr std::uint32_t kPages = kernel::ArgumentStrings::kMostBytes / mm::kPageSize + 1;
    constexpr mm::PageNumber kEnd{0x10000 + kPages};
    PagedObject object(machine, mm::MemoryObject::Kind::SharedMemory, nullptr, 1);
    for (mm::PageNumber page(0x10000); page < kEnd; ++page)
        add(page, 1, shared_map(), &object);
    const std::vector<std::uint32_t> pointers(1024, kStart);
    ASSERT_TRUE(user::copy_to(mm::VirtAddr(0x10000000), pointers.data(), 4096).ok());
    EXPECT_EQ(kernel::ArgumentStrings::count(mm::VirtAddr(0x10000000)).error(), Error::ListTooLong);
    ASSERT_TRUE(space->unmap(mm::VirtAddr(0x10000000), kPages * mm::kPageSize).ok());
}

TEST_F(Arguments, AStringHas128KiBAtMost) {
    kernel::ArgumentStrings strings(machine.memory, 1U << 20);
    store(kStart, std::string(kLongestArgument - 1, 'x'));
    EXPECT_TRUE(strings.append_from(mm::VirtAddr(kStart)).ok());
    store(kStart, std::string(kLongestArgument, 'x'));
    EXPECT_EQ(strings.append_from(mm::VirtAddr(kStart)).error(), Error::ListTooLong);
}

TEST_F(Arguments, PointersAndStringsShareTheRoom) {
    kernel::ArgumentStrings strings(machine.memory, 100);
    EXPECT_EQ(strings.reserve_pointers(25, 0).error(), Error::ListTooLong);
    ASSERT_TRUE(strings.reserve_pointers(0, 23).ok());  // an argument there will be
    store(kStart, "abc");
    EXPECT_TRUE(strings.append_from(mm::VirtAddr(kStart)).ok());
    EXPECT_EQ(strings.append_from(mm::VirtAddr(kStart)).error(), Error::ListTooLong);
    EXPECT_EQ(strings.append("").error(), Error::ListTooLong);
}

TEST_F(Arguments, TheFirstMayBeReplacedByOthers) {
    kernel::ArgumentStrings strings(machine.memory, 10000);
    ASSERT_TRUE(strings.append("zero").ok());
    ASSERT_TRUE(strings.append("one").ok());
    strings.end_arguments();
    ASSERT_TRUE(strings.append("A=b").ok());
    strings.end_environment();
    ASSERT_TRUE(strings.append("name").ok());
    strings.drop_first();
    ASSERT_TRUE(strings.prepend("script").ok());
    ASSERT_TRUE(strings.prepend(std::string(4095, 'p')).ok());
    EXPECT_EQ(all(strings),
              std::string(4095, 'p') + '\0' + std::string("script\0one\0A=b\0name\0", 20));
    EXPECT_EQ(strings.argument_count(), 3U);
    EXPECT_EQ(strings.environment_count(), 1U);
    EXPECT_EQ(strings.after(0), 4096U);
    EXPECT_EQ(strings.environment_start(), 4096U + 11);
    EXPECT_EQ(strings.file_name_start(), 4096U + 15);
}

TEST_F(Arguments, GiveTheirFramesBack) {
    const std::uint32_t used = machine.machine.used_frames();
    {
        kernel::ArgumentStrings strings(machine.memory, 1U << 20);
        ASSERT_TRUE(strings.append(std::string(50000, 'x')).ok());
        EXPECT_GT(machine.machine.used_frames(), used + 12);
    }
    EXPECT_EQ(machine.machine.used_frames(), used);
}

TEST_F(Arguments, EveryFrameMayBeMissing) {
    store(kStart, std::string(9000, 'x'));
    const std::uint32_t used = machine.machine.used_frames();
    EXPECT_EQ(fail_each_string(), 4U);  // the directory, and three frames
    EXPECT_EQ(machine.machine.used_frames(), used);
}

}  // namespace
}  // namespace quire::test
