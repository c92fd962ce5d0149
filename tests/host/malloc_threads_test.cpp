// Threads that share one heap, and hand each other what they have from it. `make tsan-malloc` runs
// the same under ThreadSanitizer, which sees every access that the lock does not order.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "tests/host/heap_support.h"
#include "tests/host/malloc_world.h"

namespace quire::test {
namespace {

constexpr std::uintptr_t kHere = 0x1234;
constexpr std::size_t kThreads = 4;
constexpr int kSteps = 20000;

struct Block {
    std::size_t size;
    unsigned char bytes[1];
};
/// Where one thread leaves a block for another.
using Exchange = std::array<std::atomic<Block*>, 64>;

Block* make_block(libc::ProgramHeap& heap, std::size_t size) {
    auto* block = static_cast<Block*>(heap.allocate(sizeof(Block) + size, kHere));
    block->size = size;
    std::memset(block->bytes, static_cast<int>(size & 0xFF), size);
    return block;
}

bool is_intact(const Block& block) {
    for (std::size_t i = 0; i < block.size; ++i) {
        if (block.bytes[i] != (block.size & 0xFF)) return false;
    }
    return true;
}

void work(libc::ProgramHeap& heap, Exchange& exchange, std::uint64_t seed) {
    TestRandom random(seed);
    for (int step = 0; step < kSteps; ++step) {
        const std::size_t size = random.below(50) == 0 ? random.below(20000) : random.below(200);
        Block* block = make_block(heap, size);
        if (random.below(8) == 0) {
            block = static_cast<Block*>(heap.reallocate(block, sizeof(Block) + size / 2, kHere));
            block->size = size / 2;
            std::memset(block->bytes, static_cast<int>(block->size & 0xFF), block->size);
        }
        Block* other = exchange[random.below(exchange.size())].exchange(block);
        if (other == nullptr) continue;
        EXPECT_TRUE(is_intact(*other));
        heap.deallocate(other, kHere);
    }
}

void run_threads(bool watched) {
    MallocWorld world(watched);
    Exchange exchange{};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] { work(world.heap, exchange, i + 1); });
    for (std::thread& thread : threads)
        thread.join();
    for (std::atomic<Block*>& place : exchange)
        world.heap.deallocate(place.load(), kHere);
    world.heap.check_invariants();
    EXPECT_TRUE(world.misuses.empty() && world.damages.empty());
    EXPECT_TRUE(watched || world.heap.statistics().used_count == 0);
}

TEST(MallocThreads, ShareTheHeap) {
    run_threads(false);
}

TEST(MallocThreads, ShareTheWatchedHeap) {
    run_threads(true);
}

TEST(MallocThreads, ComeFirstAllAtOnce) {
    for (int round = 0; round < 50; ++round) {
        MallocWorld world(round % 2 == 0);
        std::atomic<bool> go = false;
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                while (!go) {
                }
                world.heap.deallocate(world.heap.allocate(100, kHere), kHere);
            });
        }
        go = true;
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_TRUE(world.misuses.empty() && world.damages.empty());
    }
}

// The second comes while the first is in the kernel, and must not change what the first gives back.
TEST(MallocThreads, ForkOneAfterTheOther) {
    for (const bool watched : {false, true}) {
        MallocWorld world(watched);
        void* block = world.heap.allocate(100, kHere);
        world.heap.before_fork();
        std::thread second([&] {
            world.heap.before_fork();
            world.heap.after_fork_in_parent();
        });
        while (world.lock_waits == 0)
            std::this_thread::yield();
        world.heap.after_fork_in_parent();
        second.join();
        world.heap.deallocate(block, kHere);
        world.heap.check_invariants();
        EXPECT_TRUE(world.misuses.empty() && world.damages.empty());
    }
}

}  // namespace
}  // namespace quire::test
