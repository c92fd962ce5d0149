// A question before something is lost: cp -i, mv -i, rm -i.
#pragma once

namespace quire::tools {

/// "cp: overwrite 'name'? " on the standard error output; whether the line that is answered begins
/// with y.
bool ask(const char* what, const char* name);

}  // namespace quire::tools
