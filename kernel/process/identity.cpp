#include "kernel/process/identity.h"

#include <algorithm>

namespace quire::kernel {

namespace {

// What a call makes of the ids of one kind; `privileged`: anything goes.
Result<IdSet> after_set(const IdSet& now, std::uint32_t id, bool privileged) {
    if (id == kUnchanged) return Error::InvalidArgument;
    if (privileged) return IdSet{id, id, id};
    if (id != now.real && id != now.saved) return Error::NotPermitted;
    return IdSet{now.real, id, now.saved};
}

// The saved id follows the effective one, unless nothing but that was set to the real one.
Result<IdSet> after_set_two(const IdSet& now, std::uint32_t real, std::uint32_t effective,
                            bool privileged) {
    IdSet next = now;
    if (real != kUnchanged) {
        if (!privileged && real != now.real && real != now.effective) return Error::NotPermitted;
        next.real = real;
    }
    if (effective != kUnchanged) {
        if (!privileged && !now.has(effective)) return Error::NotPermitted;
        next.effective = effective;
    }
    if (real != kUnchanged || (effective != kUnchanged && effective != now.real))
        next.saved = next.effective;
    return next;
}

Result<IdSet> after_set_all(const IdSet& now, const IdSet& wanted, bool privileged) {
    IdSet next = now;
    const auto change = [&](std::uint32_t id, std::uint32_t& place) {
        if (id == kUnchanged) return true;
        place = id;
        return privileged || now.has(id);
    };
    if (!change(wanted.real, next.real) || !change(wanted.effective, next.effective) ||
        !change(wanted.saved, next.saved))
        return Error::NotPermitted;
    return next;
}

// What it may do has changed: others may not look into it, and a parent's end is none of its
// business any more. (Linux: commit_creds.)
void become_secretive(Process& process) {
    process.is_dumpable = false;
    for (Thread& thread : process.threads)
        thread.parent_death_signal = 0;
}

void put_users(Process& process, const IdSet& ids) {
    if (ids.effective != process.credentials.user) become_secretive(process);
    process.credentials.real_user = ids.real;
    process.credentials.user = ids.effective;
    process.saved_user = ids.saved;
}

void put_groups(Process& process, const IdSet& ids) {
    if (ids.effective != process.credentials.group) become_secretive(process);
    process.credentials.real_group = ids.real;
    process.credentials.group = ids.effective;
    process.saved_group = ids.saved;
}

bool may_all(const Process& process) {
    return process.credentials.is_root();
}

}  // namespace

IdSet user_ids(const Process& process) {
    return {process.credentials.real_user, process.credentials.user, process.saved_user};
}

IdSet group_ids(const Process& process) {
    return {process.credentials.real_group, process.credentials.group, process.saved_group};
}

Result<void> set_user(Process& process, std::uint32_t id) {
    put_users(process, TRY(after_set(user_ids(process), id, may_all(process))));
    return {};
}

Result<void> set_group(Process& process, std::uint32_t id) {
    put_groups(process, TRY(after_set(group_ids(process), id, may_all(process))));
    return {};
}

Result<void> set_users(Process& process, std::uint32_t real, std::uint32_t effective) {
    put_users(process, TRY(after_set_two(user_ids(process), real, effective, may_all(process))));
    return {};
}

Result<void> set_groups(Process& process, std::uint32_t real, std::uint32_t effective) {
    put_groups(process, TRY(after_set_two(group_ids(process), real, effective, may_all(process))));
    return {};
}

Result<void> set_users(Process& process, const IdSet& wanted) {
    put_users(process, TRY(after_set_all(user_ids(process), wanted, may_all(process))));
    return {};
}

Result<void> set_groups(Process& process, const IdSet& wanted) {
    put_groups(process, TRY(after_set_all(group_ids(process), wanted, may_all(process))));
    return {};
}

Result<void> set_supplementary(Process& process, std::span<const std::uint32_t> groups) {
    if (!may_all(process)) return Error::NotPermitted;
    fs::Credentials& credentials = process.credentials;
    if (groups.size() > credentials.groups.size()) return Error::InvalidArgument;
    for (const std::uint32_t group : groups)
        if (group == kUnchanged) return Error::InvalidArgument;
    credentials.group_count = static_cast<std::uint32_t>(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
        credentials.groups[i] = groups[i];
    std::sort(credentials.groups.begin(), credentials.groups.begin() + credentials.group_count);
    return {};
}

bool is_own(const Process& who, const Process& whom) {
    return who.credentials.is_root() || whom.credentials.real_user == who.credentials.user ||
           whom.credentials.user == who.credentials.user;
}

bool may_trace(const Process& who, std::uint32_t user, std::uint32_t group, const Process& whom) {
    if (&who == &whom || who.credentials.is_root()) return true;
    return whom.is_dumpable && user_ids(whom) == IdSet{user, user, user} &&
           group_ids(whom) == IdSet{group, group, group};
}

}  // namespace quire::kernel
