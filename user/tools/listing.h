// The lines of ls: files are gathered, sorted, and shown in columns as wide as the widest of each.
#pragma once

#include <sys/stat.h>

#include <span>

#include "user/tools/list.h"
#include "user/tools/tool.h"

namespace quire::tools {

struct ListedFile {
    char* name;
    char* path;
    struct stat told;

    [[nodiscard]] bool is_folder() const { return S_ISDIR(told.st_mode); }
};

class Listing {
  public:
    explicit Listing(const Options& options);
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    /// `name` in `folder` ("" if the name is a path). 0, or 1 after a complaint.
    int add(const char* folder, const char* name);
    void sort();
    /// Sorts and prints; -l of a folder's content begins with the blocks it has in all.
    void show(bool is_folder);
    [[nodiscard]] std::span<ListedFile> files() const { return files_.all(); }

  private:
    void show_long(const ListedFile& file, const struct Widths& widths) const;
    void show_before(const ListedFile& file, const struct Widths& widths) const;
    void show_name(const ListedFile& file) const;
    void show_text(const char* name) const;
    void show_columns(const struct Widths& widths) const;
    [[nodiscard]] const char* mark_of(mode_t mode) const;

    const Options& options_;
    bool is_terminal_;
    List<ListedFile> files_;
};

/// Whether ls shows what is in `path`: a folder, unless -d was given, and no link to one for -l.
bool is_listed_as_folder(const char* path, const Options& options);

}  // namespace quire::tools
