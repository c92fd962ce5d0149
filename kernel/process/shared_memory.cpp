#include "kernel/process/shared_memory.h"

namespace quire::kernel {

namespace {

constexpr std::uint32_t kPlaceMask = (1U << SharedMemory::kPlaceBits) - 1;
constexpr std::uint32_t kMostSequence = 0xFFFF;
constexpr std::uint32_t kNobody = ~0U;

}  // namespace

// --- One segment ---

std::uint32_t SharedMemory::Segment::attaches() const {
    std::uint32_t count = 0;
    for ([[maybe_unused]] const mm::Region& region : object().regions())
        ++count;
    return count;
}

abi::SharedMemoryStatus SharedMemory::Segment::status() const {
    abi::SharedMemoryStatus status{};
    status.permissions = {.key = key_,
                          .user = user_,
                          .group = group_,
                          .creator_user = creator_user_,
                          .creator_group = creator_group_,
                          .mode = static_cast<std::uint16_t>(mode_),
                          .unused1 = 0,
                          .sequence = static_cast<std::uint16_t>(id_ >> kPlaceBits),
                          .unused2 = 0,
                          .unused3 = {}};
    status.bytes = bytes_;
    status.attached = attached_;
    status.detached = detached_;
    status.changed = changed_;
    status.creator = creator_;
    status.last_user = last_user_;
    status.attaches = attaches();
    return status;
}

// (Linux: ipcperms.)
bool SharedMemory::Segment::allows(const fs::Credentials& who, std::uint32_t flags) const {
    const std::uint32_t wanted = (flags >> 6 | flags >> 3 | flags) & 7;
    std::uint32_t granted = mode_;
    if (who.user == creator_user_ || who.user == user_) {
        granted >>= 6;
    } else if (who.in_group(creator_group_) || who.in_group(group_)) {
        granted >>= 3;
    }
    return (wanted & ~granted) == 0 || who.is_root();
}

bool SharedMemory::Segment::belongs_to(const fs::Credentials& who) const {
    return who.user == creator_user_ || who.user == user_ || who.is_root();
}

void SharedMemory::Segment::mapped() {
    attached_ = table_->host_.seconds();
    last_user_ = table_->host_.process_id();
}

void SharedMemory::Segment::unmapped() {
    detached_ = table_->host_.seconds();
    last_user_ = table_->host_.process_id();
    if (is_destroyed() && attaches() == 0) table_->release(*this);
}

// --- The table ---

SharedMemory::~SharedMemory() {
    for (Segment& segment : segments_)
        if (segment.exists()) release(segment);
}

SharedMemory::Segment* SharedMemory::at(std::uint32_t place) {
    return place < kMostSegments && segments_[place].exists() ? &segments_[place] : nullptr;
}

SharedMemory::Segment* SharedMemory::find(std::uint32_t id) {
    Segment* const segment = at(id & kPlaceMask);
    return segment != nullptr && segment->id_ == id ? segment : nullptr;
}

bool SharedMemory::was_removed(std::uint32_t id) {
    return at(id & kPlaceMask) != nullptr && find(id) == nullptr;
}

SharedMemory::Segment* SharedMemory::of(const mm::MemoryObject* object) {
    for (Segment& segment : segments_)
        if (segment.exists() && &segment.object() == object) return &segment;
    return nullptr;
}

// (Linux: ipcget_public.)
Result<std::uint32_t> SharedMemory::get(const fs::Credentials& who, std::uint32_t key,
                                        std::uint32_t bytes, std::uint32_t flags,
                                        bool never_overcommits) {
    Segment* found = nullptr;
    for (Segment& segment : segments_) {
        const bool has_key = segment.exists() && !segment.is_destroyed() && segment.key_ == key;
        if (has_key && key != abi::kIpcPrivate) found = &segment;
    }
    if (found == nullptr) {
        const bool makes = key == abi::kIpcPrivate || (flags & abi::kIpcCreate) != 0;
        if (!makes) return Error::NotFound;
        return create(who, key, bytes, flags, never_overcommits);
    }
    constexpr std::uint32_t kOnlyNew = abi::kIpcCreate | abi::kIpcExclusive;
    if ((flags & kOnlyNew) == kOnlyNew) return Error::AlreadyExists;
    if (found->bytes_ < bytes) return Error::InvalidArgument;
    if (!found->allows(who, flags)) return Error::AccessDenied;
    return found->id_;
}

// (Linux: newseg, ipc_addid.)
Result<std::uint32_t> SharedMemory::create(const fs::Credentials& who, std::uint32_t key,
                                           std::uint32_t bytes, std::uint32_t flags,
                                           bool never_overcommits) {
    if (bytes == 0 || bytes > kMostBytes) return Error::InvalidArgument;
    if ((flags & abi::kShmHugePages) != 0) return Error::OutOfMemory;
    std::uint32_t place = 0;
    while (place < kMostSegments && segments_[place].exists())
        ++place;
    if (place == kMostSegments) return Error::NoSpace;
    const bool no_reserve = (flags & abi::kShmNoReserve) != 0 && !never_overcommits;
    Segment& segment = segments_[place];
    segment.node_ = TRY(files_.create_unnamed(
        bytes, who, no_reserve ? fs::Tmpfs::Promise::Pages : fs::Tmpfs::Promise::Size));
    if (place <= last_place_) sequence_ = sequence_ == kMostSequence ? 0 : sequence_ + 1;
    last_place_ = place;
    segment.table_ = this;
    segment.id_ = sequence_ << kPlaceBits | place;
    segment.key_ = key;
    segment.bytes_ = bytes;
    segment.mode_ = flags & abi::kIpcPermissions;
    segment.user_ = segment.creator_user_ = who.user;
    segment.group_ = segment.creator_group_ = who.group;
    segment.attached_ = segment.detached_ = 0;
    segment.changed_ = host_.seconds();
    segment.creator_ = host_.process_id();
    segment.last_user_ = 0;
    static_cast<fs::TmpfsFile&>(*segment.node_).watch(&segment);
    return segment.id_;
}

Result<void> SharedMemory::change(Segment& segment, std::uint32_t user, std::uint32_t group,
                                  std::uint32_t mode) {
    if (user == kNobody || group == kNobody) return Error::InvalidArgument;
    segment.user_ = user;
    segment.group_ = group;
    segment.mode_ = (segment.mode_ & ~abi::kIpcPermissions) | (mode & abi::kIpcPermissions);
    segment.changed_ = host_.seconds();
    return {};
}

void SharedMemory::remove(Segment& segment) {
    segment.mode_ |= abi::kShmDestroyed;
    segment.key_ = abi::kIpcPrivate;
    if (segment.attaches() == 0) release(segment);
}

// The file goes with its last user: a region that is just leaving may still be one.
void SharedMemory::release(Segment& segment) {
    static_cast<fs::TmpfsFile&>(*segment.node_).watch(nullptr);
    segment.node_ = {};
}

// --- Figures ---

std::uint32_t SharedMemory::highest_place() const {
    std::uint32_t highest = 0;
    for (std::uint32_t place = 0; place < kMostSegments; ++place)
        if (segments_[place].exists()) highest = place;
    return highest;
}

abi::SharedMemoryUse SharedMemory::use() const {
    abi::SharedMemoryUse use{};
    for (const Segment& segment : segments_) {
        if (!segment.exists()) continue;
        ++use.segments;
        use.pages += mm::pages_for(segment.bytes_).raw();
        use.resident += segment.object().resident_pages();
        use.swapped += segment.object().swapped_pages();
    }
    return use;
}

abi::SharedMemoryLimits SharedMemory::limits() {
    abi::SharedMemoryLimits limits{};
    limits.most_bytes = kMostBytes;
    limits.least_bytes = 1;
    limits.most_segments = limits.most_attached = kMostSegments;
    limits.most_pages = kMostBytes;
    return limits;
}

// (Linux: sysvipc_shm_proc_show.)
void SharedMemory::write(const mm::TextWriter& out) const {
    out.print(
        "       key      shmid perms       size  cpid  lpid nattch   uid   gid  cuid  cgid"
        "      atime      dtime      ctime        rss       swap\n");
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long>(value); };
    for (const Segment& segment : segments_) {
        if (!segment.exists()) continue;
        out.print(
            "%10d %10d  %4o %10lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu %10lu %10lu\n",
            static_cast<int>(segment.key_), static_cast<int>(segment.id_), segment.mode_,
            number(segment.bytes_), segment.creator_, segment.last_user_,
            number(segment.attaches()), segment.user_, segment.group_, segment.creator_user_,
            segment.creator_group_, number(segment.attached_), number(segment.detached_),
            number(segment.changed_), number(segment.object().resident_pages()) << mm::kPageShift,
            number(segment.object().swapped_pages()) << mm::kPageShift);
    }
}

void SharedMemory::check_invariants() const {
    for (std::uint32_t place = 0; place < kMostSegments; ++place) {
        const Segment& segment = segments_[place];
        if (!segment.exists()) continue;
        ASSERT((segment.id_ & kPlaceMask) == place && segment.table_ == this);
        ASSERT(segment.bytes_ != 0 && segment.bytes_ <= kMostBytes);
        ASSERT(!segment.is_destroyed() || segment.attaches() != 0);
        ASSERT(!segment.is_destroyed() || segment.key_ == abi::kIpcPrivate);
    }
}

}  // namespace quire::kernel
