#include "libc/heap/free_bins.h"

namespace quire::heap {

// The smallest block of at least `size` among the first few of a bin, or nullptr. The last bin has
// no upper limit, so it alone is searched to its end.
Block* FreeBins::smallest_near_front(std::size_t index, std::size_t size) {
    FreeLinks* bin = &bins_[index];
    int looks = index == kBins - 1 ? INT32_MAX : kLooks;
    Block* best = nullptr;
    std::size_t best_rest = SIZE_MAX;
    for (FreeLinks* links = bin->next; links != bin && looks != 0; links = links->next, --looks) {
        const std::size_t have = links->block()->size();
        if (have < size || have - size >= best_rest) continue;
        best = links->block();
        best_rest = have - size;
        if (best_rest == 0) break;
    }
    return best;
}

}  // namespace quire::heap
