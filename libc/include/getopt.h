/* Options of a command, getopt(3). It is in <unistd.h>, too. */
#ifndef QUIRE_GETOPT_H
#define QUIRE_GETOPT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The argument of the option, where the next argument of the command is, and the letter that was
 * wrong. No complaint is printed when opterr is 0. */
extern char* optarg;
extern int optind, opterr, optopt;

/* The next option of `letters` ("ab:" is -a, and -b with an argument; "b::" one that may be there
 * in the same word), '?' for one that is not there, -1 at the end. What is no option moves behind
 * all options, unless `letters` begins with "+": then it ends them, as "--" does. With ":" at the
 * start (behind the "+") a missing argument is ':' and nothing is printed. optind = 1 begins anew.
 */
int getopt(int count, char* const arguments[], const char* letters);

#ifdef __cplusplus
}
#endif
#endif
