// From a file to a program that can start: segments, stack, scripts, interpreters.
#include "kernel/process/program.h"

#include <gtest/gtest.h>

#include "tests/host/program_machine.h"

namespace quire::test {
namespace {

using namespace abi;
using Program = ProgramMachine;
using Strings = std::vector<std::string>;

TEST_F(Program, MapsSegmentsWhereTheFileSays) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(maps(),
              "8048000-8049000 r-xp 0\n"
              "804a000-804b000 rw-p 1\n"
              "804b000-804c000 rw-p 0\n"
              "bffdf000-c0000000 rw-d 0\n");
    EXPECT_EQ(point.entry, 0x08048100U);
    EXPECT_EQ(bytes(0x08048FFF, 1), "A");
    EXPECT_EQ(bytes(0x0804A010, 16), std::string(16, 'B'));
}

TEST_F(Program, ZeroesWhatFollowsTheFilesBytes) {
    ElfFile file = ElfFile::usual();
    file.bytes = std::string(0x3000, 'x');
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(bytes(0x0804A00F, 18), std::string(17, 'x') + '\0');
    EXPECT_EQ(bytes(0x0804A020, 0x10F0), std::string(0x10F0, '\0'));
    EXPECT_EQ(p.get("/bin/a"), file.text()) << "the file itself was written";
}

TEST_F(Program, ASegmentMayBeginLateInItsFirstPage) {
    ElfFile file = ElfFile::usual();
    file.segments[1].offset = 0x1FF0;
    file.segments[1].address = 0x0804AFF0;
    file.segments[1].file_bytes = file.segments[1].memory_bytes = 0x20;
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(bytes(0x0804AFF0, 0x20), std::string(16, 'B') + std::string(16, 'C'));
    EXPECT_NE(maps().find("804a000-804c000 rw-p 1\n"), std::string::npos);
}

TEST_F(Program, LeavesTheTailOfAReadOnlySegment) {
    ElfFile file = ElfFile::usual();
    file.segments[1].flags = kSegmentRead;
    file.bytes = std::string(0x2000, 'x');
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(bytes(0x0804A020, 1), "x");
    EXPECT_EQ(bytes(0x0804B000, 1), std::string(1, '\0'));
}

TEST_F(Program, ReadsNoPageAheadOfItsUse) {
    ElfFile file = ElfFile::usual();
    file.segments[1].memory_bytes = file.segments[1].file_bytes;  // no tail
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    const auto figures = memory->space.figures();
    EXPECT_EQ(figures.resident, mm::PageCount(1));  // the stack's last page
}

TEST_F(Program, TheBreakFollowsTheLastSegment) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(memory->break_start, 0x0804C000U);
    EXPECT_EQ(memory->space.set_break(mm::VirtAddr()).raw(), 0x0804C000U);
    EXPECT_EQ(memory->space.set_break(mm::VirtAddr(0x0804D001)).raw(), 0x0804D001U);
}

TEST_F(Program, TellsProcWhatLiesWhere) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a", {"a", "bc"}, {"D=E"}), "OK");
    EXPECT_EQ(memory->code_start, 0x08048000U);
    EXPECT_EQ(memory->code_end, 0x08049000U);
    EXPECT_EQ(memory->data_start, 0x0804A010U);
    EXPECT_EQ(memory->data_end, 0x0804A020U);
    EXPECT_EQ(memory->stack_start, point.stack_pointer);
    EXPECT_EQ(bytes(memory->arguments_start, 5), std::string("a\0bc\0", 5));
    EXPECT_EQ(memory->arguments_end - memory->arguments_start, 5U);
    EXPECT_EQ(memory->environment_end - memory->arguments_end, 4U);
    EXPECT_EQ(string(memory->arguments_end), "D=E");
    EXPECT_TRUE(memory->executable);
}

TEST_F(Program, TheStackHoldsArgumentsAndEnvironment) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a", {"a", "", "long word"}, {"HOME=/", "X="}), "OK");
    EXPECT_EQ(point.stack_pointer % 16, 0U);
    EXPECT_EQ(word(point.stack_pointer), 3U);
    EXPECT_EQ(arguments(), (Strings{"a", "", "long word"}));
    EXPECT_EQ(environment(), (Strings{"HOME=/", "X="}));
    EXPECT_EQ(word(0xBFFFFFFC), 0U);
}

