// All memory objects by id: from a frame's record (object 24, page index) back to the object.
//
// Ids are given in order, so that a stale one is not soon somebody else's, and skip those in use
// after 2^24 of them. An intrusive hash of 256 buckets: consecutive ids are in different ones, and
// entering cannot fail. Id 0 is nobody's.
//
// The registry owns nothing. It also hands every object the one cache that page trees take their
// nodes from. Locking is the caller's.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "mm/memory_object.h"
#include "mm/page_tree.h"

namespace quire::mm {

class ObjectRegistry {
  public:
    static constexpr std::uint32_t kMaxId = (1U << 24) - 1;

    /// A registry without objects. Precondition: `nodes` stays.
    explicit ObjectRegistry(PageTree::NodeCache& nodes) : nodes_(nodes) {}
    ObjectRegistry(const ObjectRegistry&) = delete;
    ObjectRegistry& operator=(const ObjectRegistry&) = delete;
    /// Precondition: every object is destroyed.
    ~ObjectRegistry() = default;

    /// The object with this id, or nullptr. O(objects / 256).
    [[nodiscard]] MemoryObject* find(std::uint32_t id);

    /// How many objects there are.
    [[nodiscard]] std::uint32_t count() const { return count_; }

    /// How many pages of files are marked dirty, of all objects together.
    [[nodiscard]] std::uint32_t dirty_file_pages() const { return dirty_file_pages_; }

    /// The object that follows the one called `id` in a walk that may go on after objects have come
    /// and gone; id 0 begins it. nullptr ends it. O(objects / 256), and at most 256 buckets.
    [[nodiscard]] MemoryObject* next_after(std::uint32_t id);

    /// Calls visit(object) for each object, in no order that means anything. The visitor must
    /// neither make nor destroy objects.
    template <typename Visitor>
    void walk(Visitor visit) {
        for (Bucket& bucket : buckets_)
            for (MemoryObject& object : bucket)
                visit(object);
    }

    [[nodiscard]] PageTree::NodeCache& nodes() { return nodes_; }

    /// Checks that each object is in its bucket, found by its id, and counted. O(objects).
    void check_invariants();

  private:
    friend class MemoryObject;

    using Bucket = IntrusiveList<MemoryObject, &MemoryObject::registry_hook>;
    static constexpr std::uint32_t kBuckets = 256;

    [[nodiscard]] Bucket& bucket_of(std::uint32_t id) { return buckets_[id % kBuckets]; }
    // Answers the id of the new object, which is not in use. There always is one: 2^24 objects do
    // not fit into 768 MiB.
    std::uint32_t enter(MemoryObject& object);
    void leave(MemoryObject& object);

    std::array<Bucket, kBuckets> buckets_;
    PageTree::NodeCache& nodes_;
    std::uint32_t next_id_ = 1;
    std::uint32_t count_ = 0;
    std::uint32_t dirty_file_pages_ = 0;
};

}  // namespace quire::mm
