// Fuzz target: any bytes as a script of what programs do to their memory, checked against the model
// (tests/host/memory_model.h).
//
// The bytes are the decisions of StepMaker (MemoryScript::decode): which world, which call, where.
// A difference prints the script; a crash leaves the bytes, and QUIRE_PRINT=1 makes a run print
// their script first, to be replayed and shortened by QUIRE_SCRIPT (docs/model-test.md).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "tests/host/memory_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quire::test;
    const MemoryScript script = MemoryScript::decode(std::span(data, size));
    if (std::getenv("QUIRE_PRINT") != nullptr) std::fputs(script.print().c_str(), stdout);
    MemoryMachine machine(script.world);
    const auto difference = machine.run(script, MemoryMachine::kFast);
    if (!difference.has_value()) return 0;
    std::fprintf(stderr, "step %zu: %s\n%s", difference->step, difference->what.c_str(),
                 script.print().c_str());
    std::abort();
}
