// bss: a large array without initial values takes no room in the executable, and RAM only where it
// is used. One with initial values is in the file, byte for byte.
#include <array>

#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

constexpr std::size_t kPages = 1024;
constexpr std::size_t kDataPages = 16;
alignas(kPage) std::array<std::byte, kPages * kPage> in_bss;
alignas(kPage) std::array<std::byte, kDataPages * kPage> in_data{std::byte{1}, std::byte{2}};

constexpr std::uint32_t kSeekEnd = 2;

std::uint64_t file_size(const char* path) {
    const int file = static_cast<int>(must(path, sys::open(path, abi::kOpenReadOnly)));
    const long size = must("lseek", system_call(SYS_lseek, file, 0, kSeekEnd));
    sys::close(file);
    return static_cast<std::uint64_t>(size);
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "bss", "zeros are not stored, neither on disk nor in RAM");
    demo.step("This program has an array of %zu KiB in .bss, and one of %zu KiB in .data.",
              sizeof in_bss / 1024, sizeof in_data / 1024);
    const std::uint64_t bytes = file_size("/proc/self/exe");
    demo.claim_at_least("bytes of the file, which holds .data", sizeof in_data, bytes);
    demo.claim_at_most("and little else", sizeof in_data + 48 * kPage / 4, bytes);
    demo.claim_at_least("KiB of address space that hold .bss", sizeof in_bss / 1024,
                        region_of(in_bss.data() + sizeof in_bss / 2).size);

    demo.step("Count its pages before anything has touched them.");
    demo.claim("pages of .bss in RAM", 0, count_pages(in_bss.data(), sizeof in_bss).present);
    demo.claim("pages of .data in RAM", 0,
               count_pages(in_data.data() + kPage, sizeof in_data - kPage).present);

    demo.step("Write into every hundredth page of .bss.");
    constexpr std::size_t kTouched = (kPages + 99) / 100;
    const Faults cost = faults_of([] {
        for (std::size_t page = 0; page < kPages; page += 100)
            poke(in_bss.data() + page * kPage, 1);
    });
    demo.claim("page faults", kTouched, cost.minor);
    demo.claim("of them with a read from a disk", 0, cost.major);
    demo.claim("pages of .bss in RAM", kTouched, count_pages(in_bss.data(), sizeof in_bss).present);
    stop_at(demo, in_bss.data() + 100 * kPage);
    stop_at(demo, in_bss.data() + 101 * kPage);
    demo.claim("what is in a page beside them", 0,
               static_cast<std::uint64_t>(peek(in_bss.data() + kPage)));

    demo.step("Read the first byte of .data, and write the first of its second page.");
    demo.claim("it was initialised with", 1, static_cast<std::uint64_t>(peek(in_data.data())));
    demo.claim("it is a page of the file", "yes",
               page_state(in_data.data()).of_object ? "yes" : "no");
    poke(in_data.data() + kPage, 3);
    demo.claim("after a write it is still one", "no",
               page_state(in_data.data() + kPage).of_object ? "yes" : "no");
    stop_at(demo, in_data.data());
    stop_at(demo, in_data.data() + kPage);
    return demo.result();
}
