// What programs ask of the machine and of themselves: uname, sysinfo, getrandom, prctl, reboot ...
#include <string_view>
#include <utility>

#include "cpu/registers.h"
#include "fs/bytes.h"
#include "kernel/abi/machine.h"
#include "kernel/acpi.h"
#include "kernel/emulator.h"
#include "kernel/files.h"
#include "kernel/memory_trace.h"
#include "kernel/process/time_values.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"
#include "libc/string.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

// --- Names ---

template <std::size_t kRoom>
void put(char (&field)[kRoom], std::string_view text) {
    static_assert(kRoom > 1);
    memcpy(field, text.data(), text.size() < kRoom ? text.size() : kRoom - 1);
}

// Programs ask for the system whose calls these are, and libraries refuse old releases of it: so
// it is Linux here, of the release that the calls follow.
abi::MachineName machine_name(const HostNames& names) {
    abi::MachineName name{};
    put(name.system, "Linux");
    put(name.node, names.node.data());
    put(name.release, "6.1.0-quire");
    put(name.version, "#1 Quire");
    put(name.machine, "i686");
    put(name.domain, names.domain.data());
    return name;
}

Result<std::uint32_t> call_uname(SystemCall& call) {
    TRY(user::write(call.pointer(0), machine_name(call.processes().system().names)));
    return 0U;
}
SYSTEM_CALL(122, uname, call_uname, CallTraits::plain());

Result<std::uint32_t> call_olduname(SystemCall& call) {
    const abi::MachineName name = machine_name(call.processes().system().names);
    TRY(user::copy_to(call.pointer(0), &name, offsetof(abi::MachineName, domain)));
    return 0U;
}
SYSTEM_CALL(109, olduname, call_olduname, CallTraits::plain());

// A name without an end; a longer one than uname(2) can tell is refused. (Linux: kernel/sys.c.)
Result<void> set_name_of_host(SystemCall& call, std::array<char, 65>& name) {
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    const std::uint32_t length = call.argument(1);
    if (length >= name.size()) return Error::InvalidArgument;
    std::array<char, 65> wanted{};
    TRY(user::copy_from(wanted.data(), call.pointer(0), length));
    name = wanted;
    return {};
}

Result<std::uint32_t> call_sethostname(SystemCall& call) {
    TRY(set_name_of_host(call, call.processes().system().names.node));
    return 0U;
}
SYSTEM_CALL(74, sethostname, call_sethostname, CallTraits::plain());

Result<std::uint32_t> call_setdomainname(SystemCall& call) {
    TRY(set_name_of_host(call, call.processes().system().names.domain));
    return 0U;
}
SYSTEM_CALL(121, setdomainname, call_setdomainname, CallTraits::plain());

// --- Figures ---

// Bytes if they fit in 32 bits, else pages.
Result<std::uint32_t> call_sysinfo(SystemCall& call) {
    Processes& processes = call.processes();
    const fs::MemoryFigures memory = processes.files().report().counted_memory();
    const std::uint32_t pages = memory.total.raw() + memory.swap_total.raw();
    const std::uint32_t shift = pages >= ~0U >> mm::kPageShift ? 0 : mm::kPageShift;
    const auto told = [shift](mm::PageCount count) { return count.raw() << shift; };
    const fs::CpuFigures cpu = processes.files().report().cpu();
    abi::SystemInfo info{};
    constexpr unsigned kMoreFraction = 16 - MachineLoad::kFractionBits;
    for (std::size_t i = 0; i < cpu.averages.size(); ++i)
        info.loads[i] = cpu.averages[i] << kMoreFraction;
    info.uptime = static_cast<std::int32_t>(processes.now() / kNanosecondsPerSecond);
    info.total_ram = told(memory.total);
    info.free_ram = told(memory.free);
    info.shared_ram = told(memory.shared);
    info.buffer_ram = told(memory.buffers);
    info.total_swap = told(memory.swap_total);
    info.free_swap = told(memory.swap_free);
    info.processes = static_cast<std::uint16_t>(processes.table().count());
    info.unit = mm::kPageSize >> shift;
    TRY(user::write(call.pointer(0), info));
    return 0U;
}
SYSTEM_CALL(116, sysinfo, call_sysinfo, CallTraits::plain());

// --- Random numbers ---

