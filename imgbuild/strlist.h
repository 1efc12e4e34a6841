/* SPDX-License-Identifier: ISC */
/* A growing list of strings that it owns, NULL-terminated like argv. */
#ifndef STRLIST_H
#define STRLIST_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is the empty list. */
struct strlist {
	char **v; /* n strings and a NULL; NULL while nothing was added */
	size_t n;
	size_t allocated;
	bool failed; /* memory ran out: the list is not complete */
};

/* Append a copy; on lack of memory set @list->failed, checked once by users. */
void strlist_add(struct strlist *list, const char *s);
void strlist_addf(struct strlist *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strlist_add_all(struct strlist *list, const struct strlist *more);

/* Append @s itself, which then belongs to the list; NULL counts as failed. */
void strlist_take(struct strlist *list, char *s);

bool strlist_has(const struct strlist *list, const char *s);

/* Frees all strings; the list is empty afterwards. */
void strlist_finish(struct strlist *list);

#endif
