// test EXPRESSION: the exit code says whether it holds: 0 yes, 1 no, 2 it is none. Also called [,
// with a ] at its end. Expressions: user/test_expression.h.
#include <string.h>

#include "user/test_expression.h"
#include "user/tools/tool.h"

using namespace quire::tools;

int main(int argc, char** argv) {
    char* name_alone[] = {argv[0], nullptr};
    const Options named(1, name_alone, "", "");
    Operands words(argv + 1, static_cast<size_t>(argc - 1));
    if (strcmp(tool_name(), "[") == 0) {
        if (words.empty() || strcmp(words.back(), "]") != 0) return complain("]", "is missing"), 2;
        words = words.first(words.size() - 1);
    }
    const auto tell = [](void*, const char* word, const char* why) { complain(word, why); };
    return quire::evaluate_test(words, {tell, nullptr});
}
