// Sizes as people read them: 1.5K, 20M (du -h, ls -h, df -h).
#pragma once

#include <array>

namespace quire::tools {

using SizeText = std::array<char, 24>;
/// Rounded up, one digit behind the point below 10, as coreutils do it.
[[nodiscard]] SizeText readable_size(unsigned long long bytes);
/// `bytes` in units, rounded up; as above where `readable` is true.
[[nodiscard]] SizeText size_in(unsigned long long bytes, unsigned unit, bool readable);

}  // namespace quire::tools
