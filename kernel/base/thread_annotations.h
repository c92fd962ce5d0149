// Lock annotations, checked by clang's thread-safety analysis (`make lint`); g++ ignores them.
#pragma once

#if defined(__clang__)
#define QUIRE_ANNOTATION(x) __attribute__((x))
#else
#define QUIRE_ANNOTATION(x)
#endif

#define CAPABILITY(name) QUIRE_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY QUIRE_ANNOTATION(scoped_lockable)
#define GUARDED_BY(lock) QUIRE_ANNOTATION(guarded_by(lock))
#define REQUIRES(...) QUIRE_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) QUIRE_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) QUIRE_ANNOTATION(release_capability(__VA_ARGS__))
#define EXCLUDES(...) QUIRE_ANNOTATION(locks_excluded(__VA_ARGS__))
