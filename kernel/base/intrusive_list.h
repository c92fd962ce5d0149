// A doubly linked list whose links live in its elements, so that inserting cannot fail.
//
//     struct Waiter { ListHook hook; ... };
//     IntrusiveList<Waiter, &Waiter::hook> waiters;
//
// Invariant: a hook is in at most one list; its neighbours point back at it. A hook asserts on
// destruction that it is in no list, so a forgotten removal shows at once. The list owns nothing.
#pragma once

#include <cstddef>

#include "kernel/base/assert.h"

namespace quire {

class ListHook {
  public:
    constexpr ListHook() = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    ~ListHook() { ASSERT(!is_linked()); }

    [[nodiscard]] bool is_linked() const { return next_ != nullptr; }

    /// Takes the element out of the list it is in. Precondition: is_linked().
    void unlink() {
        ASSERT(is_linked());
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = nullptr;
    }

  private:
    template <typename T, ListHook T::*kHook>
    friend class IntrusiveList;

    void link_before(ListHook& position) {
        ASSERT(!is_linked());
        next_ = &position;
        previous_ = position.previous_;
        previous_->next_ = this;
        position.previous_ = this;
    }

    ListHook* next_ = nullptr;
    ListHook* previous_ = nullptr;
};

template <typename T, ListHook T::*kHook>
class IntrusiveList {
  public:
    class Iterator {
      public:
        explicit Iterator(ListHook* hook) : hook_(hook) {}
        T& operator*() const { return *element(hook_); }
        T* operator->() const { return element(hook_); }
        Iterator& operator++() {
            hook_ = hook_->next_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        friend class IntrusiveList;
        ListHook* hook_;
    };

    IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    /// Precondition: empty().
    ~IntrusiveList() {
        ASSERT(empty());
        head_.next_ = head_.previous_ = nullptr;
    }

    [[nodiscard]] bool empty() const { return head_.next_ == &head_; }

    void push_front(T& element) { (element.*kHook).link_before(*head_.next_); }
    void push_back(T& element) { (element.*kHook).link_before(head_); }
    void insert_before(T& position, T& element) { (element.*kHook).link_before(position.*kHook); }

    /// The first or last element, or nullptr.
    [[nodiscard]] T* front() { return empty() ? nullptr : element(head_.next_); }
    [[nodiscard]] T* back() { return empty() ? nullptr : element(head_.previous_); }

    /// Takes out the first element, or answers nullptr.
    T* pop_front() {
        T* first = front();
        if (first != nullptr) (first->*kHook).unlink();
        return first;
    }

    void remove(T& element) { (element.*kHook).unlink(); }

    Iterator begin() { return Iterator(head_.next_); }
    Iterator end() { return Iterator(&head_); }

    /// Walks the ring both ways: every neighbour must point back. O(n).
    void check_invariants() {
        for (ListHook* hook = &head_;;) {
            ASSERT(hook->next_->previous_ == hook);
            hook = hook->next_;
            if (hook == &head_) return;
        }
    }

  private:
    // The distance from the start of T to its hook. The pointer to member is applied to raw
    // storage only to form an address; nothing is read.
    static std::size_t hook_offset() {
        alignas(T) static constexpr std::byte storage[sizeof(T)] = {};
        const T* object = reinterpret_cast<const T*>(storage);
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(object->*kHook)) -
                                        storage);
    }
    static T* element(ListHook* hook) {
        return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(hook) - hook_offset());
    }

    ListHook head_;
};

}  // namespace quire