class UserSink final : public fs::ByteSink {
  public:
    explicit UserSink(VirtAddr to) : to_(to) {}
    Result<void> take(std::span<const std::byte> piece) override {
        const auto bytes = static_cast<std::uint32_t>(piece.size());
        TRY(user::copy_to(to_, piece.data(), bytes));
        to_ = to_ + bytes;
        taken_ += bytes;
        return {};
    }
    [[nodiscard]] std::uint32_t taken() const { return taken_; }

  private:
    VirtAddr to_;
    std::uint32_t taken_ = 0;
};

Result<std::uint32_t> call_getrandom(SystemCall& call) {
    const std::uint32_t flags = call.argument(2);
    constexpr std::uint32_t kContradiction = abi::kRandomRandom | abi::kRandomInsecure;
    if ((flags & ~(abi::kRandomNonBlock | kContradiction)) != 0 ||
        (flags & kContradiction) == kContradiction)
        return Error::InvalidArgument;
    const std::uint32_t bytes = call.argument(1) > INT32_MAX ? INT32_MAX : call.argument(1);
    UserSink sink(call.pointer(0));
    const Result<void> filled = call.processes().files().random().fill(bytes, sink);
    if (!filled.ok() && sink.taken() == 0) return filled.error();
    return sink.taken();
}
SYSTEM_CALL(355, getrandom, call_getrandom, CallTraits::plain());

// --- Themselves ---

// A longer name is cut.
Result<void> set_name(std::array<char, 16>& to, VirtAddr from) {
    std::array<char, 16> name{};
    const Result<std::uint32_t> length =
        user::copy_string_from(std::span(name).first(name.size() - 1), from);
    if (!length.ok() && length.error() != Error::NameTooLong) return length.error();
    to = name;
    return {};
}

Result<std::uint32_t> call_prctl(SystemCall& call) {
    Process& process = call.process();
    switch (call.argument(0)) {
    case abi::kPrctlSetParentDeathSignal:
        if (call.argument(1) > kSignals) return Error::InvalidArgument;
        call.thread().parent_death_signal = call.argument(1);
        return 0U;
    case abi::kPrctlGetParentDeathSignal:
        TRY(user::write(call.pointer(1), call.thread().parent_death_signal));
        return 0U;
    case abi::kPrctlSetName:
        TRY(set_name(process.name_of(call.thread()), call.pointer(1)));
        return 0U;
    case abi::kPrctlGetName:
        TRY(user::write(call.pointer(1), process.name_of(call.thread())));
        return 0U;
    case abi::kPrctlGetDumpable:
        return process.is_dumpable ? 1U : 0U;
    case abi::kPrctlSetDumpable:
        if (call.argument(1) > 1) return Error::InvalidArgument;
        process.is_dumpable = call.argument(1) == 1;
        return 0U;
    default:
        return Error::InvalidArgument;
    }
}
SYSTEM_CALL(172, prctl, call_prctl, CallTraits::plain());

// Any value is kept. What changes something here: READ_IMPLIES_EXEC
// (kernel/memory_system_calls.cpp); nothing is random anyway. (Linux: kernel/exec_domain.c.)
Result<std::uint32_t> call_personality(SystemCall& call) {
    const std::uint32_t wanted = call.argument(0);
    return wanted == abi::kPersonalityAsk ? call.process().personality
                                          : std::exchange(call.process().personality, wanted);
}
SYSTEM_CALL(136, personality, call_personality, CallTraits::lock_free());

// --- The end ---

bool is_magic(std::uint32_t value) {
    for (const std::uint32_t magic : abi::kRebootMagic2)
        if (value == magic) return true;
    return false;
}

// Nothing is written back before: that is init's business, as on Linux.
Result<std::uint32_t> call_reboot(SystemCall& call) {
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    if (call.argument(0) != abi::kRebootMagic1 || !is_magic(call.argument(1)))
        return Error::InvalidArgument;
    call.processes().system().trace->send_all();
    switch (call.argument(2)) {
    case abi::kRebootRestart:
        reset_machine();
    case abi::kRebootPowerOff:
        power_off_by_acpi(call.processes().system());
        power_off();
    case abi::kRebootHalt:
        cpu::halt_forever();
    default:
        return Error::InvalidArgument;
    }
}
SYSTEM_CALL(88, reboot, call_reboot, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