TEST_F(Program, TheAuxiliaryVectorTellsOfProgramAndMachine) {
    put("/bin/a", ElfFile::usual());
    facts.credentials.real_user = 7;
    facts.credentials.user = 8;
    facts.credentials.real_group = 9;
    facts.credentials.group = 10;
    facts.is_secure = true;
    facts.cpu_features = 0x0183FBFF;
    facts.random.fill(std::byte{0x55});
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(auxiliary(kAuxProgramHeaders), 0x08048034U);
    EXPECT_EQ(auxiliary(kAuxProgramHeaderBytes), 32U);
    EXPECT_EQ(auxiliary(kAuxProgramHeaderCount), 3U);
    EXPECT_EQ(auxiliary(kAuxPageSize), 4096U);
    EXPECT_EQ(auxiliary(kAuxBase), 0U);
    EXPECT_EQ(auxiliary(kAuxEntry), 0x08048100U);
    EXPECT_EQ(auxiliary(kAuxUser), 7U);
    EXPECT_EQ(auxiliary(kAuxEffectiveUser), 8U);
    EXPECT_EQ(auxiliary(kAuxGroup), 9U);
    EXPECT_EQ(auxiliary(kAuxEffectiveGroup), 10U);
    EXPECT_EQ(auxiliary(kAuxSecure), 1U);
    EXPECT_EQ(auxiliary(kAuxCpuFeatures), 0x0183FBFFU);
    EXPECT_EQ(auxiliary(kAuxTicksPerSecond), 100U);
    EXPECT_EQ(string(auxiliary(kAuxPlatform).value()), "i686");
    EXPECT_EQ(string(auxiliary(kAuxFileName).value()), "/bin/a");
    EXPECT_EQ(bytes(auxiliary(kAuxRandom).value(), 16), std::string(16, 'U'));
}

TEST_F(Program, ProcHasTheAuxiliaryVectorOfTheStack) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a"), "OK");
    for (std::size_t i = 0; memory->auxiliary[i] != 0; i += 2)
        EXPECT_EQ(auxiliary(memory->auxiliary[i]), memory->auxiliary[i + 1]);
}

TEST_F(Program, ManyLongStringsCrossPages) {
    put("/bin/a", ElfFile::usual());
    Strings words;
    for (unsigned i = 0; i < 300; ++i)
        words.push_back(std::string(i * 7 % 501, static_cast<char>('a' + i % 26)));
    words.push_back(std::string(kLongestArgument - 1, 'z'));
    ASSERT_EQ(start("/bin/a", words, words), "OK");
    EXPECT_EQ(arguments(), words);
    EXPECT_EQ(environment(), words);
    EXPECT_EQ(string(auxiliary(kAuxFileName).value()), "/bin/a");
}

TEST_F(Program, RefusesMoreStringsThanFit) {
    put("/bin/a", ElfFile::usual());
    most_bytes = 100;
    EXPECT_EQ(start("/bin/a", {std::string(92, 'x')}), "OK");  // with two NULs and the path
    EXPECT_EQ(start("/bin/a", {std::string(93, 'x')}), "E2BIG");
}

TEST_F(Program, RefusesMoreStringsThanTheStackMayHold) {
    put("/bin/a", ElfFile::usual());
    limits.stack = 2 * mm::kPageSize;
    EXPECT_EQ(start("/bin/a", {std::string(3000, 'x')}), "OK");
    EXPECT_EQ(start("/bin/a", {std::string(9000, 'x')}), "E2BIG");
}

TEST_F(Program, AStackThatMayBeExecutedIs) {
    ElfFile file = ElfFile::usual();
    file.segments[2].flags |= kSegmentExecute;
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_NE(maps().find("c0000000 rwxd"), std::string::npos);
    file.segments.pop_back();
    put("/bin/b", file);
    ASSERT_EQ(start("/bin/b"), "OK");
    EXPECT_NE(maps().find("c0000000 rwxd"), std::string::npos);
}

TEST_F(Program, MapsGoBelowWhatTheStackMayBecome) {
    put("/bin/a", ElfFile::usual());
    limits.stack = 64U << 20;
    ASSERT_EQ(start("/bin/a"), "OK");
    mm::MapRequest request;
    request.bytes = 4096;
    request.rights = mm::Rights::read();
    EXPECT_EQ(memory->space.map(request).take().raw(), 0xC0000000 - (65U << 20) - 4096);
}

