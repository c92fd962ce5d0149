// du [-sahkmbc] [-d DEPTH] [PATH]...: how much of the disk the files below a folder use, in KiB.
// -s: only the sum; -a: each file, too; -b: bytes of content; -h: for people, -m: in MiB; -c: the
// sum of all, too. A file with several names counts once.
#include <stdlib.h>
#include <sys/stat.h>

#include "user/tools/names.h"
#include "user/tools/sizes.h"
#include "user/tools/tool.h"

using namespace quire::tools;

namespace {

class Sums {
  public:
    explicit Sums(const Options& options)
        : options_(options), deepest_(options.has('s') ? 0 : options.number('d', 1 << 20)) {}

    /// What has been shown of all paths.
    void show_total() const { show(total_, "total"); }
    /// The sum of what is at `path` and below.
    unsigned long long add(const char* path, long depth) {
        struct stat told;
        if (lstat(path, &told) != 0) {
            result_ = complain(path);
            return 0;
        }
        if (was_seen(told, depth == 0)) return 0;
        constexpr unsigned kBlock = 512;
        unsigned long long sum = static_cast<unsigned long long>(
            options_.has('b') ? told.st_size : static_cast<off_t>(told.st_blocks) * kBlock);
        const bool is_folder = S_ISDIR(told.st_mode);
        if (is_folder) sum += add_content(path, depth);
        if (depth == 0 || (depth <= deepest_ && (is_folder || options_.has('a')))) show(sum, path);
        if (depth == 0) total_ += sum;
        return sum;
    }
    [[nodiscard]] int result() const { return result_; }

  private:
    struct Seen {
        dev_t device;
        ino_t inode;
        Seen* next;
    };

    unsigned long long add_content(const char* path, long depth) {
        Names names;
        if (!names.read(path)) result_ = complain(path);
        unsigned long long sum = 0;
        for (const char* name : names) {
            char* const inner = join_path(path, name);
            sum += add(inner, depth + 1);
            free(inner);
        }
        return sum;
    }

    /// A file with two names, or what was asked for twice.
    bool was_seen(const struct stat& told, bool is_asked_for) {
        if (!is_asked_for && (told.st_nlink < 2 || S_ISDIR(told.st_mode))) return false;
        for (const Seen* seen = seen_; seen != nullptr; seen = seen->next)
            if (seen->device == told.st_dev && seen->inode == told.st_ino) return true;
        auto* const seen = static_cast<Seen*>(need_memory(malloc(sizeof(Seen))));
        *seen = {told.st_dev, told.st_ino, seen_};
        seen_ = seen;
        return false;
    }

    void show(unsigned long long sum, const char* path) const {
        const unsigned unit = options_.has('b') ? 1 : options_.has('m') ? 1048576 : 1024;
        printf("%s\t%s\n", size_in(sum, unit, options_.has('h')).data(), path);
    }

    const Options& options_;
    long deepest_;
    Seen* seen_ = nullptr;
    unsigned long long total_ = 0;
    int result_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options(argc, argv, "sahkmbcd:", "[-sahkmbc] [-d DEPTH] [PATH]...", 1,
                          "summarize=s all=a human-readable=h bytes=b total=c max-depth=d");
    static char here[] = ".";
    static char* only[] = {here};
    Sums sums(options);
    for (const char* path : options.operands().empty() ? Operands(only) : options.operands())
        sums.add(path, 0);
    if (options.has('c')) sums.show_total();
    return finish(sums.result());
}
