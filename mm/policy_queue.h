// What FIFO, CLOCK and aging share: one queue of frames, oldest in front.
//
//     choose <-- front [ | | | | | | | ] back <-- admit, put_back
//
// A policy of this family adds its way of choosing. It remembers nothing of a page that left.
#pragma once

#include "mm/frame_list.h"
#include "mm/replacement_policy.h"

namespace quire::mm {

class QueuePolicy : public ReplacementPolicy {
  public:
    QueuePolicy(const QueuePolicy&) = delete;
    QueuePolicy& operator=(const QueuePolicy&) = delete;

    void admit(FrameNumber frame, Arrival, Shadow) override { queue_.push_back(frame); }
    void forget_all(std::span<const FrameNumber> frames) override {
        while (!frames.empty())
            frames = queue_.remove_run(frames);
    }
    void put_back(FrameNumber frame) override { queue_.push_back(frame); }
    Shadow evicted(FrameNumber) override { return 0; }

    std::optional<FrameNumber> take_any() override {
        if (queue_.empty()) return std::nullopt;
        return queue_.pop_front();
    }

    [[nodiscard]] PageCount count() const override { return queue_.count(); }
    void check_invariants() const override { queue_.check_invariants(); }

  protected:
    explicit QueuePolicy(FrameTable& table) : queue_(table) {}
    ~QueuePolicy() = default;

    [[nodiscard]] FrameList& queue() { return queue_; }

  private:
    FrameList queue_;
};

}  // namespace quire::mm
