// mapped-file: a file in memory. What is stored in a shared mapping is in the file; what is stored
// in a private one is not.
#include <array>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr const char* kPath = "/root/mapped-file.tmp";
constexpr std::size_t kBytes = 2 * kPage;

int make_file() {
    static std::array<char, kBytes> letters;
    letters.fill('a');
    const int file = static_cast<int>(
        must(kPath,
             sys::open(kPath, abi::kOpenReadWrite | abi::kOpenCreate | abi::kOpenTruncate, 0600)));
    must("write", sys::write(file, letters.data(), letters.size()));
    must("fsync", system_call(SYS_fsync, file));
    return file;
}

// What read(2) finds in the file.
std::uint64_t byte_of(int file, std::size_t offset) {
    char byte = 0;
    must("pread64", system_call(SYS_pread64, file, &byte, 1, offset, 0));
    return static_cast<std::uint64_t>(byte);
}

const char* yes_if(bool is_so) {
    return is_so ? "yes" : "no";
}

void change_shared(Demo& demo, int file, std::byte* shared) {
    demo.step("Map it shared, and store 'S' (%d) at byte 10, without write(2).", 'S');
    demo.claim("before: memory shows", 'a', static_cast<std::uint64_t>(peek(shared + 10)));
    poke(shared + 10, 'S');
    demo.claim("read(2) finds there", 'S', byte_of(file, 10));
    demo.claim("the page is the file's own", "yes", yes_if(page_state(shared).of_object));
    stop_at(demo, shared);
    demo.claim_at_least("KiB that must still go to the disk", kPage / 1024,
                        region_of(shared).private_dirty);

    demo.step("msync writes it there.");
    must("msync", system_call(SYS_msync, shared, kBytes, abi::kMsSync));
    demo.claim("KiB that must still go to the disk", 0, region_of(shared).private_dirty);

    demo.step("The other way: write(2) 'W' (%d) at byte 20.", 'W');
    const char letter = 'W';
    must("pwrite64", system_call(SYS_pwrite64, file, &letter, 1, 20, 0));
    demo.claim("memory shows", 'W', static_cast<std::uint64_t>(peek(shared + 20)));
}

void change_private(Demo& demo, int file, std::byte* shared) {
    std::byte* const own = map(kBytes, abi::kMapPrivate, file);
    demo.step("Map it private as well, and store 'P' (%d) at byte 10 there.", 'P');
    demo.claim("before: it shows", 'S', static_cast<std::uint64_t>(peek(own + 10)));
    demo.claim_frame("in the frame of the shared mapping", frame_of(shared), frame_of(own));
    stop_at(demo, own);
    poke(own + 10, 'P');
    stop_at(demo, own);
    demo.claim("it shows", 'P', static_cast<std::uint64_t>(peek(own + 10)));
    demo.claim("read(2) finds there", 'S', byte_of(file, 10));
    demo.claim_other_frame("the private page is in", frame_of(shared), frame_of(own));
    demo.claim("it is the file's own", "no", yes_if(page_state(own).of_object));
}

void read_past_the_end(Demo& demo, int file) {
    demo.step("Cut the file to one page, and let children read the first and the second.");
    std::byte* const pages = map(kBytes, abi::kMapShared, file);
    must("ftruncate", system_call(SYS_ftruncate, file, kPage));
    demo.claim("the first", "exit 0", end_of_child([&] { peek(pages); }));
    demo.claim("the second, in the mapping, but behind the file", "SIGBUS",
               end_of_child([&] { peek(pages + kPage); }));
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "mapped-file", "a file is changed by writing to memory");
    demo.step("Make %s of %zu bytes 'a' (%d).", kPath, kBytes, 'a');
    const int file = make_file();
    std::byte* const shared = map(kBytes, abi::kMapShared, file);
    change_shared(demo, file, shared);
    change_private(demo, file, shared);
    read_past_the_end(demo, file);
    must("unlink", sys::remove(kPath));
    return demo.result();
}
