// Names of files as the kernel has them.
#pragma once

#include <string_view>

#include "user/sh/file_names.h"

namespace quire::shell {

class KernelNames final : public Names {
  public:
    void list(const char* folder, void (*found)(void* context, std::string_view name),
              void* context) override;
    [[nodiscard]] bool exists(const char* path) override;
};

}  // namespace quire::shell
