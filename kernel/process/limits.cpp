#include "kernel/process/limits.h"

#include "fs/descriptor_table.h"
#include "kernel/abi/resource.h"
#include "kernel/process/process_table.h"

namespace quire::kernel {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::uint64_t without_excess(std::uint64_t value) {
    return value >= abi::kNoLimit ? abi::kNoLimit64 : value;
}

std::uint32_t in_32_bits(std::uint64_t value) {
    return value >= abi::kNoLimit ? mm::MemoryLimits::kUnlimited
                                  : static_cast<std::uint32_t>(value);
}

struct LimitName {
    const char* name;
    const char* unit;
};
constexpr std::array<LimitName, kLimits> kNames{{
    {"Max cpu time", "seconds"},
    {"Max file size", "bytes"},
    {"Max data size", "bytes"},
    {"Max stack size", "bytes"},
    {"Max core file size", "bytes"},
    {"Max resident set", "bytes"},
    {"Max processes", "processes"},
    {"Max open files", "files"},
    {"Max locked memory", "bytes"},
    {"Max address space", "bytes"},
    {"Max file locks", "locks"},
    {"Max pending signals", "signals"},
    {"Max msgqueue size", "bytes"},
    {"Max nice priority", ""},
    {"Max realtime priority", ""},
    {"Max realtime timeout", "us"},
}};

void write_value(std::uint64_t value, const mm::TextWriter& out) {
    if (value == abi::kNoLimit64) {
        out.print("%-20s ", "unlimited");
    } else {
        out.print("%-20lu ", static_cast<unsigned long>(value));
    }
}

}  // namespace

std::array<Limit, kLimits> default_limits() {
    std::array<Limit, kLimits> limits{};
    limits[abi::kLimitStack].soft = 8 * kMiB;
    limits[abi::kLimitCore].soft = 0;
    limits[abi::kLimitProcesses] = {ProcessTable::kMostProcesses, ProcessTable::kMostProcesses};
    limits[abi::kLimitFiles] = {fs::DescriptorTable::kMost, fs::DescriptorTable::kMost};
    limits[abi::kLimitLockedMemory] = {8 * kMiB, 8 * kMiB};
    limits[abi::kLimitPendingSignals] = limits[abi::kLimitProcesses];  // as on Linux
    limits[abi::kLimitMessageQueues] = {0, 0};
    limits[abi::kLimitNice] = {0, 0};
    limits[abi::kLimitRealTimePriority] = {0, 0};
    return limits;
}

Result<Limit> limit_of(const Process& process, std::uint32_t kind) {
    if (kind >= kLimits) return Error::InvalidArgument;
    return process.limits[kind];
}

Result<void> check_limit(const Process& caller, const Process& process, std::uint32_t kind,
                         Limit limit) {
    if (kind >= kLimits) return Error::InvalidArgument;
    limit = {without_excess(limit.soft), without_excess(limit.hard)};
    if (limit.soft > limit.hard) return Error::InvalidArgument;
    if (kind == abi::kLimitFiles && limit.hard > fs::DescriptorTable::kMost)
        return Error::NotPermitted;
    if (limit.hard > process.limits[kind].hard && !caller.credentials.is_root())
        return Error::NotPermitted;
    return {};
}

void set_limit(Process& process, std::uint32_t kind, Limit limit) {
    process.limits[kind] = {without_excess(limit.soft), without_excess(limit.hard)};
    apply_limits(process);
}

mm::MemoryLimits memory_limits(const Process& process) {
    mm::MemoryLimits limits;
    limits.address_space = in_32_bits(process.limits[abi::kLimitAddressSpace].soft);
    limits.data = in_32_bits(process.limits[abi::kLimitData].soft);
    limits.stack = in_32_bits(process.limits[abi::kLimitStack].soft);
    limits.locked = in_32_bits(process.limits[abi::kLimitLockedMemory].soft);
    limits.may_lock_any = process.credentials.is_root();
    return limits;
}

void apply_limits(Process& process) {
    process.credentials.most_file_bytes = process.limits[abi::kLimitFileSize].soft;
    if (process.memory != nullptr) process.memory->space.limits() = memory_limits(process);
    const std::uint64_t files = process.limits[abi::kLimitFiles].soft;
    for (Thread& thread : process.threads)
        if (thread.files != nullptr)
            thread.files->table.set_limit(files < fs::DescriptorTable::kMost
                                              ? static_cast<std::uint32_t>(files)
                                              : fs::DescriptorTable::kMost);
}

// (Linux: proc_pid_limits in fs/proc/base.c.)
void write_limits(const Process& process, const mm::TextWriter& out) {
    out.print("%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (std::size_t kind = 0; kind < kLimits; ++kind) {
        out.print("%-25s ", kNames[kind].name);
        write_value(process.limits[kind].soft, out);
        write_value(process.limits[kind].hard, out);
        if (kNames[kind].unit[0] != '\0') {
            out.print("%-10s\n", kNames[kind].unit);
        } else {
            out.print("\n");
        }
    }
}

}  // namespace quire::kernel
