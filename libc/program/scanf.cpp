// scanf(3) over a stream.
#include <stdio.h>

#include "libc/standard/scan.h"

namespace {

class StreamSource final : public quire::libc::ScanSource {
  public:
    explicit StreamSource(FILE* stream) : stream_(stream) {}
    int next() override { return fgetc(stream_); }
    void back(int character) override { ungetc(character, stream_); }

  private:
    FILE* stream_;
};

}  // namespace

int vfscanf(FILE* stream, const char* format, va_list arguments) {
    StreamSource source(stream);
    return quire::libc::scan(source, format, arguments);
}

int fscanf(FILE* stream, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int stored = vfscanf(stream, format, arguments);
    va_end(arguments);
    return stored;
}

int scanf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int stored = vfscanf(stdin, format, arguments);
    va_end(arguments);
    return stored;
}
