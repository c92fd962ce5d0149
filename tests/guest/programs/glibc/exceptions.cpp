// C++ exceptions: through many frames with destructors, from a library, out of memory.
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

int alive = 0;

struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
    Counted(const Counted&) = delete;
};

int descend(int depth) {
    const Counted counted;
    if (depth == 0) throw std::runtime_error("the bottom");
    return descend(depth - 1) + 1;
}

std::string caught(void (*function)()) {
    try {
        function();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing";
}

}  // namespace

int main() {
    const std::string bottom = caught([] { descend(50); });
    const std::string range = caught([] { (void)std::vector<int>(3).at(7); });
    const std::string memory = caught([] { (void)std::vector<char>(0x70000000); });
    std::printf("%s; %d alive; %s; %s\n", bottom.c_str(), alive, range.substr(0, 24).c_str(),
                memory.c_str());
    return bottom == "the bottom" && alive == 0 && memory == "std::bad_alloc" ? 0 : 1;
}