TEST_F(Program, MovableProgramsLieAtFourMebibytes) {
    ElfFile file = ElfFile::usual();
    file.header.type = kElfSharedObject;
    for (auto& segment : file.segments)
        segment.address -= 0x08048000;
    file.header.entry = 0x100;
    put("/bin/a", file);
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(point.entry, 0x00400100U);
    EXPECT_EQ(auxiliary(kAuxEntry), 0x00400100U);
    EXPECT_EQ(auxiliary(kAuxProgramHeaders), 0x00400034U);
    EXPECT_EQ(memory->break_start, 0x00404000U);
    EXPECT_EQ(bytes(0x00402010, 17), std::string(16, 'B') + '\0');
}

class ProgramInterpreter : public Program {
  protected:
    ProgramInterpreter() {
        program.bytes = std::string(0x1010, 'p');
        program.bytes.replace(0x200, 7, std::string("/bin/ld", 7));
        program.bytes[0x207] = '\0';
        program.add(kSegmentInterpreter, 0x200, 0, 8, 8, kSegmentRead);
        interpreter.header.entry = 0x40;
        interpreter.bytes = std::string(0x2000, 'B');
        interpreter.add(kSegmentLoad, 0, 0, 0x1000, 0x1000, kSegmentRead | kSegmentExecute);
        interpreter.add(kSegmentLoad, 0x1000, 0x3000, 0x20, 0x30, kSegmentRead | kSegmentWrite);
    }
    ElfFile program = ElfFile::usual();
    ElfFile interpreter{kElfSharedObject};
};

TEST_F(ProgramInterpreter, StartsInItsInterpreter) {
    put("/bin/a", program);
    put("/bin/ld", interpreter);
    ASSERT_EQ(start("/bin/a"), "OK");
    const std::uint32_t base = auxiliary(kAuxBase).value();
    EXPECT_EQ(base, 0xC0000000 - (9U << 20) - 0x4000);
    EXPECT_EQ(point.entry, base + 0x40);
    EXPECT_EQ(auxiliary(kAuxEntry), 0x08048100U);
    EXPECT_EQ(bytes(base + 0x3000, 0x30), std::string(0x20, 'B') + std::string(0x10, '\0'));
    EXPECT_EQ(memory->break_start, 0x0804C000U);
}

TEST_F(ProgramInterpreter, MustBeThereAndBeOne) {
    put("/bin/a", program);
    EXPECT_EQ(start("/bin/a"), "ENOENT");
    p.put("/bin/ld", "#!/bin/a\n", 0755);
    EXPECT_EQ(start("/bin/a"), "ELIBBAD");
    p.chmod("/bin/ld", 0644);
    EXPECT_EQ(start("/bin/a"), "EACCES");
    program.bytes[0x207] = 'x';
    put("/bin/b", program);
    EXPECT_EQ(start("/bin/b"), "ENOEXEC");
}

// --- Which files ---

TEST_F(Program, RefusesWhatCannotBeExecuted) {
    p.put("/bin/text", "text", 0755);
    p.put("/bin/empty", "", 0755);
    put("/bin/plain", ElfFile::usual(), 0644);
    EXPECT_EQ(start("/bin/text"), "ENOEXEC");
    EXPECT_EQ(start("/bin/empty"), "ENOEXEC");
    EXPECT_EQ(start("/bin/plain"), "EACCES");
    EXPECT_EQ(start("/bin"), "EACCES");
    EXPECT_EQ(start("/bin/none"), "ENOENT");
    EXPECT_EQ(start("/bin/plain/x"), "ENOTDIR");
    EXPECT_EQ(start(""), "ENOENT");
}

TEST_F(Program, RefusesAFileThatEndsBeforeItsHeaders) {
    ElfFile file = ElfFile::usual();
    file.segments.resize(1);
    const std::string text = file.text();
    constexpr std::size_t kWhole = sizeof(ElfHeader) + sizeof(ElfProgramHeader);
    for (const std::size_t size : {std::size_t{4}, sizeof(ElfHeader) - 1, kWhole - 1}) {
        p.put("/bin/a", text.substr(0, size), 0755);
        EXPECT_EQ(start("/bin/a"), "ENOEXEC") << size;
    }
    p.put("/bin/a", text.substr(0, kWhole), 0755);
    EXPECT_EQ(start("/bin/a"), "OK");
}

