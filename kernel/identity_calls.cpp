// getuid, setuid and their kin, each with ids of 32 bits and, of older programs, of 16.
//
// (Linux: kernel/uid16.c.)
#include <array>

#include "kernel/process/identity.h"
#include "kernel/process/limits.h"
#include "kernel/process/user_copy.h"
#include "kernel/processes.h"
#include "kernel/system_call.h"

namespace quire::kernel {
namespace {

using mm::VirtAddr;

// --- One id ---

Result<std::uint32_t> call_getuid32(SystemCall& call) {
    return call.process().credentials.real_user;
}
Result<std::uint32_t> call_geteuid32(SystemCall& call) {
    return call.process().credentials.user;
}
Result<std::uint32_t> call_getgid32(SystemCall& call) {
    return call.process().credentials.real_group;
}
Result<std::uint32_t> call_getegid32(SystemCall& call) {
    return call.process().credentials.group;
}
SYSTEM_CALL(199, getuid32, call_getuid32, CallTraits::lock_free());
SYSTEM_CALL(200, getgid32, call_getgid32, CallTraits::lock_free());
SYSTEM_CALL(201, geteuid32, call_geteuid32, CallTraits::lock_free());
SYSTEM_CALL(202, getegid32, call_getegid32, CallTraits::lock_free());

template <Result<std::uint32_t> (*kCall)(SystemCall&)>
Result<std::uint32_t> narrowed(SystemCall& call) {
    return narrowed_id(TRY(kCall(call)));
}
SYSTEM_CALL(24, getuid, narrowed<call_getuid32>, CallTraits::lock_free());
SYSTEM_CALL(47, getgid, narrowed<call_getgid32>, CallTraits::lock_free());
SYSTEM_CALL(49, geteuid, narrowed<call_geteuid32>, CallTraits::lock_free());
SYSTEM_CALL(50, getegid, narrowed<call_getegid32>, CallTraits::lock_free());

// --- Setting ---

// Root may lock what it likes: what memory knows of that follows the user.
Result<std::uint32_t> done(SystemCall& call, const Result<void>& result) {
    TRY(result);
    apply_limits(call.process());
    return 0U;
}

using Widening = std::uint32_t (*)(std::uint32_t);
constexpr std::uint32_t whole(std::uint32_t argument) {
    return argument;
}

template <Widening kWiden>
Result<std::uint32_t> call_setuid(SystemCall& call) {
    return done(call, set_user(call.process(), kWiden(call.argument(0))));
}
SYSTEM_CALL(213, setuid32, call_setuid<whole>, CallTraits::plain());
SYSTEM_CALL(23, setuid, call_setuid<widened_id>, CallTraits::plain());

template <Widening kWiden>
Result<std::uint32_t> call_setgid(SystemCall& call) {
    return done(call, set_group(call.process(), kWiden(call.argument(0))));
}
SYSTEM_CALL(214, setgid32, call_setgid<whole>, CallTraits::plain());
SYSTEM_CALL(46, setgid, call_setgid<widened_id>, CallTraits::plain());

template <Widening kWiden>
Result<std::uint32_t> call_setreuid(SystemCall& call) {
    return done(call,
                set_users(call.process(), kWiden(call.argument(0)), kWiden(call.argument(1))));
}
SYSTEM_CALL(203, setreuid32, call_setreuid<whole>, CallTraits::plain());
SYSTEM_CALL(70, setreuid, call_setreuid<widened_id>, CallTraits::plain());

template <Widening kWiden>
Result<std::uint32_t> call_setregid(SystemCall& call) {
    return done(call,
                set_groups(call.process(), kWiden(call.argument(0)), kWiden(call.argument(1))));
}
SYSTEM_CALL(204, setregid32, call_setregid<whole>, CallTraits::plain());
SYSTEM_CALL(71, setregid, call_setregid<widened_id>, CallTraits::plain());

template <Widening kWiden>
IdSet wanted(const SystemCall& call) {
    return {kWiden(call.argument(0)), kWiden(call.argument(1)), kWiden(call.argument(2))};
}

template <Widening kWiden>
Result<std::uint32_t> call_setresuid(SystemCall& call) {
    return done(call, set_users(call.process(), wanted<kWiden>(call)));
}
SYSTEM_CALL(208, setresuid32, call_setresuid<whole>, CallTraits::plain());
SYSTEM_CALL(164, setresuid, call_setresuid<widened_id>, CallTraits::plain());

template <Widening kWiden>
Result<std::uint32_t> call_setresgid(SystemCall& call) {
    return done(call, set_groups(call.process(), wanted<kWiden>(call)));
}
SYSTEM_CALL(210, setresgid32, call_setresgid<whole>, CallTraits::plain());
SYSTEM_CALL(170, setresgid, call_setresgid<widened_id>, CallTraits::plain());

// --- All three ---

template <typename Id>
Result<std::uint32_t> tell(SystemCall& call, const IdSet& ids) {
    const auto told = [](std::uint32_t id) {
        return static_cast<Id>(sizeof(Id) == 2 ? narrowed_id(id) : id);
    };
    TRY(user::write(call.pointer(0), told(ids.real)));
    TRY(user::write(call.pointer(1), told(ids.effective)));
    TRY(user::write(call.pointer(2), told(ids.saved)));
    return 0U;
}

template <typename Id>
Result<std::uint32_t> call_getresuid(SystemCall& call) {
    return tell<Id>(call, user_ids(call.process()));
}
SYSTEM_CALL(209, getresuid32, call_getresuid<std::uint32_t>, CallTraits::plain());
SYSTEM_CALL(165, getresuid, call_getresuid<std::uint16_t>, CallTraits::plain());

template <typename Id>
Result<std::uint32_t> call_getresgid(SystemCall& call) {
    return tell<Id>(call, group_ids(call.process()));
}
SYSTEM_CALL(211, getresgid32, call_getresgid<std::uint32_t>, CallTraits::plain());
SYSTEM_CALL(171, getresgid, call_getresgid<std::uint16_t>, CallTraits::plain());

// --- Supplementary groups ---

template <typename Id>
Result<std::uint32_t> call_getgroups(SystemCall& call) {
    const fs::Credentials& who = call.process().credentials;
    if (call.signed_argument(0) < 0) return Error::InvalidArgument;
    if (call.argument(0) == 0) return who.group_count;
    if (call.argument(0) < who.group_count) return Error::InvalidArgument;
    std::array<Id, fs::Credentials::kMostGroups> list{};
    for (std::uint32_t i = 0; i < who.group_count; ++i)
        list[i] = static_cast<Id>(sizeof(Id) == 2 ? narrowed_id(who.groups[i]) : who.groups[i]);
    TRY(user::copy_to(call.pointer(1), list.data(), who.group_count * sizeof(Id)));
    return who.group_count;
}
SYSTEM_CALL(205, getgroups32, call_getgroups<std::uint32_t>, CallTraits::plain());
SYSTEM_CALL(80, getgroups, call_getgroups<std::uint16_t>, CallTraits::plain());

template <typename Id>
Result<std::uint32_t> call_setgroups(SystemCall& call) {
    std::array<Id, fs::Credentials::kMostGroups> list{};
    std::array<std::uint32_t, fs::Credentials::kMostGroups> groups{};
    const std::uint32_t count = call.argument(0);
    if (!call.process().credentials.is_root()) return Error::NotPermitted;
    if (count > list.size()) return Error::InvalidArgument;
    TRY(user::copy_from(list.data(), call.pointer(1), count * sizeof(Id)));
    for (std::uint32_t i = 0; i < count; ++i)
        groups[i] = sizeof(Id) == 2 ? widened_id(list[i]) : list[i];
    TRY(set_supplementary(call.process(), std::span(groups).first(count)));
    return 0U;
}
SYSTEM_CALL(206, setgroups32, call_setgroups<std::uint32_t>, CallTraits::plain());
SYSTEM_CALL(81, setgroups, call_setgroups<std::uint16_t>, CallTraits::plain());

}  // namespace
}  // namespace quire::kernel
