#include "kernel/tunables.h"

#include "kernel/process/process_files.h"

namespace quire::kernel {
namespace {

using mm::TextWriter;

constexpr std::uint32_t kMostRatio = 10000;  // a hundred times RAM

VirtualMemory& memory_of(void* context) {
    return *static_cast<VirtualMemory*>(context);
}

Result<void> write_overcommit(void* context, const TextWriter& out) {
    out.print("%u\n", static_cast<unsigned>(memory_of(context).commit().mode()));
    return {};
}
Result<void> set_overcommit(void* context, std::string_view text) {
    const auto mode = parse_number(text, static_cast<std::uint32_t>(mm::Overcommit::Never));
    if (!mode.has_value()) return Error::InvalidArgument;
    memory_of(context).commit().set_mode(static_cast<mm::Overcommit>(*mode));
    return {};
}

Result<void> write_ratio(void* context, const TextWriter& out) {
    out.print("%lu\n", static_cast<unsigned long>(memory_of(context).commit().ratio()));
    return {};
}
Result<void> set_ratio(void* context, std::string_view text) {
    const auto hundredths = parse_number(text, kMostRatio);
    if (!hundredths.has_value()) return Error::InvalidArgument;
    memory_of(context).commit().set_ratio(*hundredths);
    return {};
}

Result<void> write_policy(void* context, const TextWriter& out) {
    const mm::PolicySet& policies = memory_of(context).policies();
    const char* space = "";
    for (const mm::PolicyKind kind : mm::kPolicyKinds) {
        const bool is_used = kind == policies.kind();
        out.print("%s%s%s%s", space, is_used ? "[" : "", policies.policy(kind).name(),
                  is_used ? "]" : "");
        space = " ";
    }
    out.print("\n");
    return {};
}
Result<void> set_policy(void* context, std::string_view text) {
    VirtualMemory& memory = memory_of(context);
    const auto kind = memory.policies().find(text);
    if (!kind.has_value()) return Error::InvalidArgument;
    memory.change_policy(*kind);
    return {};
}

}  // namespace

Tunables::Tunables(fs::Procfs& proc, VirtualMemory& memory)
    : system_(proc, "sys"),
      memory_(proc, "vm"),
      files_{{{proc, "overcommit_memory", write_overcommit, &memory, 0644, set_overcommit},
              {proc, "overcommit_ratio", write_ratio, &memory, 0644, set_ratio},
              {proc, "replacement_policy", write_policy, &memory, 0644, set_policy}}} {
    proc.tree().add(system_);
    system_.add(memory_);
    for (fs::ProcText& file : files_)
        memory_.add(file);
}

}  // namespace quire::kernel
