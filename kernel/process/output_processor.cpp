#include "kernel/process/output_processor.h"

#include "kernel/abi/termios.h"

namespace quire::kernel {

void OutputProcessor::put_plain(char byte) {
    if (used_ == kRoom) flush();
    room_[used_++] = byte;
}

void OutputProcessor::flush() {
    if (used_ > 0) host_.put({room_.data(), used_});
    used_ = 0;
}

void OutputProcessor::put(char byte, std::uint32_t flags) {
    const auto is_set = [flags](std::uint32_t flag) { return (flags & flag) != 0; };
    if (!is_set(abi::kOutputProcess)) {
        put_plain(byte);
        return;
    }
    if (byte == '\r') {
        if (is_set(abi::kOutputNoReturnAtStart) && column_ == 0) return;
        if (is_set(abi::kOutputReturnToNewline)) byte = '\n';
    } else if (byte == '\n' && is_set(abi::kOutputNewlineReturns)) {
        put_plain('\r');
        column_ = 0;
    }
    switch (byte) {
    case '\n':
        if (is_set(abi::kOutputNewlineIsReturn)) column_ = 0;
        break;
    case '\r':
        column_ = 0;
        break;
    case '\b':
        if (column_ > 0) --column_;
        break;
    case '\t': {
        const std::uint32_t blanks = kTab - column_ % kTab;
        column_ += blanks;
        if ((flags & abi::kOutputTabs) != abi::kOutputExpandTabs) break;
        for (std::uint32_t i = 0; i < blanks; ++i)
            put_plain(' ');
        return;
    }
    default:
        // Control characters take no place, nor do the bytes after the first of one in UTF-8.
        if (static_cast<unsigned char>(byte) >= ' ' && byte != '\x7f' && (byte & 0xC0) != 0x80)
            ++column_;
        break;
    }
    put_plain(byte);
}

}  // namespace quire::kernel
