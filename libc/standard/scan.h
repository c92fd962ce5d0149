// The one scanf engine: sscanf over a text, fscanf over a stream.
//
// Conversions d i u x X o p c s [ n and %, with *, a width and the lengths hh h l ll j z t, as in
// C17 7.21.6.2 without floating point. At most one character is read too many, and is given back.
#pragma once

#include <stdarg.h>

namespace quire::libc {

/// Where characters come from. next() answers EOF at the end; back() is called with the last one.
class ScanSource {
  public:
    virtual int next() = 0;
    virtual void back(int character) = 0;

  protected:
    ~ScanSource() = default;
};

/// How many conversions were stored; EOF when the input ended before the first one.
int scan(ScanSource& source, const char* format, va_list arguments);

}  // namespace quire::libc