// Behind the file's header, mostly; beyond what is read with it, across its end, at an odd place.
TEST_F(Program, ProgramHeadersMayLieAnywhere) {
    for (const std::uint32_t place : {64U, 252U, 2000U, 101U}) {
        ElfFile file = ElfFile::usual();
        std::string text = file.text();
        file.header.program_headers = place;
        file.header.program_header_count = static_cast<std::uint16_t>(file.segments.size());
        std::memset(text.data(), 0, sizeof file.header + 3 * sizeof file.segments[0]);
        std::memcpy(text.data(), &file.header, sizeof file.header);
        std::memcpy(text.data() + place, file.segments.data(), 3 * sizeof file.segments[0]);
        const std::string path = "/bin/" + std::to_string(place);
        p.put(path, text, 0755);
        ASSERT_EQ(start(path), "OK") << place;
        EXPECT_EQ(bytes(0x0804A010, 16), std::string(16, 'B')) << place;
    }
}

TEST_F(Program, SegmentsMayNotShareAPage) {
    ElfFile file = ElfFile::usual();
    file.add(kSegmentLoad, 0x1000, 0x0804B000, 0x10, 0x10, kSegmentRead);
    put("/bin/a", file);
    EXPECT_EQ(start("/bin/a"), "ENOEXEC");
}

TEST_F(Program, RefusesAFileThatEndsBeforeItsSegments) {
    ElfFile file = ElfFile::usual();
    file.segments[1].offset += 0x8000;
    p.put("/bin/a", file.text().substr(0, 0x2000), 0755);
    EXPECT_EQ(start("/bin/a"), "ENOEXEC");
}

TEST_F(Program, MayBeExecutedWithoutBeingRead) {
    put("/bin/a", ElfFile::usual(), 0111);
    p.become(5, 5);
    EXPECT_EQ(start("/bin/a"), "OK");
}

TEST_F(Program, NobodyWritesAFileThatRuns) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a"), "OK");
    EXPECT_EQ(p.try_open("/bin/a", kOpenWriteOnly), "ETXTBSY");
    EXPECT_EQ(p.try_open("/bin/a", kOpenReadWrite), "ETXTBSY");
    EXPECT_EQ(p.try_open("/bin/a", kOpenTruncate), "ETXTBSY");
    EXPECT_EQ(answer(p.calls.truncate("/bin/a", 0)), "ETXTBSY");
    EXPECT_EQ(p.try_open("/bin/a"), "OK");
    EXPECT_EQ(p.unlink("/bin/a"), "OK");
    end_program();
}

TEST_F(Program, MayBeWrittenWhenAllCopiesHaveEnded) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a"), "OK");
    {
        const fs::ExecutableRef child = memory->executable;
        end_program();
        EXPECT_EQ(p.try_open("/bin/a", kOpenWriteOnly), "ETXTBSY");
    }
    EXPECT_EQ(p.try_open("/bin/a", kOpenWriteOnly), "OK");
}

TEST_F(Program, NobodyRunsAFileThatIsWritten) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(p.open("/bin/a", kOpenWriteOnly), "OK");
    EXPECT_EQ(start("/bin/a"), "ETXTBSY");
    EXPECT_TRUE(p.calls.close(p.last).ok());
    EXPECT_EQ(start("/bin/a"), "OK");
}

TEST_F(Program, AMappingIsAWriterWhenItsDescriptorCouldWrite) {
    put("/bin/a", ElfFile::usual());
    put("/bin/b", ElfFile::usual());
    ASSERT_EQ(start("/bin/b"), "OK");
    for (const std::uint32_t flags : {kOpenReadWrite, kOpenReadOnly}) {
        ASSERT_EQ(p.open("/bin/a", flags), "OK");
        const mm::MappableFile file = p.calls.mappable(p.last).value();
        mm::MapRequest request;
        request.bytes = mm::kPageSize;
        request.rights = mm::Rights::read();
        request.object = file.object;
        request.object_rights = file.opened_for;
        const mm::VirtAddr place = memory->space.map(request).value();
        EXPECT_TRUE(p.calls.close(p.last).ok());
        if (flags == kOpenReadOnly) continue;
        EXPECT_EQ(start("/bin/a"), "ETXTBSY");
        EXPECT_TRUE(memory->space.unmap(place, mm::kPageSize).ok());
    }
    EXPECT_EQ(start("/bin/a"), "OK");
}

