// protection: a page may be readable, writable, or nothing. Who breaks that gets SIGSEGV, which
// ends the program, unless it has a handler; and that may repair what was wrong.
#include "user/demo/demo.h"
#include "user/demo/look.h"

using namespace quire;
using namespace quire::demo;

namespace {

struct Caught {
    std::uint32_t times;
    std::uintptr_t address;
    std::int32_t code;
};
volatile Caught caught;

std::byte* page_with(std::uintptr_t address) {
    return reinterpret_cast<std::byte*>(address & ~(kPage - 1));
}

void protect(std::byte* page, std::uint32_t rights) {
    must("mprotect", system_call(SYS_mprotect, page, kPage, rights));
}

// Gives the page the rights it lacks, or a region where there is none.
void repair(int, abi::SigInfo* info, abi::UContext*) {
    caught.times = caught.times + 1;
    caught.address = info->words[0];
    caught.code = info->code;
    std::byte* const page = page_with(info->words[0]);
    if (info->code == abi::kSegvAccessError) {
        protect(page, abi::kProtRead | abi::kProtWrite);
    } else {
        map(kPage, abi::kMapPrivate | abi::kMapFixed, -1, page);
    }
}

const char* code_name() {
    return caught.code == abi::kSegvAccessError ? "SEGV_ACCERR"
           : caught.code == abi::kSegvMapError  ? "SEGV_MAPERR"
                                                : "another";
}

void without_handler(Demo& demo, std::byte* page) {
    const std::uint64_t frame = frame_of(page);
    demo.step("Nobody handles SIGSEGV. Children try what a page allows.");
    protect(page, abi::kProtRead);
    stop_at(demo, page);
    demo.claim("PROT_READ: one that reads", "exit 0", end_of_child([&] { peek(page); }));
    demo.claim("PROT_READ: one that writes", "SIGSEGV", end_of_child([&] { poke(page, 1); }));
    protect(page, abi::kProtNone);
    demo.stop("page %08lx is hidden, its frame %05llx", reinterpret_cast<unsigned long>(page),
              static_cast<unsigned long long>(frame));
    demo.claim("PROT_NONE: one that reads", "SIGSEGV", end_of_child([&] { peek(page); }));
}

void show_caught(Demo& demo, std::uint32_t times, const volatile void* address, const char* code) {
    demo.claim("times that the handler was called", times, caught.times);
    demo.claim_address("si_addr", reinterpret_cast<std::uintptr_t>(address), caught.address);
    demo.claim("si_code", code, code_name());
}

}  // namespace

int main(int argc, char** argv, char**) {
    Demo demo(argc, argv, "protection", "the rights of a page, and what comes of breaking them");
    std::byte* const page = map(kPage);
    poke(page, 'a');
    const std::uint64_t frame = frame_of(page);
    without_handler(demo, page);

    protect(page, abi::kProtRead);
    handle(abi::kSigSegv, repair);
    demo.step("A handler allows what was forbidden. Write 'b' (%d) to byte 100 of the page.", 'b');
    poke(page + 100, 'b');
    show_caught(demo, 1, page + 100, "SEGV_ACCERR");
    demo.claim("the instruction was tried again: there is", 'b',
               static_cast<std::uint64_t>(peek(page + 100)));
    demo.claim("what was there before", 'a', static_cast<std::uint64_t>(peek(page)));
    demo.claim_frame("the page is still in", frame, frame_of(page));
    stop_at(demo, page);

    unmap(page, kPage);
    demo.step("The page is unmapped. Write 'c' (%d) to its byte 200.", 'c');
    poke(page + 200, 'c');
    show_caught(demo, 2, page + 200, "SEGV_MAPERR");
    demo.claim("the handler has mapped a page: there is", 'c',
               static_cast<std::uint64_t>(peek(page + 200)));
    demo.claim("what was in byte 100 has gone", 0, static_cast<std::uint64_t>(peek(page + 100)));
    stop_at(demo, page);
    return demo.result();
}
