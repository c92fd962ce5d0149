// The write-back daemon: sees to it that what is dirty in the page cache reaches the disk, though
// nobody asks for it.
//
//     age        each 5 seconds it comes by all objects; what it finds dirty for 30 s is written
//     pressure   more than 10 % of RAM is dirty: it writes until that is no longer so
//     writers    more than 20 % is dirty: who makes pages dirty writes some himself (throttle)
//     sync(2)    everything, at once (sync_all)
//
// The idle loop calls step() as long as that says there is more to do. A step is one run of pages,
// or a look at a few objects: it is short, but for the disk. It goes round: where the last one
// ended, the next one begins, by the object's id, so objects may come and go between two of them.
//
// Age is counted per object, in visits that found it dirty, as Linux does: the pages of one file
// are written together. An object that programs have mapped to store into is taken for dirty, as
// only their PTEs know; the daemon has them gathered before it writes (mm/write_back.h).
//
// What could not be written stays dirty, and the error waits for those who hold the object
// (fs/write_errors.h). A pass over all objects in vain ends the writing until the next visit.
// Metadata have an object, too, which keeps their order by itself (fs/block_cache.h). Locking is
// the caller's; nobody destroys an object while a step sleeps in its store.
#pragma once

#include <cstdint>

#include "mm/object_registry.h"
#include "mm/user_memory.h"
#include "mm/write_back.h"

namespace quire::fs {

class WriteBackDaemon {
  public:
    struct Settings {
        std::uint32_t interval = 5;     // seconds between two visits
        std::uint32_t age = 30;         // seconds; a multiple of the interval, below 255 of them
        std::uint32_t background = 10;  // % of RAM
        std::uint32_t limit = 20;       // % of RAM
    };
    /// Since boot; wraps. Pages that were written, by reason.
    struct Statistics {
        mm::WriteCount by_daemon;
        mm::WriteCount by_writers;
        mm::WriteCount by_sync;
        std::uint32_t passes = 0;   // over all objects
        std::uint32_t in_vain = 0;  // of them, because nothing could be written
    };

    /// Everything handed in must stay. `ram`: what the shares are shares of. Takes no memory.
    WriteBackDaemon(mm::UserMemory& memory, mm::ObjectRegistry& objects, mm::PageCount ram,
                    const Settings& settings);
    WriteBackDaemon(mm::UserMemory& memory, mm::ObjectRegistry& objects, mm::PageCount ram)
        : WriteBackDaemon(memory, objects, ram, Settings()) {}
    WriteBackDaemon(const WriteBackDaemon&) = delete;
    WriteBackDaemon& operator=(const WriteBackDaemon&) = delete;
    ~WriteBackDaemon() = default;

    /// Does one piece of what is due at `now`, in seconds, which never goes back. May sleep. Says
    /// whether another step is useful now.
    bool step(std::uint32_t now);

    /// For whoever has just made pages dirty, when he holds nothing: if too many are, writes some,
    /// until there are no longer or nothing can be written. May sleep.
    void throttle() {
        if (__builtin_expect(objects_.dirty_file_pages() > limit_, 0)) write_until_below_limit();
    }

    /// Writes whatever is dirty in any object; what that makes dirty in turn (the blocks of a file
    /// system), too. May sleep. Errors: the first that a store gave; all else is written.
    Result<void> sync_all();

    [[nodiscard]] const Statistics& statistics() const { return statistics_; }
    /// More pages than this are too many: for the daemon, and for writers.
    [[nodiscard]] std::uint32_t background_limit() const { return background_; }
    [[nodiscard]] std::uint32_t writers_limit() const { return limit_; }

  private:
    // A walk over all objects, which may stop anywhere.
    struct Pass {
        bool running = false;
        bool counts_age = false;     // the one that is made at each interval
        std::uint32_t object = 0;    // id of the object it is at, or was last
        bool in_object = false;      // pages are being written
        bool is_old = false;         // all of them, and not only as long as too many are dirty
        std::uint32_t page = 0;      // the next one there
        std::uint32_t gathered = 0;  // PTEs were asked for the pages below this one
        std::uint32_t written = 0;   // pages, of all objects
    };

    [[nodiscard]] bool over_background() const { return objects_.dirty_file_pages() > background_; }
    void begin_pass(bool counts_age);
    void go_on(mm::WriteCount& count);
    void visit_next();
    void end_pass();
    void count_visit(mm::MemoryObject& object, bool dirty) const;
    [[nodiscard]] bool begin_object(mm::MemoryObject& object);
    void write_some(mm::WriteCount& count);
    [[nodiscard]] bool gather_on(mm::MemoryObject& object);
    void write_until_below_limit();

    mm::UserMemory& memory_;
    mm::ObjectRegistry& objects_;
    std::uint32_t interval_;
    std::uint8_t visits_until_due_;
    std::uint32_t background_;  // pages
    std::uint32_t limit_;       // pages
    std::uint32_t last_visit_ = 0;
    bool hopeless_ = false;  // the last pass wrote nothing; until the next visit
    Pass pass_;
    Statistics statistics_;
};

}  // namespace quire::fs
