#include "kernel/signal_report.h"

#include "cpu/exceptions.h"
#include "kernel/abi/signal.h"
#include "kernel/base/log.h"

namespace quire::kernel {
namespace {

const char* words_for(SignalNumber signal) {
    switch (signal) {
    case abi::kSigIll:
        return "illegal instruction";
    case abi::kSigTrap:
        return "trap";
    case abi::kSigBus:
        return "bus error";
    case abi::kSigFpe:
        return "arithmetic error";
    default:
        return "segmentation fault";
    }
}

const char* access_of(std::uint32_t error_code) {
    const cpu::PageFaultCode code = cpu::decode_page_fault(error_code);
    if (code.fetch) return "fetch from";
    return code.write ? "write to" : "read of";
}

const char* reason_of(const SignalInfo& info) {
    if (info.signal == abi::kSigBus) return "past the end of the file, or it cannot be read";
    return info.code == abi::kSegvAccessError ? "the region does not allow it" : "nothing is there";
}

void tell_of_page_fault(Process& process, const cpu::TrapFrame& frame, const SignalInfo& info) {
    quire::log(LogLevel::Info, "fault", "%s[%u]: %s: %s %08X: %s; eip %08X, esp %08X",
               process.name.data(), process.pid, words_for(info.signal), access_of(info.error_code),
               info.address, reason_of(info), frame.eip, frame.user_esp);
}

mm::PageCount distance(const mm::Region& region, mm::PageNumber page) {
    if (page < region.range().first) return region.range().first - page;
    return page < region.range().end ? mm::PageCount(0) : page - region.range().end;
}

mm::Region* nearest_region(mm::RegionMap& regions, mm::PageNumber page) {
    mm::Region* const above = regions.first_ending_after(page);
    if (above == nullptr) return regions.last();
    mm::Region* const below = regions.previous(*above);
    if (below == nullptr || distance(*above, page) <= distance(*below, page)) return above;
    return below;
}

void tell_of_region(Process& process, mm::VirtAddr address) {
    const mm::Region* const region =
        nearest_region(process.memory->space.regions(), mm::page_of(address));
    if (region == nullptr) return;
    const mm::Rights rights = region->traits().rights;
    const mm::PageRange range = region->range();
    quire::log(LogLevel::Info, "fault", "%s[%u]: nearest region: %08X-%08X %c%c%c",
               process.name.data(), process.pid, mm::start_of(range.first).raw(),
               mm::start_of(range.end).raw(), rights.has(mm::Rights::read()) ? 'r' : '-',
               rights.has(mm::Rights::write()) ? 'w' : '-',
               rights.has(mm::Rights::execute()) ? 'x' : '-');
}

// Exception 0 is a divide error, and that is SIGFPE.
const char* cause_of(const SignalInfo& info) {
    if (info.trap == 0 && info.signal != abi::kSigFpe) return "no place for a signal's frame";
    return cpu::exception_info(info.trap).name;
}

}  // namespace

void tell_of_fault(Process& process, const cpu::TrapFrame& frame, const SignalInfo& info) {
    if (info.trap == cpu::exception::kPageFault) {
        tell_of_page_fault(process, frame, info);
        tell_of_region(process, mm::VirtAddr(info.address));
        return;
    }
    quire::log(LogLevel::Info, "fault", "%s[%u]: %s: %s, error code %X; eip %08X, esp %08X",
               process.name.data(), process.pid, words_for(info.signal), cause_of(info),
               info.error_code, frame.eip, frame.user_esp);
}

}  // namespace quire::kernel
