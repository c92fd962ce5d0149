// A machine with one disk and ext2 on it, for the judges of ext2: RAM that can become short,
// reclaim that writes and evicts, a clock, and the disk itself, which fails and forgets on demand.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "fs/ext2.h"
#include "mm/reclaim.h"
#include "tests/host/disk_image.h"
#include "tests/host/ext2_tools.h"
#include "tests/host/file_judge.h"
#include "tests/host/user_machine.h"

namespace quire::test {

/// A time of day that goes on when it is told to.
class StepClock final : public fs::TimeSource {
  public:
    [[nodiscard]] fs::Timestamp now() const override { return {seconds, 0}; }
    std::uint32_t seconds = 1'767'300'000;
};

class Ext2Machine final : public FileHost {
  public:
    /// Mounts `content`. `frames`: of RAM; the judges see pressure from about 100 on downwards.
    explicit Ext2Machine(DiskBytes content, std::uint32_t frames = 1024)
        : disk(std::move(content)),
          machine(mm::FrameNumber(16 + frames)),
          reclaim_(machine.memory, machine.slabs, mm::Watermarks::for_ram(mm::PageCount(frames))),
          ext2({machine.memory, machine.objects, machine.slabs, clock}) {
        machine.room.leave_to(reclaim_);
    }
    /// What is still mounted is let go of as after a power cut.
    ~Ext2Machine() = default;

    /// "" or the error's name.
    std::string mount() { return name_of(ext2.mount(disk, fs::Ext2::Access::ReadWrite)); }
    std::string unmount() { return name_of(ext2.unmount()); }

    // --- FileHost ---

    [[nodiscard]] fs::FileSystem& files() override { return ext2; }
    std::optional<Error> remount() override {
        const Result<void> unmounted = ext2.unmount();
        if (!unmounted.ok()) return unmounted.error();
        const Result<void> mounted = ext2.mount(disk, fs::Ext2::Access::ReadWrite);
        if (mounted.ok()) return std::nullopt;
        EXPECT_EQ(mount(), "");  // an error of the disk comes once
        return mounted.error();
    }
    void reclaim(bool all) override {
        if (all) {
            (void)reclaim_.drop_clean();
        } else {
            (void)reclaim_.make_room(machine.machine.frames.free_frames() + mm::PageCount(16));
        }
    }
    std::uint32_t tick() override { return ++clock.seconds; }
    void check() override {
        if (++steps_ % kStepsPerCheck != 0) return;
        check_now();
    }
    /// Every structure from the inode table to the frames.
    void check_now() {
        ext2.check_invariants();
        machine.check();
    }

    DiskImage disk;
    StepClock clock;
    UserMachine machine;

  private:
    static constexpr std::uint32_t kStepsPerCheck = 100;

    static std::string name_of(const Result<void>& result) {
        return result.ok() ? "" : error_name(result.error());
    }

    mm::Reclaim reclaim_;
    std::uint32_t steps_ = 0;

  public:
    fs::Ext2 ext2;
};

}  // namespace quire::test
