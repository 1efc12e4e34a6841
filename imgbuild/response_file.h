/* SPDX-License-Identifier: ISC */
/* "@FILE" arguments, as GCC documents them ("Overall Options"). */
#ifndef RESPONSE_FILE_H
#define RESPONSE_FILE_H

struct strlist;

/*
 * Appends @arg to @args, or, if it is @FILE, the arguments in that file:
 * separated by white space, quoted by ' or ", backslash takes the next
 * character as it is, and @FILE again nests. A FILE that cannot be read makes
 * @arg an ordinary argument, as in GCC. 0, or -ELOOP for files that nest
 * without end; lack of memory shows in @args->failed.
 */
int response_file_expand(struct strlist *args, const char *arg);

#endif
