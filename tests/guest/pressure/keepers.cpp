// /pressure/keepers COUNT MIB SEED [SLOT...]: so many processes fill so many MiB each, one after
// the other, and keep them. Then one after the other looks whether all is as it was.
//
//     keeper 1: slots 100          those of the SLOTs in which pages of it lie; nothing: none
//     keeper 1: rest right         all its pages that lie elsewhere
//     keeper 1: twin signal 7      what became of a child that shares all its pages, and looks
//     keeper 1: signal 7           it was ended itself
//     keeper 2: slots
//     keeper 2: rest right
//     keeper 2: twin right
//     keeper 2: right 220ea1d3
//
// Before it tells its slots, a keeper writes to its pages in RAM: they give up the copies that they
// may have in swap. So whoever has a slot needs it, and whoever has it not will never read it.
// With errors injected there, that says exactly who may end by SIGBUS.
//
// Exit code 1: a keeper or a twin found other words than it had written.
#include "tests/guest/pressure/pressure.h"

namespace {

using namespace quire;
using namespace quire::pressure;

constexpr std::uint32_t kMostKeepers = 16;
constexpr int kWrong = 1;

struct Keeper {
    long pid;
    int wake[2];  // a byte comes when it is this one's turn
};

class Store {
  public:
    Store(std::size_t bytes, Word seed, Word whose)
        : words_(map<Word>(bytes)), count_(bytes / sizeof(Word)), seed_(mixed(whose, seed)) {
        for (std::size_t i = 0; i < count_; ++i)
            words_[i] = mixed(static_cast<Word>(i), seed_);
        pagemap_ = static_cast<int>(
            must("/proc/self/pagemap", sys::open("/proc/self/pagemap", abi::kOpenReadOnly)));
    }
    void write_what_is_in_ram() {
        for (std::size_t i = 0; i < count_; i += kWordsAPage)
            if ((pagemap_word(i) & kPresent) != 0)
                static_cast<volatile Word&>(words_[i]) = mixed(static_cast<Word>(i), seed_);
    }
    /// Whether a page lies in this slot.
    [[nodiscard]] bool lies_in(std::uint32_t slot) {
        for (std::size_t i = 0; i < count_; i += kWordsAPage) {
            const std::uint64_t word = pagemap_word(i);
            if ((word & kSwapped) == 0 || (word & kPlaceBits) >> kAreaBits != slot) continue;
            if (lost_count_ < kMostLost) lost_[lost_count_++] = i / kWordsAPage;
            return true;
        }
        return false;
    }
    /// The same words as written, in all pages or in those that lies_in() did not find.
    [[nodiscard]] bool is_right(Sum& sum, bool without_lost = false) const {
        for (std::size_t i = 0; i < count_; ++i) {
            if (without_lost && is_lost(i / kWordsAPage)) continue;
            if (words_[i] != mixed(static_cast<Word>(i), seed_)) return false;
            sum.add(words_[i]);
        }
        return true;
    }

  private:
    // (Linux: Documentation/admin-guide/mm/pagemap.rst.)
    static constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
    static constexpr std::uint64_t kPlaceBits = (std::uint64_t{1} << 55) - 1;
    static constexpr std::uint32_t kAreaBits = 5;

    [[nodiscard]] std::uint64_t pagemap_word(std::size_t index) const {
        const auto page = reinterpret_cast<std::uintptr_t>(words_ + index) / kPage;
        std::uint64_t word = 0;
        must("pagemap",
             system_call(SYS_pread64, pagemap_, &word, sizeof word, page * sizeof word, 0));
        return word;
    }

    [[nodiscard]] bool is_lost(std::size_t page) const {
        for (std::size_t i = 0; i < lost_count_; ++i)
            if (lost_[i] == page) return true;
        return false;
    }

    static constexpr std::size_t kMostLost = 16;

    Word* words_;
    std::size_t count_;
    Word seed_;
    int pagemap_;
    std::size_t lost_[kMostLost] = {};  // pages
    std::size_t lost_count_ = 0;
};

void tell_slots(Store& store, std::uint32_t number, const Arguments& arguments) {
    constexpr int kFirstSlot = 3;
    Output line(sys::kOutput);
    line.print("keeper %u: slots", number);
    for (int i = kFirstSlot; i < arguments.count(); ++i)
        if (store.lies_in(arguments[i])) line.print(" %u", arguments[i]);
    line.print("\n");
}

// What became of a process, if it is not that all was right.
bool tell_end(std::uint32_t number, const char* who, int status) {
    if ((status & 0x7F) != 0) say("keeper %u: %ssignal %d\n", number, who, status & 0x7F);
    if (status >> 8 != 0) say("keeper %u: %swrong\n", number, who);
    return status == 0;
}

void let_twin_look(const Store& store, std::uint32_t number) {
    const long twin = must("fork", sys::fork());
    if (twin == 0) {
        Sum sum;
        sys::exit(store.is_right(sum) ? 0 : kWrong);
    }
    int status = -1;
    must("wait4", sys::wait_for(twin, &status, 0));
    if (tell_end(number, "twin ", status)) say("keeper %u: twin right\n", number);
}

[[noreturn]] void keep(Store& store, int wake, std::uint32_t number, const Arguments& arguments) {
    char byte = 0;
    if (sys::read(wake, &byte, 1) != 1) sys::exit(0);  // the parent is gone
    store.write_what_is_in_ram();
    tell_slots(store, number, arguments);
    Sum rest, sum;
    if (!store.is_right(rest, true)) sys::exit(kWrong);
    say("keeper %u: rest right\n", number);
    let_twin_look(store, number);
    if (!store.is_right(sum)) sys::exit(kWrong);
    say("keeper %u: right %08x\n", number, sum.value());
    sys::exit(0);
}

// Returns when the keeper has filled its store.
void start(Keeper& keeper, std::uint32_t number, const Arguments& arguments) {
    int filled[2];
    must("pipe2", sys::pipe(filled, 0));
    must("pipe2", sys::pipe(keeper.wake, abi::kOpenCloseOnExec));
    keeper.pid = must("fork", sys::fork());
    if (keeper.pid == 0) {
        sys::close(keeper.wake[1]);
        Store store(arguments[1] * kMib, arguments[2], number);
        sys::close(filled[0]);
        sys::close(filled[1]);
        keep(store, keeper.wake[0], number, arguments);
    }
    sys::close(keeper.wake[0]);
    sys::close(filled[1]);
    wait_for_end_of(filled[0]);
    sys::close(filled[0]);
}

}  // namespace

int main(int argc, char** argv, char**) {
    const Arguments arguments(argc, argv, 3, "keepers COUNT MIB SEED [SLOT...]");
    const std::uint32_t count = arguments[0] < kMostKeepers ? arguments[0] : kMostKeepers;
    Keeper keepers[kMostKeepers];
    for (std::uint32_t i = 0; i < count; ++i)
        start(keepers[i], i + 1, arguments);
    bool all_right = true;
    for (std::uint32_t i = 0; i < count; ++i) {
        const char byte = 0;
        must("write", sys::write(keepers[i].wake[1], &byte, 1));
        int status = -1;
        must("wait4", sys::wait_for(keepers[i].pid, &status, 0));
        tell_end(i + 1, "", status);
        all_right = all_right && status >> 8 == 0;
    }
    return all_right ? 0 : kWrong;
}
