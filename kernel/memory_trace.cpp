#include "kernel/memory_trace.h"

#include <new>

#include "cpu/irq.h"
#include "cpu/tsc.h"
#include "kernel/base/log.h"
#include "kernel/kernel_heap.h"
#include "kernel/virtual_memory.h"

namespace quire::kernel {

namespace {

// A 128th of RAM, within reason: 4,096 records or so of 64 MiB.
constexpr std::uint32_t kShareOfRam = 128;
constexpr std::uint32_t kMostBytes = 1U << 20;
// Lines made in one interrupt. A line is some thousand instructions.
constexpr int kMostLines = 16;

}  // namespace

MemoryTrace::MemoryTrace(Processes& processes)
    : processes_(processes),
      com2_(processes.system().hardware, processes.system().pit, drivers::SerialPort::kCom2) {}

Result<void> MemoryTrace::start(const TraceChoice& choice) {
    if (choice.com2) TRY(open_com2());
    TRY(take_storage());
    const bool stream_begins = choice.com2 && !(is_on() && choice_.com2);
    choice_ = choice;
    {
        const cpu::InterruptGuard guard;
        if (stream_begins)
            stream_.start(ring_, processes_.memory().policies().current().name(), managed_ram());
        sends_ = choice.com2;
    }
    processes_.memory().user_memory().watch(this);
    return {};
}

void MemoryTrace::stop() {
    processes_.memory().user_memory().watch(nullptr);
}

void MemoryTrace::clear() {
    const cpu::InterruptGuard guard;
    ring_.clear();
}

bool MemoryTrace::is_on() const {
    return processes_.memory().user_memory().observer() == this;
}

mm::PageCount MemoryTrace::managed_ram() const {
    return processes_.system().memory->frames().statistics().managed;
}

Result<void> MemoryTrace::take_storage() {
    if (ring_.capacity() != 0) return {};
    const std::uint32_t share = mm::bytes_of(managed_ram()) / kShareOfRam;
    const std::uint32_t count = (share < kMostBytes ? share : kMostBytes) / sizeof(TraceRecord);
    auto* const records = static_cast<TraceRecord*>(kmalloc(count * sizeof(TraceRecord)));
    if (records == nullptr) return Error::OutOfMemory;
    for (std::uint32_t i = 0; i < count; ++i)
        new (&records[i]) TraceRecord();
    const cpu::InterruptGuard guard;
    ring_ = TraceRing({records, count});
    return {};
}

Result<void> MemoryTrace::open_com2() {
    if (com2_.present()) return {};
    TRY(com2_.init());
    cpu::irq_register(
        drivers::SerialPort::kCom2Irq,
        [](void* self) { static_cast<MemoryTrace*>(self)->on_com2_interrupt(); }, this);
    com2_.enable_interrupts();
    return {};
}

// --- Who, when, and into the ring ----------------------------------------------------------------

std::uint64_t MemoryTrace::now() {
    return cpu::read_tsc();
}

void MemoryTrace::tell(const mm::AddressSpace* space, const mm::MemoryEvent& event) {
    keep(space == nullptr ? 0 : owner_of(*space), event);
}

void MemoryTrace::tell_exec(const Process& process) {
    if (is_on()) keep(process.pid, {.kind = mm::EventKind::Exec});
}

void MemoryTrace::tell_oom_kill(const Process& process, mm::PageCount resident) {
    if (is_on()) keep(process.pid, {.kind = mm::EventKind::OomKill, .resident = resident});
}

// Memory that no process has yet, or has no longer, is in the hands of the one that runs: exec and
// exit.
ProcessId MemoryTrace::owner_of(const mm::AddressSpace& space) {
    const Thread& self = processes_.threads().current();
    ProcessId owner = self.process == nullptr ? 0 : self.process->pid;
    if (&space == self.active_space) return owner;
    bool found = false;
    processes_.table().for_each([&](const Process& process) {
        if (found || process.memory == nullptr || &process.memory->space != &space) return;
        owner = process.pid;
        found = true;
    });
    return owner;
}

void MemoryTrace::keep(ProcessId pid, const mm::MemoryEvent& event) {
    const Thread& self = processes_.threads().current();
    TraceRecord record;
    record.time = processes_.now() / 1000;
    record.pid = pid;
    record.by = self.process == nullptr ? 0 : self.process->pid;
    record.tid = self.tid;
    record.event = event;
    if (self.process != nullptr) {
        record.name = self.process->name;
    } else {
        for (std::size_t i = 0; i + 1 < record.name.size() && self.name[i] != '\0'; ++i)
            record.name[i] = self.name[i];
    }
    if (!choice_.accepts(record)) return;
    const cpu::InterruptGuard guard;
    ring_.append(record);
}

// --- COM2 ----------------------------------------------------------------------------------------

void MemoryTrace::on_com2_interrupt() {
    com2_.on_interrupt();
    send_some();
}

// Interrupts are off.
void MemoryTrace::send_some() {
    if (!sends_) return;
    for (int i = 0; i < kMostLines; ++i) {
        const std::span<const char> line = stream_.line(ring_);
        if (line.empty() || !com2_.try_write(line.data(), line.size())) return;
        stream_.done();
    }
}

void MemoryTrace::send_all() {
    if (!sends_) return;
    const cpu::InterruptGuard guard;
    for (;;) {
        const std::span<const char> line = stream_.line(ring_);
        if (line.empty()) break;
        com2_.write(line.data(), line.size());
        stream_.done();
    }
    com2_.flush();
}

// --- Boot ----------------------------------------------------------------------------------------

void start_trace(System& system) {
    alignas(MemoryTrace) static std::byte storage[sizeof(MemoryTrace)];
    system.trace = new (storage) MemoryTrace(*system.processes);
    const auto words = system.command_line.find("trace");
    if (!words.has_value()) return;
    TraceChoice choice;
    const std::string_view unknown = add_all(choice, *words);
    if (!unknown.empty()) {
        quire::log(LogLevel::Warning, "trace", "\"%.*s\" is nothing to trace",
                   static_cast<int>(unknown.size()), unknown.data());
        return;
    }
    const Result<void> started = system.trace->start(choice);
    if (!started.ok())
        quire::log(LogLevel::Warning, "trace", "not switched on: %s",
                   started.error() == Error::NotFound ? "there is no COM2" : "no memory");
}

}  // namespace quire::kernel