// --- Scripts ---

TEST_F(Program, AScriptRunsItsInterpreter) {
    put("/bin/sh", ElfFile::usual());
    p.put("/bin/script", "#! /bin/sh  -e -x \necho\n", 0755);
    ASSERT_EQ(start("/bin/script", {"zero", "one", "two"}), "OK");
    EXPECT_EQ(arguments(), (Strings{"/bin/sh", "-e -x", "/bin/script", "one", "two"}));
    EXPECT_EQ(string(auxiliary(kAuxFileName).value()), "/bin/script");
}

TEST_F(Program, AScriptWithoutArgumentsGetsItsName) {
    put("/bin/sh", ElfFile::usual());
    p.put("/bin/script", "#!/bin/sh\n", 0755);
    ASSERT_EQ(start("/bin/script", {}), "OK");
    EXPECT_EQ(arguments(), (Strings{"/bin/sh", "/bin/script"}));
}

TEST_F(Program, FiveScriptsMayReadEachOther) {
    put("/bin/sh", ElfFile::usual());
    p.put("/bin/1", "#!/bin/sh first\n", 0755);
    for (char n = '2'; n <= '6'; ++n)
        p.put(std::string("/bin/") + n, std::string("#!/bin/") + static_cast<char>(n - 1) + "\n",
              0755);
    ASSERT_EQ(start("/bin/5", {"x", "y"}), "OK");
    EXPECT_EQ(arguments(),
              (Strings{"/bin/sh", "first", "/bin/1", "/bin/2", "/bin/3", "/bin/4", "/bin/5", "y"}));
    EXPECT_EQ(start("/bin/6"), "ELOOP");
}

TEST_F(Program, ScriptsOfTheLongestPathsFit) {
    put("/bin/sh", ElfFile::usual());
    std::string path;
    while (path.size() + 4 < 4095)
        path += "/bin/..";
    path.resize(4095 - 7);
    path = "/bin/..";
    while (path.size() < 4095 - 7)
        path += path.size() + 7 + 7 <= 4095 ? "/bin/.." : "/";
    path += "/bin/s1";
    ASSERT_EQ(path.size(), 4095U);
    p.put("/bin/s1", "#!/bin/sh " + std::string(240, 'a') + "\n", 0755);
    ASSERT_EQ(start(path, {"x", "y"}), "OK");
    EXPECT_EQ(arguments(), (Strings{"/bin/sh", std::string(240, 'a'), path, "y"}));
}

// --- Nothing is left behind ---

TEST_F(Program, EveryAllocationMayFail) {
    put("/bin/sh", ElfFile::usual());
    p.put("/bin/script", "#!/bin/sh\n", 0755);
    const Strings words{"x", std::string(5000, 'y')};
    ASSERT_EQ(start("/bin/script", words), "OK");
    end_program();
    for (std::uint32_t n = 1;; ++n) {
        world.machine.slabs.reclaim();
        const std::uint32_t used = world.machine.machine.used_frames();
        world.machine.machine.injector.fail_nth(n);
        const std::string result = start("/bin/script", words);
        world.machine.machine.injector.fail_nth(0);
        end_program();
        world.machine.slabs.reclaim();
        EXPECT_EQ(world.machine.machine.used_frames(), used) << "allocation " << n;
        EXPECT_EQ(p.try_open("/bin/sh", kOpenWriteOnly), "OK") << "allocation " << n;
        if (result == "OK") {
            EXPECT_GT(n, 10U);
            break;
        }
        EXPECT_EQ(result, "ENOMEM") << "allocation " << n;
    }
}

TEST_F(Program, AFailureLeavesTheRunningProgramAlone) {
    put("/bin/a", ElfFile::usual());
    ASSERT_EQ(start("/bin/a", {"before"}), "OK");
    const std::string regions = maps();
    limits.stack = mm::kPageSize;
    EXPECT_EQ(start("/bin/a", {std::string(9000, 'x')}), "E2BIG");
    EXPECT_EQ(maps(), regions);
    EXPECT_EQ(arguments(), Strings{"before"});
    EXPECT_EQ(thread.active_space, &memory->space);
}

}  // namespace
}  // namespace quire::test
