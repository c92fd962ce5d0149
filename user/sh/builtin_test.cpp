// The built-in command test, or [.
#include "libc/string.h"
#include "user/sh/builtins.h"
#include "user/test_expression.h"

namespace quire::shell {

int do_test(Shell& shell, Arguments arguments) {
    Arguments words = arguments.subspan(1);
    if (arguments[0][0] == '[') {
        if (words.empty() || strcmp(words.back(), "]") != 0)
            return misused(shell, arguments, "']' is missing");
        words = words.first(words.size() - 1);
    }
    const auto tell = [](void* context, const char* word, const char* why) {
        static_cast<Shell*>(context)->complain("test: %s: %s", word, why);
    };
    return evaluate_test(words, {tell, &shell});
}

}  // namespace quire::shell
