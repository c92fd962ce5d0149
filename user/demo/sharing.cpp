// sharing: what MAP_SHARED and MAP_PRIVATE mean after a fork. In a shared mapping both see each
// other's writes; in a private one each has its own.
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

struct Board {
    std::uint64_t shared_frame, private_frame;
};

std::uint64_t value(const std::byte* page) {
    return static_cast<std::uint64_t>(peek(page));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "sharing", "MAP_SHARED is one memory for both, MAP_PRIVATE one for each");
    auto& board = *reinterpret_cast<Board*>(map(kPage, abi::kMapShared));
    std::byte* const common = map(kPage, abi::kMapShared);
    std::byte* const own = map(kPage, abi::kMapPrivate);
    demo.step("The parent writes 1 into a shared and into a private page, and forks.");
    poke(common, 1);
    poke(own, 1);
    const std::uint64_t shared_frame = frame_of(common);
    const std::uint64_t private_frame = frame_of(own);
    stop_at(demo, common);
    stop_at(demo, own);
    demo.claim("pagemap: the shared page is one of an object", "yes",
               page_state(common).of_object ? "yes" : "no");
    demo.claim("pagemap: the private page is one of an object", "no",
               page_state(own).of_object ? "yes" : "no");

    demo.step("The child adds 1 to both pages and ends.");
    demo.claim("the child", "exit 0", end_of_child([&] {
                   poke(common, static_cast<char>(peek(common) + 1));
                   poke(own, static_cast<char>(peek(own) + 1));
                   board.shared_frame = frame_of(common);
                   board.private_frame = frame_of(own);
                   stop_at(demo, common);
                   stop_at(demo, own);
                   if (peek(common) != 2 || peek(own) != 2) sys::exit(1);
               }));
    demo.claim("the parent reads in the shared page", 2, value(common));
    demo.claim("the parent reads in the private page", 1, value(own));
    demo.claim_frame("the child's shared page was in", shared_frame, board.shared_frame);
    demo.claim_other_frame("the child's private page was in", private_frame, board.private_frame);
    stop_at(demo, common);
    stop_at(demo, own);

    demo.step("A page of shared memory that nobody has touched: parent and child write in turn.");
    std::byte* const fresh = map(kPage, abi::kMapShared);
    demo.claim("before the fork", "absent", page_state(fresh).text());
    demo.claim("the child writes 7", "exit 0", end_of_child([&] {
                   poke(fresh, 7);
                   board.shared_frame = frame_of(fresh);
               }));
    demo.claim("after its end", "absent", page_state(fresh).text());
    demo.claim("the parent reads", 7, value(fresh));
    demo.claim_frame("in the frame that the child got", board.shared_frame, frame_of(fresh));
    return demo.result();
}
