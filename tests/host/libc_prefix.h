// Renames our C library on the host: libc/string.cpp defines quire_memcpy there, not memcpy.
//
// Product files get this header by `-include`; a test that calls our string or format functions
// includes it itself, after the standard and GoogleTest headers.
#pragma once

// The host's own declarations first, under their own names.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "tests/host/libc_names.h"
