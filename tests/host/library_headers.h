// The headers of others that most tests include. The makefile compiles them once, and puts them in
// front of every test: a test still includes what it uses, and compiles without this file.

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
