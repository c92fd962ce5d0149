#include "fs/write_back_daemon.h"

namespace quire::fs {

using mm::MemoryObject;

namespace {

// A step looks at this many objects at most,
constexpr std::uint32_t kMostLooks = 32;
// or asks the PTEs of this many pages,
constexpr std::uint32_t kMostGathered = 4096;
// or writes this many: mm::kMostInRun.

constexpr std::uint32_t percent_of(mm::PageCount ram, std::uint32_t percent) {
    // At most 2^20 frames.
    return ram.raw() * percent / 100;
}

// `count` pages from `first` on, but not beyond `end`.
std::uint32_t end_of(std::uint32_t first, std::uint32_t count, std::uint32_t end) {
    return end - first < count ? end : first + count;
}

// Programs may have stored into mapped pages without anybody knowing.
bool may_be_dirty(MemoryObject& object) {
    if (object.dirty_pages() != 0) return true;
    return object.resident_pages() != 0 && object.is_mapped_for_stores();
}

}  // namespace

WriteBackDaemon::WriteBackDaemon(mm::UserMemory& memory, mm::ObjectRegistry& objects,
                                 mm::PageCount ram, const Settings& settings)
    : memory_(memory),
      objects_(objects),
      interval_(settings.interval),
      // What is found dirty for the first time has been so for a part of an interval.
      visits_until_due_(static_cast<std::uint8_t>(settings.age / settings.interval + 1)),
      background_(percent_of(ram, settings.background)),
      limit_(percent_of(ram, settings.limit)) {
    ASSERT(settings.interval != 0 && settings.age / settings.interval < 255);
    ASSERT(settings.background <= settings.limit && settings.limit <= 100);
}

bool WriteBackDaemon::step(std::uint32_t now) {
    if (!pass_.running) {
        const bool is_visit = now - last_visit_ >= interval_;
        if (!is_visit && (hopeless_ || !over_background())) return false;
        if (is_visit) {
            last_visit_ = now;
            hopeless_ = false;
        }
        begin_pass(is_visit);
    }
    go_on(statistics_.by_daemon);
    return pass_.running || (over_background() && !hopeless_);
}

void WriteBackDaemon::begin_pass(bool counts_age) {
    pass_ = Pass();
    pass_.running = true;
    pass_.counts_age = counts_age;
}

void WriteBackDaemon::go_on(mm::WriteCount& count) {
    if (pass_.in_object) {
        write_some(count);
    } else {
        visit_next();
    }
}

void WriteBackDaemon::visit_next() {
    for (std::uint32_t looks = 0; looks < kMostLooks; ++looks) {
        MemoryObject* object = objects_.next_after(pass_.object);
        if (object == nullptr) return end_pass();
        pass_.object = object->id();
        if (object->kind() != MemoryObject::Kind::File) continue;
        const bool dirty = may_be_dirty(*object);
        if (pass_.counts_age) count_visit(*object, dirty);
        if (dirty && begin_object(*object)) return;
    }
}

void WriteBackDaemon::end_pass() {
    pass_.running = false;
    ++statistics_.passes;
    if (pass_.written != 0 || !over_background()) return;
    hopeless_ = true;
    ++statistics_.in_vain;
}

void WriteBackDaemon::count_visit(MemoryObject& object, bool dirty) const {
    const std::uint8_t visits = object.dirty_visits();
    if (!dirty) {
        object.set_dirty_visits(0);
    } else if (visits < visits_until_due_) {
        object.set_dirty_visits(static_cast<std::uint8_t>(visits + 1));
    }
}

// What becomes dirty while the object is written begins a new age.
bool WriteBackDaemon::begin_object(MemoryObject& object) {
    const bool is_old = object.dirty_visits() >= visits_until_due_;
    if (!is_old && !over_background()) return false;
    if (is_old) object.set_dirty_visits(0);
    pass_.in_object = true;
    pass_.is_old = is_old;
    pass_.page = pass_.gathered = 0;
    return true;
}

void WriteBackDaemon::write_some(mm::WriteCount& count) {
    MemoryObject* object = objects_.find(pass_.object);
    const bool is_due = object != nullptr && (pass_.is_old || over_background());
    if (!is_due || !gather_on(*object)) {
        pass_.in_object = false;
        return;
    }
    const auto dirty = object->next_dirty(pass_.page);
    if (!dirty.has_value() || dirty->index >= pass_.gathered) {
        pass_.page = pass_.gathered;
        return;
    }
    pass_.page = end_of(dirty->index, mm::kMostInRun, pass_.gathered);
    const std::uint32_t before = count.pages;
    // The error waits in the object for those who hold it.
    if (!mm::write_back(memory_, *object, dirty->index, pass_.page, &count).ok())
        object->set_dirty_visits(visits_until_due_);
    pass_.written += count.pages - before;
}

// Sees to it that the dirt of some pages from the next one on is known; false if there is no such
// page.
bool WriteBackDaemon::gather_on(MemoryObject& object) {
    if (pass_.page < pass_.gathered) return true;
    const auto resident = object.next_resident(pass_.page);
    if (!resident.has_value()) return false;
    pass_.page = resident->index;
    const std::uint32_t pages = object.pages();
    pass_.gathered = object.regions().empty() ? pages : end_of(pass_.page, kMostGathered, pages);
    mm::gather_dirty(memory_, object, pass_.page, pass_.gathered);
    return true;
}

void WriteBackDaemon::write_until_below_limit() {
    while (objects_.dirty_file_pages() > limit_) {
        if (!pass_.running) {
            if (hopeless_) return;
            begin_pass(false);
        }
        go_on(statistics_.by_writers);
    }
}

Result<void> WriteBackDaemon::sync_all() {
    constexpr int kRounds = 2;  // the second is for what the first made dirty
    Result<void> answer;
    for (int round = 0; round < kRounds; ++round) {
        for (MemoryObject* object = objects_.next_after(0); object != nullptr;
             object = objects_.next_after(object->id())) {
            const Result<void> written =
                mm::write_back(memory_, *object, 0, object->pages(), &statistics_.by_sync);
            if (answer.ok()) answer = written;
        }
    }
    return answer;
}

}  // namespace quire::fs
