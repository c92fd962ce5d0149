// The headers that most tests include. The makefile compiles them once, and puts them in front of
// every test: a test still includes what it uses, and compiles without this file.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "mm/memory_calls.h"
#include "mm/reclaim.h"
#include "tests/host/disk_image.h"
#include "tests/host/fault_machine.h"
#include "tests/host/reclaim_machine.h"
