#include "user/demo/demo.h"

#include <array>
#include <cstdarg>

#include "libc/format.h"
#include "libc/string.h"
#include "user/output.h"
#include "user/system.h"

namespace quire::demo {

namespace {

using Text = std::array<char, 48>;

Text number_text(const char* before, std::uint64_t number) {
    Text text;
    snprintf(text.data(), text.size(), "%s%llu", before, static_cast<unsigned long long>(number));
    return text;
}

Text address_text(std::uintptr_t address) {
    Text text;
    snprintf(text.data(), text.size(), "%08lx", static_cast<unsigned long>(address));
    return text;
}

Text frame_text(const char* before, std::uint64_t frame) {
    Text text;
    if (frame == 0) {
        strlcpy(text.data(), "no frame", text.size());
    } else {
        snprintf(text.data(), text.size(), "%s%05llx", before,
                 static_cast<unsigned long long>(frame));
    }
    return text;
}

// One line, written in one piece.
[[gnu::format(printf, 3, 0)]] void say_line(const char* before, const char* behind,
                                            const char* format, std::va_list arguments) {
    Output output(sys::kOutput);
    output.print("%s", before);
    output.print_arguments(format, arguments);
    output.print("%s\n", behind);
}

void wait_for_enter() {
    char key = 0;
    while (sys::read(sys::kInput, &key, 1) == 1 && key != '\n') {
    }
}

}  // namespace

Demo::Demo(int argc, char** argv, const char* name, const char* idea) : name_(name) {
    stops_ = argc > 1 && strcmp(argv[argc - 1], "--stop") == 0;
    say("%s: %s\n", name_, idea);
}

void Demo::step(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    say_line("* ", "", format, arguments);
    va_end(arguments);
}

void Demo::note(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    say_line("  (", ")", format, arguments);
    va_end(arguments);
}

void Demo::stop(const char* format, ...) {
    if (!stops_) return;
    Text before;
    snprintf(before.data(), before.size(), "[process %ld: ", sys::process_id());
    std::va_list arguments;
    va_start(arguments, format);
    say_line(before.data(), "; Enter goes on]", format, arguments);
    va_end(arguments);
    wait_for_enter();
}

void Demo::stop_at(const volatile void* page, std::uint64_t frame) {
    const auto address = reinterpret_cast<std::uintptr_t>(page);
    if (frame == 0) {
        stop("page %08lx is absent", static_cast<unsigned long>(address));
    } else {
        stop("page %08lx is in frame %05llx", static_cast<unsigned long>(address),
             static_cast<unsigned long long>(frame));
    }
}

void Demo::judge(const char* what, const char* expected, const char* measured, bool holds) {
    ++claims_;
    if (!holds) ++failed_;
    say("  %s: expected %s, measured %s -- %s\n", what, expected, measured,
        holds ? "as expected" : "NOT as expected");
}

void Demo::claim(const char* what, std::uint64_t expected, std::uint64_t measured) {
    judge(what, number_text("", expected).data(), number_text("", measured).data(),
          expected == measured);
}

void Demo::claim_at_least(const char* what, std::uint64_t bound, std::uint64_t measured) {
    judge(what, number_text("at least ", bound).data(), number_text("", measured).data(),
          measured >= bound);
}

void Demo::claim_at_most(const char* what, std::uint64_t bound, std::uint64_t measured) {
    judge(what, number_text("at most ", bound).data(), number_text("", measured).data(),
          measured <= bound);
}

void Demo::claim(const char* what, const char* expected, const char* measured) {
    judge(what, expected, measured, strcmp(expected, measured) == 0);
}

void Demo::claim_address(const char* what, std::uintptr_t expected, std::uintptr_t measured) {
    judge(what, address_text(expected).data(), address_text(measured).data(), expected == measured);
}

void Demo::claim_frame(const char* what, std::uint64_t expected, std::uint64_t measured) {
    judge(what, frame_text("frame ", expected).data(), frame_text("frame ", measured).data(),
          expected == measured && measured != 0);
}

void Demo::claim_other_frame(const char* what, std::uint64_t not_this, std::uint64_t measured) {
    judge(what, frame_text("not frame ", not_this).data(), frame_text("frame ", measured).data(),
          not_this != measured && measured != 0);
}

int Demo::result() {
    if (failed_ == 0) {
        say("%s: %u claims, all as expected\n", name_, claims_);
    } else {
        say("%s: %u claims, %u NOT as expected\n", name_, claims_, failed_);
    }
    return failed_ == 0 ? 0 : 1;
}

void give_up(const char* what, long error) {
    complain("%s: %s\n", what, error_text(error));
    sys::exit(2);
}

long must(const char* what, long result) {
    if (result < 0 && result > -4096) give_up(what, result);
    return result;
}

}  // namespace quire::demo
