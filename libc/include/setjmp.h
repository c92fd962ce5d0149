/* Going back to where one has been: setjmp(3). What was changed since in a variable that is not
 * volatile may be lost. */
#ifndef QUIRE_SETJMP_H
#define QUIRE_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

/* ebx, esi, edi, ebp, esp, eip; whether the mask is saved, and it. */
typedef unsigned long jmp_buf[9];
typedef jmp_buf sigjmp_buf;

/* 0; and once more what longjmp is given (1 for 0), as long as the caller has not returned. */
__attribute__((returns_twice)) int setjmp(jmp_buf place);
__attribute__((noreturn)) void longjmp(jmp_buf place, int value);
/* The same, and the mask of signals, if asked for. */
__attribute__((returns_twice)) int sigsetjmp(sigjmp_buf place, int saves_mask);
__attribute__((noreturn)) void siglongjmp(sigjmp_buf place, int value);

#ifdef __cplusplus
}
#endif
#endif
