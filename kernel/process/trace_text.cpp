#include "kernel/process/trace_text.h"

#include "libc/string.h"

namespace quire::kernel {

namespace {

using mm::EventKind;
using mm::MemoryEvent;
using mm::TextWriter;

constexpr std::array<const char*, mm::kEventKinds> kKindNames = {
    "fault",     "prefault", "swap_in", "swap_out", "file_read", "file_write", "choose",
    "set_aside", "evict",    "mmap",    "munmap",   "mprotect",  "brk",        "mremap",
    "fork",      "exec",     "release", "oom_kill", "thrashing"};

// For lines: one word.
constexpr std::array<const char*, 8> kOutcomeNames = {
    "ok", "ok_read", "segv_maperr", "segv_accerr", "bus_past_end", "bus_io", "no_memory", "bug"};
// For people; nothing to add where it was resolved.
constexpr std::array<const char*, 8> kOutcomeSentences = {"",
                                                          ", after a read from a disk",
                                                          ": SIGSEGV, nothing is mapped there",
                                                          ": SIGSEGV, the region forbids it",
                                                          ": SIGBUS, past the end of the file",
                                                          ": SIGBUS, the disk cannot read it",
                                                          ": out of memory",
                                                          ": a bug of the kernel"};
constexpr std::array<const char*, 3> kAccessNames = {"read", "write", "fetch"};
constexpr std::array<const char*, 3> kCauseNames = {"direct", "background", "drop"};
constexpr std::array<const char*, 3> kCauseSentences = {"somebody waits for frames",
                                                        "to refill the free frames", "asked to"};
constexpr std::array<const char*, 4> kFateNames = {"leave", "write_swap", "write_file", "stay"};
constexpr std::array<const char*, 4> kFateSentences = {
    "it is clean", "to be written to swap", "to be written to its file", "but it is needed now"};

template <typename Enum>
const char* name_of(std::span<const char* const> names, Enum value) {
    const auto index = static_cast<std::size_t>(value);
    const char* name = "?";
    if (index < names.size()) name = names[index];
    return name;
}

void write_steps(const mm::FaultSteps& steps, const char* between, const TextWriter& out) {
    for (std::uint32_t i = 0; i < steps.size(); ++i)
        out.print("%s%s", i == 0 ? "" : between, mm::fault_action_name(steps[i]));
    if (steps.size() == 0) out.print("none");
}

struct RightsText {
    explicit RightsText(mm::Rights rights)
        : text{rights.has(mm::Rights::read()) ? 'r' : '-',
               rights.has(mm::Rights::write()) ? 'w' : '-',
               rights.has(mm::Rights::execute()) ? 'x' : '-', '\0'} {}
    char text[4];
};

// --- For people ---

void say_fault(const MemoryEvent& event, const TextWriter& out) {
    const char* const by = event.kind == EventKind::Prefault ? " ahead of its use"
                           : event.ring == mm::Ring::Kernel  ? " by the kernel"
                                                             : "";
    out.print("%s of %08X%s: ", name_of(kAccessNames, event.access), event.address.raw(), by);
    write_steps(event.steps, ", ", out);
    out.print("%s", name_of(kOutcomeSentences, event.outcome));
    if (mm::is_resolved(event.outcome)) out.print("; frame %05X", event.frame.raw());
    out.print(", %llu clocks", static_cast<unsigned long long>(event.cost));
}

void say_content(const MemoryEvent& event, const TextWriter& out) {
    out.print("frame %05X", event.frame.raw());
    if (event.object != 0) {
        out.print(", page %u of object %u", event.index, event.object);
    } else if (event.mappings == 0) {
        out.print(", of the swap cache");
    }
    if (event.mappings != 0)
        out.print(", at %08X, %u mapping%s", event.address.raw(), event.mappings,
                  event.mappings == 1 ? "" : "s");
}

void say_victim(const MemoryEvent& event, const TextWriter& out) {
    out.print("%s ", event.kind == EventKind::Choose     ? "chosen:"
                     : event.kind == EventKind::SetAside ? "cannot leave:"
                                                         : "evicted:");
    say_content(event, out);
    if (event.kind == EventKind::Choose) {
        out.print("; after %u look%s, %s; %s", event.looks, event.looks == 1 ? "" : "s",
                  name_of(kFateSentences, event.fate), name_of(kCauseSentences, event.cause));
    } else if (event.kind == EventKind::Evict && event.slot != mm::SwapSlot()) {
        out.print("; its copy is in slot %u", event.slot.raw());
    }
}

// "page 7", "pages 7 to 9".
void say_run(const char* what, std::uint32_t first, std::uint32_t count, const TextWriter& out) {
    if (count == 1) return out.print("%s %u", what, first);
    out.print("%ss %u to %u", what, first, first + count - 1);
}

void say_transfer(const MemoryEvent& event, const TextWriter& out) {
    const bool of_swap = event.kind == EventKind::SwapIn || event.kind == EventKind::SwapOut;
    const bool in = event.kind == EventKind::SwapIn || event.kind == EventKind::FileRead;
    say_run(of_swap ? "slot" : "page", of_swap ? event.slot.raw() : event.index, event.pages.raw(),
            out);
    if (!of_swap) out.print(" of object %u", event.object);
    out.print(" %s%s", in ? "read" : "written", of_swap ? (in ? " from swap" : " to swap") : "");
    if (in && event.pages != mm::PageCount(1)) out.print(", %u is wanted", event.wanted);
    if (event.failed != 0) out.print("; %u could not be", event.failed);
}

void say_region(const MemoryEvent& event, const TextWriter& out) {
    const unsigned address = event.address.raw();
    const unsigned pages = event.pages.raw();
    const char* const plural = pages == 1 ? "" : "s";
    out.print("%s ", event_kind_name(event.kind));
    switch (event.kind) {
    case EventKind::Break:
        return out.print("to %08X: the heap has %u page%s", address, pages, plural);
    case EventKind::Remap:
        return out.print("of %08X to %08X, %u page%s", event.from.raw(), address, pages, plural);
    case EventKind::Unmap:
        return out.print("%08X, %u page%s", address, pages, plural);
    default:
        out.print("%08X, %u page%s, %s", address, pages, plural, RightsText(event.rights).text);
        if (event.object != 0) out.print(", object %u from page %u", event.object, event.index);
    }
}

void say_process(const TraceRecord& record, const TextWriter& out) {
    const MemoryEvent& event = record.event;
    switch (event.kind) {
    case EventKind::Fork:
        return out.print("fork: process %u maps %u pages, %u page tables shared, %u copied",
                         record.pid, event.pages.raw(), event.tables, event.copied);
    case EventKind::Exec:
        return out.print("exec: the program begins");
    case EventKind::Release:
        return out.print("released: %u pages mapped, %u in RAM, %u in swap", event.pages.raw(),
                         event.resident.raw(), event.swapped.raw());
    case EventKind::OomKill:
        return out.print("out of memory: process %u is ended, %u pages in RAM", record.pid,
                         event.resident.raw());
    default:
        return out.print("thrashing %s: %u %% of the pages brought in left lately",
                         event.on ? "begins" : "ends", event.percent);
    }
}

// --- For programs ---

void write_content(const MemoryEvent& event, const TextWriter& out) {
    out.print(" frame=%x mappings=%u", event.frame.raw(), event.mappings);
    if (event.mappings != 0) out.print(" address=%08x", event.address.raw());
    if (event.object != 0) out.print(" object=%u index=%u", event.object, event.index);
    if (event.slot != mm::SwapSlot()) out.print(" slot=%u", event.slot.raw());
    out.print(" cause=%s", name_of(kCauseNames, event.cause));
}

void write_region(const MemoryEvent& event, const TextWriter& out) {
    out.print(" address=%08x pages=%u", event.address.raw(), event.pages.raw());
    if (event.kind == EventKind::Map || event.kind == EventKind::Protect)
        out.print(" rights=%s", RightsText(event.rights).text);
    if (event.kind == EventKind::Remap) out.print(" from=%08x", event.from.raw());
    if (event.object != 0) out.print(" object=%u index=%u", event.object, event.index);
}

void write_fault(const MemoryEvent& event, const TextWriter& out) {
    out.print(" address=%08x access=%s ring=%u outcome=%s steps=", event.address.raw(),
              name_of(kAccessNames, event.access), event.ring == mm::Ring::User ? 3U : 0U,
              name_of(kOutcomeNames, event.outcome));
    write_steps(event.steps, ",", out);
    if (mm::is_resolved(event.outcome)) out.print(" frame=%x", event.frame.raw());
    out.print(" cost=%llu", static_cast<unsigned long long>(event.cost));
}

void write_fields(const MemoryEvent& event, const TextWriter& out) {
    const unsigned pages = event.pages.raw();
    switch (event.kind) {
    case EventKind::Fault:
    case EventKind::Prefault:
        return write_fault(event, out);
    case EventKind::SwapIn:
        return out.print(" slot=%u pages=%u wanted=%u frame=%x", event.slot.raw(), pages,
                         event.wanted, event.frame.raw());
    case EventKind::SwapOut:
        return out.print(" slot=%u pages=%u failed=%u", event.slot.raw(), pages, event.failed);
    case EventKind::FileRead:
        return out.print(" object=%u index=%u pages=%u wanted=%u frame=%x", event.object,
                         event.index, pages, event.wanted, event.frame.raw());
    case EventKind::FileWrite:
        return out.print(" object=%u index=%u pages=%u failed=%u", event.object, event.index, pages,
                         event.failed);
    case EventKind::Choose:
        write_content(event, out);
        return out.print(" fate=%s looks=%u", name_of(kFateNames, event.fate), event.looks);
    case EventKind::SetAside:
    case EventKind::Evict:
        return write_content(event, out);
    case EventKind::Map:
    case EventKind::Unmap:
    case EventKind::Protect:
    case EventKind::Break:
    case EventKind::Remap:
        return write_region(event, out);
    case EventKind::Fork:
        return out.print(" pages=%u tables=%u copied=%u", pages, event.tables, event.copied);
    case EventKind::Exec:
        return;
    case EventKind::Release:
        return out.print(" pages=%u resident=%u swapped=%u", pages, event.resident.raw(),
                         event.swapped.raw());
    case EventKind::OomKill:
        return out.print(" resident=%u", event.resident.raw());
    case EventKind::Thrashing:
        return out.print(" on=%u percent=%u", event.on ? 1U : 0U, event.percent);
    }
}

// A program may call itself what it likes.
void write_name(const std::array<char, 16>& name, const TextWriter& out) {
    if (name[0] == '\0') out.print("-");
    for (const char letter : name) {
        if (letter == '\0') return;
        const bool plain = letter > ' ' && letter <= '~';
        out.print("%c", plain ? letter : '_');
    }
}

}  // namespace

const char* event_kind_name(EventKind kind) {
    return name_of(kKindNames, kind);
}

void write_trace_sentence(const TraceRecord& record, const TextWriter& out) {
    const MemoryEvent& event = record.event;
    out.print("%5llu.%06llu %5u ", static_cast<unsigned long long>(record.time / 1'000'000),
              static_cast<unsigned long long>(record.time % 1'000'000), record.by);
    write_name(record.name, out);
    out.print("  ");
    switch (event.kind) {
    case EventKind::Fault:
    case EventKind::Prefault:
        return say_fault(event, out);
    case EventKind::SwapIn:
    case EventKind::SwapOut:
    case EventKind::FileRead:
    case EventKind::FileWrite:
        return say_transfer(event, out);
    case EventKind::Choose:
    case EventKind::SetAside:
    case EventKind::Evict:
        say_victim(event, out);
        if (record.pid != 0) out.print(", of process %u", record.pid);
        return;
    case EventKind::Map:
    case EventKind::Unmap:
    case EventKind::Protect:
    case EventKind::Break:
    case EventKind::Remap:
        return say_region(event, out);
    default:
        return say_process(record, out);
    }
}

void write_trace_line(std::uint32_t number, const TraceRecord& record, const TextWriter& out) {
    out.print("%s n=%u t=%llu pid=%u by=%u tid=%u name=", event_kind_name(record.event.kind),
              number, static_cast<unsigned long long>(record.time), record.pid, record.by,
              record.tid);
    write_name(record.name, out);
    write_fields(record.event, out);
}

void LineBuffer::write(void* context, const char* text, std::size_t length) {
    auto& self = *static_cast<LineBuffer*>(context);
    const std::size_t room = self.bytes_.size() - self.size_;
    const std::size_t taken = length < room ? length : room;
    memcpy(self.bytes_.data() + self.size_, text, taken);
    self.size_ += taken;
}

}  // namespace quire::kernel
