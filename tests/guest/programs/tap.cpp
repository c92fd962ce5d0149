// The main program of every test program (tap.h).
#include "tests/guest/programs/tap.h"

#include <array>
#include <cstdarg>
#include <cstddef>

// Those of the C library that the program is linked with: ours, or another.
extern "C" int main(int argc, char** argv);
extern "C" int snprintf(char* buffer, std::size_t size, const char* format, ...) noexcept;
extern "C" int vsnprintf(char* buffer, std::size_t size, const char* format,
                         std::va_list arguments) noexcept;
extern "C" char* strstr(const char* text, const char* part) noexcept;
// The linker makes an array of the section.
extern "C" const TapTest __start_tap_tests[], __stop_tap_tests[];

namespace {

constexpr int kOutput = 1;
constexpr std::size_t kLine = 512;
int failures = 0;

void write_line(const char* text, int length) {
    const auto most = static_cast<int>(kLine) - 1;
    const char* const end = text + (length < most ? length : most);
    while (text < end) {
        const long done = system_call(SYS_write, kOutput, text, end - text);
        if (done <= 0) return;
        text += done;
    }
}

[[noreturn]] void end_process(int code) {
    for (;;)
        system_call(SYS_exit_group, code);
}

int wait_for(long pid) {
    int status = 0;
    constexpr long kInterrupted = -4;
    while (system_call(SYS_wait4, pid, &status, 0, 0) == kInterrupted) {
    }
    return status;
}

void run_test(long index) {
    failures = 0;
    __start_tap_tests[index].run();
    if (failures > 0) end_process(1);
}

/// Whether the test passed; its line is printed.
bool report(int number, const TapTest& test, int status) {
    if ((status & 0x7F) != 0) tap_note("ended by signal %d", status & 0x7F);
    std::array<char, kLine> line;
    write_line(line.data(), snprintf(line.data(), line.size(), "%sok %d - %s\n",
                                     status == 0 ? "" : "not ", number, test.name));
    return status == 0;
}

}  // namespace

int tap_check(int passed, const char* condition, const char* file, int line) {
    if (passed != 0) return 1;
    ++failures;
    tap_note("%s:%d: %s", file, line, condition);
    return 0;
}

int tap_check_equal(long actual, long expected, const char* actual_text, const char* expected_text,
                    const char* file, int line) {
    if (actual == expected) return 1;
    ++failures;
    tap_note("%s:%d: %s is %ld (0x%lx), not %s: %ld (0x%lx)", file, line, actual_text, actual,
             static_cast<unsigned long>(actual), expected_text, expected,
             static_cast<unsigned long>(expected));
    return 0;
}

void tap_end_test() {
    end_process(1);
}

void tap_note(const char* format, ...) {
    std::array<char, kLine> line;
    line[0] = '#';
    line[1] = ' ';
    std::va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line.data() + 2, line.size() - 3, format, arguments);
    va_end(arguments);
    const int used =
        length < static_cast<int>(line.size()) - 4 ? length : static_cast<int>(line.size()) - 4;
    line[static_cast<std::size_t>(used) + 2] = '\n';
    write_line(line.data(), used + 3);
}

int tap_status_in_child(void (*function)(long argument), long argument) {
    const long pid = system_call(SYS_fork);
    if (pid == 0) {
        function(argument);
        end_process(0);
    }
    if (pid < 0) {
        tap_note("fork: error %ld", -pid);
        ++failures;
        return -1;
    }
    return wait_for(pid);
}

int tap_signal_in_child(void (*function)(long argument), long argument) {
    return tap_status_in_child(function, argument) & 0x7F;
}

int main(int argc, char** argv) {
    int number = 0, failed = 0;
    for (const TapTest* test = __start_tap_tests; test != __stop_tap_tests; ++test) {
        if (argc > 1 && strstr(test->name, argv[1]) == nullptr) continue;
        const int status = tap_status_in_child(run_test, test - __start_tap_tests);
        failed += report(++number, *test, status) ? 0 : 1;
    }
    std::array<char, kLine> line;
    write_line(line.data(), snprintf(line.data(), line.size(), "1..%d\n", number));
    return failed == 0 && number > 0 ? 0 : 1;
}
