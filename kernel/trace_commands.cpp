// The monitor's `trace`: switches the event trace of memory on and off, and shows what it has kept.
#include "cpu/irq.h"
#include "kernel/memory_trace.h"
#include "kernel/monitor.h"
#include "kernel/process/process_files.h"
#include "kernel/process/trace_text.h"

namespace quire::kernel {
namespace {

constexpr std::uint32_t kUsuallyShown = 20;

void print_usage(Console& console) {
    console.print(
        "usage: trace [N]                        the last N events\n"
        "       trace on [PID] [KIND]... [com2]  keep events: of a process, of some kinds\n"
        "       trace off | clear\n"
        "kinds:");
    for (const TraceGroup& group : trace_groups())
        console.print(" %.*s", static_cast<int>(group.name.size()), group.name.data());
    console.print("\n");
}

void print_choice(Console& console, const TraceChoice& choice) {
    for (const TraceGroup& group : trace_groups()) {
        if ((choice.kinds & group.kinds) != 0)
            console.print(" %.*s", static_cast<int>(group.name.size()), group.name.data());
    }
    if (choice.kinds == 0) console.print(" all kinds");
    if (choice.pid != 0) console.print(", only process %u", choice.pid);
    if (choice.com2) console.print(", to COM2");
}

void print_state(Console& console, const MemoryTrace& trace) {
    console.print("  the trace is %s", trace.is_on() ? "on:" : "off");
    if (trace.is_on()) print_choice(console, trace.choice());
    console.print("; %u events kept, %u older ones overwritten", trace.ring().size(),
                  trace.ring().overwritten());
    if (trace.stream().lost() != 0) console.print(", %u lost on COM2", trace.stream().lost());
    console.print("\n");
}

// The ring may go on meanwhile: each record is copied with interrupts off.
void show_last(Console& console, const MemoryTrace& trace, std::uint32_t count) {
    const TraceRing& ring = trace.ring();
    std::uint32_t number = ring.next() - (count < ring.size() ? count : ring.size());
    const std::uint32_t end = ring.next();
    for (; number != end; ++number) {
        TraceRecord record;
        {
            const cpu::InterruptGuard guard;
            if (number - ring.oldest() >= ring.size()) continue;
            record = ring[number];
        }
        write_trace_sentence(record, mm::TextWriter{Console::write_to, &console});
        console.print("\n");
    }
    print_state(console, trace);
}

void switch_on(Console& console, MemoryTrace& trace, Arguments words) {
    TraceChoice choice;
    for (const std::string_view& word : words) {
        if (choice.add(word)) continue;
        console.print("  \"%.*s\" is nothing to trace\n", static_cast<int>(word.size()),
                      word.data());
        return print_usage(console);
    }
    const Result<void> started = trace.start(choice);
    if (started.ok()) return print_state(console, trace);
    console.print("  not switched on: %s\n",
                  started.error() == Error::NotFound ? "there is no COM2" : "no memory");
}

void trace(System& system, Arguments arguments) {
    Console& console = system.console;
    MemoryTrace& trace = *system.trace;
    if (arguments.size() < 2) return show_last(console, trace, kUsuallyShown);
    if (arguments[1] == "on") return switch_on(console, trace, arguments.subspan(2));
    const auto count = parse_number(arguments[1], ~0U);
    if (arguments.size() > 2) return print_usage(console);
    if (count.has_value()) return show_last(console, trace, *count);
    if (arguments[1] == "off") {
        trace.stop();
    } else if (arguments[1] == "clear") {
        trace.clear();
    } else {
        return print_usage(console);
    }
    print_state(console, trace);
}
MONITOR_COMMAND(trace, "[N|on ..|off|clear]", "what happened to memory: faults, evictions...",
                trace);

}  // namespace
}  // namespace quire::kernel
