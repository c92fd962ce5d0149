#include "user/tools/bytes.h"

#include <unistd.h>

#include "user/tools/tool.h"

namespace quire::tools {
namespace {

char room[65536];

}  // namespace

int copy_bytes(int in, int out, const char* from, const char* to) {
    for (;;) {
        const ssize_t got = read(in, room, sizeof room);
        if (got == 0) return 0;
        if (got < 0) return complain(from);
        for (ssize_t done = 0; done < got;) {
            const ssize_t written = write(out, room + done, static_cast<size_t>(got - done));
            if (written < 0) return complain(to);
            done += written;
        }
    }
}

}  // namespace quire::tools
