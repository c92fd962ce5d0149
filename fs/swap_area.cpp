#include "fs/swap_area.h"

#include <string_view>

#include "mm/physical_window.h"

namespace quire::fs {
namespace {

constexpr std::string_view kSignature = "SWAPSPACE2";

bool is_signed(mm::FrameNumber frame) {
    const auto* end = reinterpret_cast<const char*>(mm::frame_bytes(frame)) + mm::kPageSize;
    return std::string_view(end - kSignature.size(), kSignature.size()) == kSignature;
}

}  // namespace

Result<void> SwapArea::read_header(mm::FrameNumber frame) {
    TRY(store_.read(0, {&frame, 1}));
    if (!is_signed(frame)) return Error::InvalidArgument;
    const auto& header =
        *reinterpret_cast<const SwapHeader*>(mm::frame_bytes(frame) + SwapHeader::kOffset);
    if (header.version != SwapHeader::kVersion || header.bad_pages != 0) return Error::NotSupported;
    const std::uint64_t pages_on_disk = store_.bytes() >> mm::kPageShift;
    if (header.last_page == 0 || header.last_page >= pages_on_disk) return Error::Corrupted;
    const std::uint32_t most = mm::SwapSpace::kMaxSlots.raw();
    size_ = mm::PageCount(header.last_page < most ? header.last_page + 1 : most);
    return {};
}

}  // namespace quire::fs
