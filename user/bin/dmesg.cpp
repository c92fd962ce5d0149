// dmesg [-c]: what the kernel has logged; -c: and forgets it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/abi/syslog.h"
#include "user/system_call.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

/// "<6>" at the start of a line is how grave it is: not for people.
void show(const char* text, size_t length) {
    bool starts_line = true;
    for (size_t i = 0; i < length; ++i) {
        const auto* const end = starts_line && text[i] == '<'
                                    ? static_cast<const char*>(memchr(text + i, '>', length - i))
                                    : nullptr;
        if (end != nullptr && end - (text + i) <= 4) {
            i = static_cast<size_t>(end - text);
            starts_line = false;
            continue;
        }
        putchar(text[i]);
        starts_line = text[i] == '\n';
    }
    if (!starts_line) putchar('\n');
}

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "c", "[-c]");
    const long size = system_call(SYS_syslog, quire::abi::kSyslogSizeBuffer, nullptr, 0);
    if (size < 0) return complain("kernel log", strerror(static_cast<int>(-size)));
    auto* const text = static_cast<char*>(need_memory(malloc(static_cast<size_t>(size))));
    const unsigned how =
        options.has('c') ? quire::abi::kSyslogReadClear : quire::abi::kSyslogReadAll;
    const long length = system_call(SYS_syslog, how, text, size);
    if (length < 0) return complain("kernel log", strerror(static_cast<int>(-length)));
    show(text, static_cast<size_t>(length));
    return finish(0);
}
