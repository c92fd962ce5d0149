/* What pages go to: swapon(2), swapoff(2). */
#ifndef QUIRE_SYS_SWAP_H
#define QUIRE_SYS_SWAP_H

#define SWAP_FLAG_PREFER 0x8000 /* the low bits are a priority */
#define SWAP_FLAG_PRIO_MASK 0x7FFF
#define SWAP_FLAG_PRIO_SHIFT 0

#ifdef __cplusplus
extern "C" {
#endif

int swapon(const char* path, int flags);
int swapoff(const char* path);

#ifdef __cplusplus
}
#endif
#endif
