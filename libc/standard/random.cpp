// rand(3): xorshift over 32 bits (Marsaglia, 2003), which reaches every number but 0 before it
// repeats; a product at the end hides that neighbours are alike.
#include <stdlib.h>

namespace {

unsigned state = 1;

}  // namespace

int rand_r(unsigned* seed) {
    constexpr unsigned kNeverZero = 0x9E3779B9;
    unsigned value = *seed != 0 ? *seed : kNeverZero;
    value ^= value << 13;
    value ^= value >> 17;
    value ^= value << 5;
    *seed = value;
    constexpr unsigned kMixer = 0x85EBCA6B;
    return static_cast<int>((value * kMixer) >> 1);
}

int rand() {
    return rand_r(&state);
}
void srand(unsigned seed) {
    state = seed;
}
long random() {
    return rand();
}
void srandom(unsigned seed) {
    srand(seed);
}
