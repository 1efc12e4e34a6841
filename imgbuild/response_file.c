/* SPDX-License-Identifier: ISC */
#include "response_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strlist.h"

#define MAX_DEPTH 32

static int expand(struct strlist *args, const char *arg, int depth);

/* The whole file as a string, or NULL. */
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t bytes = 0;

	if (!f)
		return NULL;
	/* A NUL byte ends the text, as it could be part of no argument. */
	if (getdelim(&text, &bytes, '\0', f) < 0) {
		free(text);
		text = ferror(f) ? NULL : strdup("");
	}
	fclose(f);
	return text;
}

/*
 * Cuts the next argument out of *text, unquoting it in place, and moves *text
 * past it. NULL at the end.
 */
static char *next_arg(char **text)
{
	char *from = *text, *to, *arg;
	int quote = 0;

	while (isspace((unsigned char)*from))
		from++;
	if (!*from)
		return NULL;
	for (arg = to = from; *from; from++) {
		if (*from == '\\' && from[1]) {
			*to++ = *++from;
		} else if (quote ? *from == quote
				 : *from == '\'' || *from == '"') {
			quote = quote ? 0 : *from;
		} else if (!quote && isspace((unsigned char)*from)) {
			from++;
			break;
		} else {
			*to++ = *from;
		}
	}
	*text = from;
	*to = '\0';
	return arg;
}

static int expand_file(struct strlist *args, char *text, int depth)
{
	char *arg;
	int err = 0;

	if (depth == MAX_DEPTH)
		return -ELOOP;
	while (!err && (arg = next_arg(&text)))
		err = expand(args, arg, depth + 1);
	return err;
}

static int expand(struct strlist *args, const char *arg, int depth)
{
	char *text = arg[0] == '@' ? read_text(arg + 1) : NULL;
	int err = 0;

	if (text)
		err = expand_file(args, text, depth);
	else
		strlist_add(args, arg);
	free(text);
	return err;
}

int response_file_expand(struct strlist *args, const char *arg)
{
	return expand(args, arg, 0);
}
