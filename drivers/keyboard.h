#pragma once
#include "drivers/hardware.h"
#include "drivers/pit.h"
#include "kernel/base/result.h"
namespace quire::drivers {
class Keyboard { public: static constexpr std::uint8_t kIrq=1; constexpr Keyboard(Hardware&, const Pit&){} Result<void> init(){return Error::NotFound;} static void interrupt(void*){} bool read(char&){return false;} };
}
