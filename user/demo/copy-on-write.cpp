// copy-on-write: fork copies no page. Who writes first gets a copy; the last one keeps the
// original.
#include <array>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kMostPages = 2048;

// What the child tells of its page, in memory that both share.
struct Board {
    std::uint64_t frame_before, frame_after;
    std::uint64_t faults_of_read, faults_of_write;
    char value_before, value_after;
    std::uint64_t faults_of_half, still_shared;
};

void stop(Demo& demo, const char* who, const std::byte* page) {
    demo.stop("%s's page %lx is in frame %05llx", who, reinterpret_cast<unsigned long>(page),
              static_cast<unsigned long long>(frame_of(page)));
}

void be_the_child(Demo& demo, Board& board, std::byte* page) {
    char read = 0;
    faults();  // the pages that counting itself needs are copied now
    board.faults_of_read = faults_of([&] { read = peek(page); }).all();
    board.value_before = read;
    board.frame_before = frame_of(page);
    stop(demo, "the child", page);
    board.faults_of_write = faults_of([&] { poke(page, 'c'); }).all();
    board.frame_after = frame_of(page);
    board.value_after = peek(page);
    stop(demo, "the child", page);
}

void judge_child(Demo& demo, const Board& board, std::uint64_t first) {
    demo.step("The child has read the page.");
    demo.claim("page faults of the read", 0, board.faults_of_read);
    demo.claim("it read", 'p', static_cast<std::uint64_t>(board.value_before));
    demo.claim_frame("in the parent's frame", first, board.frame_before);

    demo.step("Then it has written 'c' (%d).", 'c');
    demo.claim("page faults of the write", 1, board.faults_of_write);
    demo.claim_other_frame("its page was then in", first, board.frame_after);
    demo.claim("it read", 'c', static_cast<std::uint64_t>(board.value_after));
}

void write_last(Demo& demo, std::byte* page, std::uint64_t first) {
    demo.step("The parent reads: nothing has changed.");
    demo.claim("it reads", 'p', static_cast<std::uint64_t>(peek(page)));
    demo.claim_frame("in its old frame", first, frame_of(page));

    demo.step("The parent writes 'P' (%d). Nobody else has the frame any more.", 'P');
    const Faults cost = faults_of([&] { poke(page, 'P'); });
    demo.claim("page faults of the write", 1, cost.all());
    demo.claim_frame("no copy: it is still in", first, frame_of(page));
    demo.claim("page faults of one more write", 0, faults_of([&] { poke(page, 'Q'); }).all());
    demo.claim("it reads", 'Q', static_cast<std::uint64_t>(peek(page)));
}

using Frames = std::array<std::uint64_t, kMostPages>;

std::size_t same(const Frames& frames, const std::byte* pages, std::size_t of) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < of; ++i)
        if (frames[i] != 0 && frame_of(pages + i * kPage) == frames[i]) ++count;
    return count;
}

void write_to(std::byte* pages, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        poke(pages + i * kPage, 'm');
}

// The same with as many pages as a program has: what is not written to is not copied.
void write_half(Demo& demo, Board& board) {
    static Frames frames;
    const std::size_t many = pages_that_fit(kMostPages);
    std::byte* const pages = map(many * kPage);
    write_to(pages, many);
    for (std::size_t i = 0; i < many; ++i)
        frames[i] = frame_of(pages + i * kPage);
    demo.step("The parent writes to %zu pages, and forks. The child writes to half of them.", many);
    demo.claim("the child", "exit 0", end_of_child([&] {
                   faults();
                   demo.stop("a child of %zu pages that has written to none", many);
                   board.faults_of_half = faults_of([&] { write_to(pages, many / 2); }).all();
                   board.still_shared = same(frames, pages, many);
                   demo.stop("the same, and it has written to half of them");
               }));
    demo.claim("page faults of its writes", many / 2, board.faults_of_half);
    demo.claim("pages of it in the parent's frames", many / 2, board.still_shared);
    demo.claim("pages of the parent in the frames of before", many, same(frames, pages, many));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "copy-on-write", "fork shares every frame until one of the two writes");
    auto& board = *reinterpret_cast<Board*>(map(kPage, abi::kMapShared));
    board = {};
    std::byte* const page = map(kPage);
    poke(page, 'p');
    const std::uint64_t first = frame_of(page);
    demo.step("The parent writes 'p' (%d) into a page and forks.", 'p');
    stop(demo, "the parent", page);
    demo.claim("the child", "exit 0", end_of_child([&] { be_the_child(demo, board, page); }));

    judge_child(demo, board, first);
    write_last(demo, page, first);
    stop(demo, "the parent", page);
    write_half(demo, board);
    return demo.result();
}
