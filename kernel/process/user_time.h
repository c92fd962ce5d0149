// Times as they lie in a program's memory, in both forms: Spec is abi::TimeSpec, with 32-bit
// seconds, or abi::TimeSpec64, of the calls whose names end in _time64.
#pragma once

#include <type_traits>

#include "kernel/process/time_values.h"
#include "kernel/process/user_copy.h"

namespace quire::kernel {

template <typename Spec>
[[nodiscard]] Spec spec_of(std::uint64_t nanoseconds) {
    if constexpr (std::is_same_v<Spec, abi::TimeSpec>)
        return time_spec(nanoseconds);
    else
        return time_spec64(nanoseconds);
}

/// In nanoseconds. Errors: BadAddress, InvalidArgument (negative, or a fraction of a second and
/// more).
template <typename Spec>
Result<std::uint64_t> read_time(mm::VirtAddr from) {
    const auto spec = TRY(user::read<Spec>(from));
    return nanoseconds_of(spec.seconds, spec.nanoseconds);
}

/// Errors: BadAddress.
template <typename Spec>
Result<void> write_time(mm::VirtAddr to, std::uint64_t nanoseconds) {
    return user::write(to, spec_of<Spec>(nanoseconds));
}

}  // namespace quire::kernel
