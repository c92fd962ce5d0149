/* assert(3): ends the program by abort() when what must hold does not. Nothing with NDEBUG. May be
 * included again after NDEBUG has changed. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
    ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif

#ifndef QUIRE_ASSERT_H
#define QUIRE_ASSERT_H

#ifdef __cplusplus
extern "C" {
#else
#define static_assert _Static_assert
#endif

__attribute__((noreturn)) void __assert_fail(const char* condition, const char* file, unsigned line,
                                             const char* function);

#ifdef __cplusplus
}
#endif
#endif
