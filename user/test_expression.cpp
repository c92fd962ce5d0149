#include "user/test_expression.h"

#include <string_view>

#include "libc/string.h"
#include "user/integer.h"
#include "user/system.h"

namespace quire {
namespace {

constexpr std::string_view kUnary = "nzbcdefgGhkLOprsStuwx";
constexpr std::string_view kBinary[] = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
                                        "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};

class Test {
  public:
    Test(std::span<char* const> words, const TestComplaint& complaint)
        : words_(words), complaint_(complaint) {}

    int run() {
        if (words_.empty()) return 1;
        // With four words a ! inverts all of the rest, which POSIX has as a rule of its own.
        const bool inverts = words_.size() == 4 && word() == "!";
        if (inverts) ++at_;
        const bool result = either() != inverts;
        if (!failed_ && at_ < words_.size()) fail(words_[at_], "unexpected operator");
        return failed_ ? 2 : result ? 0 : 1;
    }

  private:
    static constexpr int kMostNested = 100;

    void fail(const char* word, const char* why) {
        if (!failed_) complaint_.tell(complaint_.context, word, why);
        failed_ = true;
    }
    [[nodiscard]] std::string_view word(std::size_t ahead = 0) const {
        return at_ + ahead < words_.size() ? words_[at_ + ahead] : std::string_view();
    }
    [[nodiscard]] std::size_t left() const { return words_.size() - at_; }
    [[nodiscard]] bool binary_follows() const {
        if (left() < 3) return false;
        for (const std::string_view operation : kBinary)
            if (word(1) == operation) return true;
        return false;
    }

    bool either() {
        bool result = both();
        while (!failed_ && word() == "-o" && left() > 1) {
            ++at_;
            const bool right = both();
            result = result || right;
        }
        return result;
    }
    bool both() {
        bool result = inverted();
        while (!failed_ && word() == "-a" && left() > 1) {
            ++at_;
            const bool right = inverted();
            result = result && right;
        }
        return result;
    }
    bool inverted() {
        if (++nested_ > kMostNested) fail(words_[at_ - 1], "nested too deeply");
        if (failed_) return false;
        bool result = false;
        if (word() == "!" && left() > 1 && !binary_follows()) {
            ++at_;
            result = !inverted();
        } else {
            result = primary();
        }
        --nested_;
        return result;
    }
    bool primary() {
        if (left() == 0) return fail("", "an argument is missing"), false;
        if (binary_follows()) return binary();
        if (word() == "(" && left() > 2) {
            ++at_;
            const bool result = either();
            if (word() != ")") fail("(", "')' is missing");
            ++at_;
            return result;
        }
        const std::string_view first = word();
        const bool is_unary = left() > 1 && first.size() == 2 && first[0] == '-' &&
                              kUnary.find(first[1]) != std::string_view::npos;
        if (is_unary) {
            at_ += 2;
            return unary(first[1], words_[at_ - 1]);
        }
        ++at_;
        return !first.empty();
    }

    bool unary(char operation, const char* argument) {
        if (operation == 'n') return *argument != '\0';
        if (operation == 'z') return *argument == '\0';
        if (operation == 't') return sys::is_terminal(static_cast<int>(number(argument)));
        if (operation == 'r') return sys::access(argument, abi::kAccessRead) == 0;
        if (operation == 'w') return sys::access(argument, abi::kAccessWrite) == 0;
        if (operation == 'x') return sys::access(argument, abi::kAccessExecute) == 0;
        abi::Stat64 status{};
        const bool is_link = operation == 'h' || operation == 'L';
        const long error =
            is_link ? sys::link_status(argument, status) : sys::file_status(argument, status);
        return error == 0 && has(operation, status);
    }
    static bool has(char operation, const abi::Stat64& status) {
        const std::uint32_t kind = status.mode & abi::kModeKind;
        switch (operation) {
        case 'f':
            return kind == abi::kModeFile;
        case 'd':
            return kind == abi::kModeDirectory;
        case 'b':
            return kind == abi::kModeBlock;
        case 'c':
            return kind == abi::kModeCharacter;
        case 'p':
            return kind == abi::kModePipe;
        case 'S':
            return kind == abi::kModeSocket;
        case 'h':
        case 'L':
            return kind == abi::kModeLink;
        case 's':
            return status.bytes > 0;
        case 'u':
            return (status.mode & abi::kModeSetUser) != 0;
        case 'g':
            return (status.mode & abi::kModeSetGroup) != 0;
        case 'k':
            return (status.mode & abi::kModeSticky) != 0;
        case 'O':
            return status.user == static_cast<std::uint32_t>(system_call(SYS_geteuid32));
        case 'G':
            return status.group == static_cast<std::uint32_t>(system_call(SYS_getegid32));
        default:
            return true;  // -e
        }
    }

    bool binary() {
        const char* const left = words_[at_];
        const std::string_view operation(words_[at_ + 1]);
        const char* const right = words_[at_ + 2];
        at_ += 3;
        if (operation == "=" || operation == "==") return strcmp(left, right) == 0;
        if (operation == "!=") return strcmp(left, right) != 0;
        if (operation == "<") return strcmp(left, right) < 0;
        if (operation == ">") return strcmp(left, right) > 0;
        if (operation == "-nt" || operation == "-ot" || operation == "-ef")
            return compare_files(left, operation, right);
        const long long a = number(left);
        const long long b = number(right);
        if (operation == "-eq") return a == b;
        if (operation == "-ne") return a != b;
        if (operation == "-lt") return a < b;
        if (operation == "-le") return a <= b;
        if (operation == "-gt") return a > b;
        return a >= b;
    }
    /// What is there is newer than what is not.
    static bool compare_files(const char* left, std::string_view operation, const char* right) {
        abi::Stat64 a{};
        abi::Stat64 b{};
        if (operation == "-ot") return compare_files(right, "-nt", left);
        const bool has_left = sys::file_status(left, a) >= 0;
        const bool has_right = sys::file_status(right, b) >= 0;
        if (!has_left || !has_right) return operation == "-nt" && has_left;
        if (operation == "-ef") return a.device == b.device && a.number == b.number;
        return a.modified != b.modified ? a.modified > b.modified
                                        : a.modified_nanoseconds > b.modified_nanoseconds;
    }
    long long number(const char* text) {
        const auto value = to_integer(text);
        if (!value) fail(text, "Illegal number");
        return value.value_or(0);
    }

    std::span<char* const> words_;
    const TestComplaint& complaint_;
    std::size_t at_ = 0;
    int nested_ = 0;
    bool failed_ = false;
};

}  // namespace

int evaluate_test(std::span<char* const> words, const TestComplaint& complaint) {
    return Test(words, complaint).run();
}

}  // namespace quire
