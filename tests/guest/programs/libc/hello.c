// An ordinary C program for our C library, as a person writes it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
    const char* name = argc > 1 ? argv[1] : "world";
    char* greeting = malloc(strlen(name) + 9);
    if (greeting == NULL) {
        perror("hello");
        return EXIT_FAILURE;
    }
    strcpy(greeting, "Hello, ");
    strcat(greeting, name);
    printf("%s. 6 * 7 = %d\n", greeting, 6 * 7);
    free(greeting);
    return EXIT_SUCCESS;
}
