#include "user/sh/kernel_names.h"

#include "user/directory.h"
#include "user/sh/calls.h"

namespace quire::shell {

void KernelNames::list(const char* folder, void (*found)(void*, std::string_view), void* context) {
    Directory directory(folder);
    while (const char* const name = directory.next())
        found(context, name);
}

bool KernelNames::exists(const char* path) {
    abi::Stat64 status{};
    return sys::link_status(path, status) == 0;
}

}  // namespace quire::shell
