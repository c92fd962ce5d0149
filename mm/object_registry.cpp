#include "mm/object_registry.h"

namespace quire::mm {

MemoryObject* ObjectRegistry::find(std::uint32_t id) {
    for (MemoryObject& object : bucket_of(id))
        if (object.id() == id) return &object;
    return nullptr;
}

// In the order of buckets, and of ids in each. Id 0 would be the first of bucket 0.
MemoryObject* ObjectRegistry::next_after(std::uint32_t id) {
    for (std::uint32_t i = id % kBuckets; i < kBuckets; ++i, id = 0) {
        MemoryObject* next = nullptr;
        for (MemoryObject& object : buckets_[i])
            if (object.id() > id && (next == nullptr || object.id() < next->id())) next = &object;
        if (next != nullptr) return next;
    }
    return nullptr;
}

std::uint32_t ObjectRegistry::enter(MemoryObject& object) {
    ASSERT(count_ < kMaxId);
    std::uint32_t id = next_id_;
    while (find(id) != nullptr)
        id = id == kMaxId ? 1 : id + 1;
    next_id_ = id == kMaxId ? 1 : id + 1;
    bucket_of(id).push_back(object);
    ++count_;
    return id;
}

void ObjectRegistry::leave(MemoryObject& object) {
    ASSERT(find(object.id()) == &object);
    bucket_of(object.id()).remove(object);
    --count_;
}

void ObjectRegistry::check_invariants() {
    std::uint32_t seen = 0;
    std::uint32_t dirty = 0;
    for (std::uint32_t i = 0; i < kBuckets; ++i) {
        buckets_[i].check_invariants();
        for (MemoryObject& object : buckets_[i]) {
            ASSERT(object.id() != 0 && object.id() <= kMaxId && object.id() % kBuckets == i);
            ASSERT(find(object.id()) == &object);
            if (object.kind() == MemoryObject::Kind::File) dirty += object.dirty_pages();
            ++seen;
        }
    }
    ASSERT(seen == count_ && dirty == dirty_file_pages_);
}

}  // namespace quire::mm
