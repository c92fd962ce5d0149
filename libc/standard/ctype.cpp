// ctype(3) for ASCII: ranges, no table. What is above 127 belongs to no kind.
#include <ctype.h>

namespace {

bool is_between(int character, int first, int last) {
    return character >= first && character <= last;
}

}  // namespace

int isascii(int character) {
    return is_between(character, 0, 127) ? 1 : 0;
}
int isdigit(int character) {
    return is_between(character, '0', '9') ? 1 : 0;
}
int islower(int character) {
    return is_between(character, 'a', 'z') ? 1 : 0;
}
int isupper(int character) {
    return is_between(character, 'A', 'Z') ? 1 : 0;
}
int isalpha(int character) {
    return islower(character) | isupper(character);
}
int isalnum(int character) {
    return isalpha(character) | isdigit(character);
}
int isxdigit(int character) {
    return isdigit(character) != 0 || is_between(tolower(character), 'a', 'f') ? 1 : 0;
}
int isblank(int character) {
    return character == ' ' || character == '\t' ? 1 : 0;
}
int isspace(int character) {
    return character == ' ' || is_between(character, '\t', '\r') ? 1 : 0;
}
int iscntrl(int character) {
    return is_between(character, 0, 31) || character == 127 ? 1 : 0;
}
int isprint(int character) {
    return is_between(character, ' ', '~') ? 1 : 0;
}
int isgraph(int character) {
    return is_between(character, '!', '~') ? 1 : 0;
}
int ispunct(int character) {
    return isgraph(character) != 0 && isalnum(character) == 0 ? 1 : 0;
}

int toascii(int character) {
    return character & 127;
}
int tolower(int character) {
    return isupper(character) != 0 ? character + ('a' - 'A') : character;
}
int toupper(int character) {
    return islower(character) != 0 ? character - ('a' - 'A') : character;
}
