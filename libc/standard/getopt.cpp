// getopt(3).
//
//      cp  file  -a  -b x  other            optind stays at `file`, the first that is no option;
//          ^optind  ^first option behind it  the next option (and its argument) is moved before it
//
// So at the end all that is no option stands together, in its order.
#include <getopt.h>
#include <stdio.h>
#include <string.h>

char* optarg = nullptr;
int optind = 1, opterr = 1, optopt = 0;

namespace {

const char* next_letter = "";  // in the word that is being read; "" between words
int word = 0;                  // where that word stands

bool is_option(const char* text) {
    return text[0] == '-' && text[1] != '\0';
}

/// Moves the arguments [from, from + count) down to `to`, and those between up.
void move_down(char** arguments, int from, int count, int to) {
    for (; count > 0; --count, ++from, ++to) {
        char* const moved = arguments[from];
        for (int i = from; i > to; --i)
            arguments[i] = arguments[i - 1];
        arguments[to] = moved;
    }
}

/// Whether there is another word with options; next_letter is its first letter then.
bool find_word(int count, char** arguments, bool stops) {
    word = optind;
    while (!stops && word < count && !is_option(arguments[word]))
        ++word;
    if (word >= count || !is_option(arguments[word])) return false;
    const bool ends = strcmp(arguments[word], "--") == 0;
    if (ends) {
        move_down(arguments, word, 1, optind++);
        return false;
    }
    next_letter = arguments[word] + 1;
    return true;
}

/// The word and `more` behind it are done with.
void finish_word(char** arguments, int more) {
    next_letter = "";
    move_down(arguments, word, 1 + more, optind);
    optind += 1 + more;
}

int complain(const char* program, const char* text, int answer) {
    if (opterr != 0 && answer != ':') fprintf(stderr, "%s: %s -- '%c'\n", program, text, optopt);
    return answer;
}

/// The argument of option `letter`: the rest of its word, or the next word.
int take_argument(int count, char** arguments, bool may_be_missing, int letter, int missing) {
    optarg = *next_letter != '\0' ? const_cast<char*>(next_letter) : nullptr;
    if (optarg != nullptr || may_be_missing) {
        finish_word(arguments, 0);
    } else if (word + 1 < count) {
        optarg = arguments[word + 1];
        finish_word(arguments, 1);
    } else {
        finish_word(arguments, 0);
        return complain(arguments[0], "option requires an argument", missing);
    }
    return letter;
}

}  // namespace

int getopt(int count, char* const constant_arguments[], const char* letters) {
    auto** const arguments = const_cast<char**>(constant_arguments);
    const bool stops = *letters == '+';
    if (stops) ++letters;
    optarg = nullptr;
    const int missing = *letters == ':' ? ':' : '?';
    if (optind == 0) optind = 1, next_letter = "";
    if (*next_letter == '\0' && !find_word(count, arguments, stops)) return -1;
    const char letter = *next_letter++;
    const char* const known = letter == ':' ? nullptr : strchr(letters, letter);
    optopt = static_cast<unsigned char>(letter);
    if (known != nullptr && known[1] == ':') {
        return take_argument(count, arguments, known[2] == ':', optopt, missing);
    }
    const int answer = optopt;
    if (*next_letter == '\0') finish_word(arguments, 0);
    if (known != nullptr) return answer;
    return missing == ':' ? '?' : complain(arguments[0], "invalid option", '?');
}
