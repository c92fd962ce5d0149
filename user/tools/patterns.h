// The patterns of grep: several regular expressions, of which each is as good as another.
#pragma once

#include <stdlib.h>
#include <string.h>

#include "user/tools/regex.h"
#include "user/tools/tool.h"

namespace quire::tools {

/// All patterns together: a line that matches one of them matches.
class Patterns {
  public:
    Patterns(const Options& options, Regex::Syntax syntax)
        : syntax_(syntax), ignores_case_(options.has('i')) {
        if (options.has('w')) bounds_ = Regex::Bounds::Word;
        if (options.has('x')) bounds_ = Regex::Bounds::Line;
    }
    /// One pattern a line.
    void add(char* text) {
        for (char* pattern = nullptr; (pattern = strsep(&text, "\n")) != nullptr;) {
            regexes_ = static_cast<Regex**>(
                need_memory(reallocarray(regexes_, count_ + 1, sizeof(Regex*))));
            auto* const regex = static_cast<Regex*>(need_memory(malloc(sizeof(Regex))));
            if (const char* const error = regex->compile(pattern, syntax_, ignores_case_)) {
                complain(pattern, error);
                exit(2);
            }
            regexes_[count_++] = regex;
        }
    }
    /// The lines of a file; an empty one has none.
    void add_file(const char* name) {
        FILE* const file = open_input(name);
        if (file == nullptr) exit(2);
        char* line = nullptr;
        size_t room = 0;
        for (ssize_t length = 0; (length = getline(&line, &room, file)) >= 0;) {
            if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
            add(line);
        }
        free(line);
        if (close_input(file, name) != 0) exit(2);
    }
    /// The leftmost of all matches, of these the longest.
    bool find(const char* line, size_t length, size_t from, Regex::Match& match) const {
        bool found = false;
        for (size_t i = 0; i < count_; ++i) {
            Regex::Match one{};
            if (!regexes_[i]->find(line, length, from, bounds_, one)) continue;
            if (!found || one.start < match.start ||
                (one.start == match.start && one.end > match.end)) {
                match = one;
            }
            found = true;
        }
        return found;
    }

  private:
    Regex::Syntax syntax_;
    bool ignores_case_;
    Regex::Bounds bounds_ = Regex::Bounds::None;
    Regex** regexes_ = nullptr;
    size_t count_ = 0;
};

}  // namespace quire::tools
