// How the functions of the heap are called that lie on the way of many calls of malloc and free.
//
// On i386 arguments go by the stack: two instructions for each, and one to take them off again. By
// HEAP_CALL the first three go in registers, `this` among them; elsewhere they do so anyway.
#pragma once

#if defined(__i386__)
#define HEAP_CALL __attribute__((regparm(3)))
#else
#define HEAP_CALL
#endif
