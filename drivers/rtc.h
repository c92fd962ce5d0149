#pragma once
#include "drivers/hardware.h"
#include "drivers/pit.h"
#include "kernel/base/result.h"
namespace quire::drivers {
class Rtc { public: Rtc(Hardware&, const Pit&){} Result<std::uint64_t> read_unix_time(){return Error::NotFound;} };
}
