// Plain arithmetic of <stdlib.h>, and its numbers that look random.
#include <stdlib.h>

long atol(const char* text) noexcept {
    return strtol(text, nullptr, 10);
}
long long atoll(const char* text) noexcept {
    return strtoll(text, nullptr, 10);
}

int abs(int number) {
    return number < 0 ? -number : number;
}
long labs(long number) {
    return number < 0 ? -number : number;
}
long long llabs(long long number) {
    return number < 0 ? -number : number;
}
div_t div(int number, int divisor) {
    return {number / divisor, number % divisor};
}
ldiv_t ldiv(long number, long divisor) {
    return {number / divisor, number % divisor};
}
