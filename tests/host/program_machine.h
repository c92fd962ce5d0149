// What tests of execve share: a process with files and memory, and the program that it becomes.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/process/program.h"
#include "kernel/process/user_copy.h"
#include "tests/host/elf_file.h"
#include "tests/host/file_machine.h"
#include "tests/host/user_copy_host.h"

namespace quire::test {

class ProgramMachine : public testing::Test {
  protected:
    ProgramMachine() { p.mkdir("/bin"); }
    ~ProgramMachine() override {
        end_program();
        world.check();
        p.table.check_invariants();
    }

    void put(std::string_view path, const ElfFile& file, std::uint32_t mode = 0755) {
        p.put(path, file.text(), mode);
    }

    /// Starts `path` with these words; "OK" or the errno. The program's memory is loaded then.
    std::string start(std::string_view path, const std::vector<std::string>& arguments = {"a"},
                      const std::vector<std::string>& environment = {}) {
        kernel::ArgumentStrings strings(world.machine.memory, most_bytes);
        const Result<void> filled = fill(strings, path, arguments, environment);
        return filled.ok() ? start_with(path, strings) : answer(filled);
    }
    std::string start_with(std::string_view path, kernel::ArgumentStrings& strings) {
        kernel::ProgramLoader loader(world.machine.memory, p.calls, strings);
        const Result<void> opened = loader.open(path);
        if (!opened.ok()) return answer(opened);
        auto pages = mm::UserPages::create(world.machine.memory);
        if (!pages.ok()) return answer(pages);
        auto fresh =
            std::make_unique<kernel::ProgramMemory>(world.machine.memory, pages.take(), limits);
        const auto started = loader.load(thread, *fresh, facts);
        if (!started.ok()) return answer(started);
        end_program();
        memory = std::move(fresh);
        point = started.value();
        active.emplace(thread, memory->space);
        return "OK";
    }
    static Result<void> fill(kernel::ArgumentStrings& strings, std::string_view path,
                             const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
        for (const std::string& each : arguments)
            TRY(strings.append(each));
        strings.end_arguments();
        for (const std::string& each : environment)
            TRY(strings.append(each));
        strings.end_environment();
        return strings.append(path);
    }
    void end_program() {
        active.reset();
        memory.reset();
    }

    // --- What the program sees ---

    std::uint32_t word(std::uint32_t address) {
        const auto value = user::read<std::uint32_t>(mm::VirtAddr(address));
        EXPECT_TRUE(value.ok()) << std::hex << address;
        return value.ok() ? value.value() : 0;
    }
    std::string bytes(std::uint32_t address, std::uint32_t count) {
        std::string text(count, '?');
        EXPECT_TRUE(user::copy_from(text.data(), mm::VirtAddr(address), count).ok());
        return text;
    }
    std::string string(std::uint32_t address) {
        std::vector<char> room(1U << 17);
        const auto length = user::copy_string_from(room, mm::VirtAddr(address));
        return length.ok() ? std::string(room.data(), length.value()) : answer(length);
    }
    /// The strings of an array of pointers; `at` is behind its null pointer then.
    std::vector<std::string> strings_at(std::uint32_t& at) {
        std::vector<std::string> result;
        for (; word(at) != 0; at += 4)
            result.push_back(string(word(at)));
        at += 4;
        return result;
    }
    std::vector<std::string> arguments() {
        std::uint32_t at = point.stack_pointer + 4;
        return strings_at(at);
    }
    std::vector<std::string> environment() {
        std::uint32_t at = point.stack_pointer + 4;
        (void)strings_at(at);
        return strings_at(at);
    }
    /// The value of a tag of the auxiliary vector; nothing if there is none.
    std::optional<std::uint32_t> auxiliary(std::uint32_t tag) {
        std::uint32_t at = point.stack_pointer + 4;
        (void)strings_at(at);
        (void)strings_at(at);
        for (; word(at) != 0; at += 8)
            if (word(at) == tag) return word(at + 4);
        return std::nullopt;
    }
    /// Regions as /proc/PID/maps has them: "8048000-8049000 r-xp 0".
    std::string maps() {
        std::string text;
        auto& regions = memory->space.regions();
        for (mm::Region* region = regions.first(); region != nullptr;
             region = regions.next(*region)) {
            const mm::Rights rights = region->traits().rights;
            char line[80];
            std::snprintf(
                line, sizeof line, "%x-%x %c%c%c%s %x\n", mm::start_of(region->range().first).raw(),
                mm::start_of(region->range().end).raw(), rights.has(mm::Rights::read()) ? 'r' : '-',
                rights.has(mm::Rights::write()) ? 'w' : '-',
                rights.has(mm::Rights::execute()) ? 'x' : '-',
                region->traits().grows_down ? "d" : "p", region->object_page());
            text += line;
        }
        return text;
    }

    FileWorld world;
    TestProcess p{world};
    UserCopies copies{world.machine};
    kernel::Thread thread{1, nullptr};
    kernel::ProgramFacts facts;
    mm::MemoryLimits limits;
    std::uint32_t most_bytes = 2U << 20;
    std::unique_ptr<kernel::ProgramMemory> memory;
    kernel::StartPoint point{};
    std::optional<kernel::ActiveSpace> active;
};

}  // namespace quire::test
