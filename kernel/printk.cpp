// log(): the line goes into the ring that dmesg shows and, if it is important enough, on the
// console. Lines logged before attach_log() have nowhere to go and are dropped.
#include <cstdarg>

#include "cpu/irq.h"
#include "kernel/base/log.h"
#include "kernel/panic.h"
#include "kernel/system.h"
#include "libc/format.h"

namespace quire {
namespace kernel {
namespace {

constinit System* attached = nullptr;

}  // namespace

void attach_log(System& system) {
    attached = &system;
}

System* attached_system() {
    return attached;
}

}  // namespace kernel

void log(LogLevel level, const char* room, const char* format, ...) {
    kernel::System* system = kernel::attached_system();
    if (system == nullptr) return;
    char text[kernel::LogRing::kMaxText + 1];
    std::va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);  // a longer line is cut
    va_end(arguments);

    cpu::InterruptGuard guard;
    const auto now = static_cast<std::uint32_t>(system->clock.milliseconds());
    system->log.append(level, now, room, text);
    if (level < system->console_level) return;
    system->console.print("%s: %s%s\n", room, level >= LogLevel::Warning ? "warning: " : "", text);
}

}  // namespace quire
