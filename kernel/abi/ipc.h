// The numbers and structures of shmget(2), shmat(2), shmctl(2) and ipc(2) of Linux i386.
// (Linux: linux/ipc.h, linux/shm.h, asm-generic/ipcbuf.h, asm-generic/shmbuf.h.)
#pragma once

#include <cstdint>

namespace quire::abi {

inline constexpr std::uint32_t kIpcPrivate = 0;
inline constexpr std::uint32_t kIpcCreate = 01000;
inline constexpr std::uint32_t kIpcExclusive = 02000;
inline constexpr std::uint32_t kIpcPermissions = 0777;
inline constexpr std::uint32_t kShmHugePages = 04000;
inline constexpr std::uint32_t kShmNoReserve = 010000;

// flags of shmat
inline constexpr std::uint32_t kShmReadOnly = 010000;
inline constexpr std::uint32_t kShmRound = 020000;
inline constexpr std::uint32_t kShmRemap = 040000;
inline constexpr std::uint32_t kShmExecute = 0100000;

// mode, as shmctl tells it
inline constexpr std::uint32_t kShmDestroyed = 01000;

// commands of shmctl; kIpc64 beside them in ipc(2)
inline constexpr std::uint32_t kIpcRemove = 0;
inline constexpr std::uint32_t kIpcSet = 1;
inline constexpr std::uint32_t kIpcStat = 2;
inline constexpr std::uint32_t kIpcInfo = 3;
inline constexpr std::uint32_t kShmLock = 11;
inline constexpr std::uint32_t kShmUnlock = 12;
inline constexpr std::uint32_t kShmStat = 13;
inline constexpr std::uint32_t kShmInfo = 14;
inline constexpr std::uint32_t kShmStatAny = 15;
inline constexpr std::uint32_t kIpc64 = 0x100;

// calls of ipc(2)
inline constexpr std::uint32_t kIpcShmat = 21;
inline constexpr std::uint32_t kIpcShmdt = 22;
inline constexpr std::uint32_t kIpcShmget = 23;
inline constexpr std::uint32_t kIpcShmctl = 24;

/// struct ipc64_perm
struct IpcPermissions {
    std::uint32_t key;
    std::uint32_t user, group, creator_user, creator_group;
    std::uint16_t mode, unused1;
    std::uint16_t sequence, unused2;
    std::uint32_t unused3[2];
};
static_assert(sizeof(IpcPermissions) == 36);

/// struct shmid64_ds
struct SharedMemoryStatus {
    IpcPermissions permissions;
    std::uint32_t bytes;
    std::uint64_t attached, detached, changed;  // seconds
    std::uint32_t creator, last_user;           // pids
    std::uint32_t attaches;
    std::uint32_t unused[2];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(SharedMemoryStatus) == 84);

/// struct shminfo64
struct SharedMemoryLimits {
    std::uint32_t most_bytes, least_bytes, most_segments, most_attached, most_pages;
    std::uint32_t unused[4];
};
static_assert(sizeof(SharedMemoryLimits) == 36);

/// struct shm_info
struct SharedMemoryUse {
    std::uint32_t segments, pages, resident, swapped, swap_attempts, swap_successes;
};
static_assert(sizeof(SharedMemoryUse) == 24);

}  // namespace quire::abi
