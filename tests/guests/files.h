/* SPDX-License-Identifier: ISC */
/*
 * What the programs files_*.c share. Each prints what calls do, so that a run
 * in a guest can be held against one on Linux; only what has to be the same is
 * printed. Arguments: a directory to work in and the name of a case.
 */
#ifndef FILES_H
#define FILES_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct files_case {
	const char *name;
	void (*run)(void);
};

/* Runs a case in a new directory; the list ends with a NULL name. */
int files_main(int argc, char **argv, const struct files_case *cases);

/* A descriptor of the directory the case began in. */
extern int files_home;

/* Says "WHAT = RESULT", where -1 is the name of errno. Returns the result. */
long files_told(const char *what, long result);
const char *files_error(int error);

#define DO(call) files_told(#call, (errno = 0, (long)(call)))

/* Something that has to work for the rest to make sense. */
#define NEED(truth)                                             \
	do {                                                    \
		errno = 0;                                      \
		if (!(truth))                                   \
			files_stop(__FILE__, __LINE__, #truth); \
	} while (0)
void files_stop(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* FNV-1a; @hash: 0, or what to go on from. */
uint64_t files_digest(uint64_t hash, const void *data, size_t bytes);
/* A file of these bytes, with permissions 0644. */
void files_put(const char *path, const void *data, size_t bytes);
/* Says the size, the first bytes and the digest of what a path names. */
void files_show(const char *path);
/* The same of a descriptor, read from its start by pread. */
void files_show_fd(int fd);
/* Says what stat(2) knows, but for what depends on the file system. */
void files_stat(const char *path);

/* A small pseudo-random number generator: below @limit. */
void files_seed(uint64_t seed);
unsigned files_random(unsigned limit);

/*
 * A tree of a few of each kind in the current directory; see tree_make. And
 * what became of it: says what is new (+), and what is no longer (-), and
 * makes it anew if there was anything.
 */
void files_tree_make(void);
void files_tree_check(void);
/* Says all that is below the current directory. */
void files_tree_show(void);
/* Removes all that is below the current directory. */
void files_tree_clear(void);

#endif
