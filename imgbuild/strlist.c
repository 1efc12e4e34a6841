/* SPDX-License-Identifier: ISC */
#include "strlist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strlist_take(struct strlist *list, char *s)
{
	char **v = list->v;

	if (!s)
		goto fail;
	if (!v || list->n + 1 >= list->allocated) {
		size_t want = list->allocated * 2 + 16;

		v = reallocarray(list->v, want, sizeof(*v));
		if (!v)
			goto fail;
		list->v = v;
		list->allocated = want;
	}
	v[list->n++] = s;
	v[list->n] = NULL;
	return;

fail:
	list->failed = true;
	free(s);
}

void strlist_add(struct strlist *list, const char *s)
{
	strlist_take(list, strdup(s));
}

void strlist_addf(struct strlist *list, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		s = NULL;
	va_end(args);
	strlist_take(list, s);
}

void strlist_add_all(struct strlist *list, const struct strlist *more)
{
	for (size_t i = 0; i < more->n; i++)
		strlist_add(list, more->v[i]);
	list->failed |= more->failed;
}

bool strlist_has(const struct strlist *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], s))
			return true;
	return false;
}

void strlist_finish(struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct strlist){0};
}
