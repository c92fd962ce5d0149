// The page on which a case writes its answer: shared by the runner and the processes of the case.
#pragma once

struct Paper {
    int used;
    char text[1000];
};
extern struct Paper* paper;

int vsnprintf(char*, __SIZE_TYPE__, const char*, __builtin_va_list);
