/* SPDX-License-Identifier: ISC */
/* A tree, and what becomes of it: see files.h. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define ENTRIES 512

struct entry {
	char *path;
	char *text; /* what is known of it */
	ino_t ino;
	mode_t mode;
};

struct list {
	struct entry entry[ENTRIES];
	size_t count;
};

static struct list before, now;

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void forget(struct list *list)
{
	while (list->count) {
		list->count--;
		free(list->entry[list->count].path);
		free(list->entry[list->count].text);
	}
}

/* What a file or link holds. */
static void contents(const char *path, const struct stat *st, char *to,
		     size_t size)
{
	ssize_t n = 0;
	int fd;

	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, to, size - 1);
	} else if (S_ISREG(st->st_mode)) {
		fd = open(path, O_RDONLY);
		NEED(fd >= 0);
		n = read(fd, to, size - 1);
		close(fd);
	}
	NEED(n >= 0);
	to[n] = '\0';
}

static void add(struct list *list, char *path)
{
	struct entry *e = &list->entry[list->count++];
	const char *was = "new";
	char text[32];
	struct stat st;
	long long size;

	NEED(list->count < ENTRIES);
	NEED(lstat(path, &st) == 0);
	contents(path, &st, text, sizeof(text));
	size = S_ISDIR(st.st_mode) ? 0 : (long long)st.st_size;
	/* The same file has the same number, whatever its name. */
	for (size_t i = before.count; i-- > 0;) {
		const struct entry *old = &before.entry[i];

		if (old->ino != st.st_ino ||
		    (old->mode & S_IFMT) != (st.st_mode & S_IFMT))
			continue;
		was = old->path;
		if (!strcmp(was, path))
			break;
	}
	if (list == &before)
		was = path;
	e->path = path;
	e->ino = st.st_ino;
	e->mode = st.st_mode;
	NEED(asprintf(&e->text, "%s %o %lu %lld %s (%s)", path, st.st_mode,
		      (unsigned long)st.st_nlink, size, text, was) >= 0);
}

static void gather(struct list *list, const char *dir)
{
	struct dirent **name;
	int n = scandir(dir, &name, NULL, by_name);

	NEED(n >= 0);
	for (int i = 0; i < n; i++) {
		const char *one = name[i]->d_name;
		char *path;

		if (strcmp(one, ".") && strcmp(one, "..")) {
			NEED(asprintf(&path, "%s%s%s",
				      strcmp(dir, ".") ? dir : "",
				      strcmp(dir, ".") ? "/" : "", one) >= 0);
			add(list, path);
			if (S_ISDIR(list->entry[list->count - 1].mode))
				gather(list, path);
		}
		free(name[i]);
	}
	free(name);
}

void files_tree_clear(void)
{
	NEED(fchdir(files_home) == 0);
	forget(&now);
	gather(&now, ".");
	while (now.count) {
		struct entry *e = &now.entry[now.count - 1];

		NEED((S_ISDIR(e->mode) ? rmdir(e->path) : unlink(e->path)) ==
		     0);
		now.count--;
		free(e->path);
		free(e->text);
	}
}

void files_tree_make(void)
{
	files_tree_clear();
	files_put("file", "0123456789", 10);
	files_put("other", "other", 5);
	NEED(link("file", "hard") == 0);
	NEED(mkdir("dir", 0755) == 0);
	NEED(mkdir("dir/sub", 0700) == 0);
	files_put("dir/inner", "inner", 5);
	files_put("dir/sub/deep", "deep", 4);
	NEED(mkdir("empty", 0755) == 0);
	NEED(symlink("file", "link") == 0);
	NEED(symlink("dir", "dirlink") == 0);
	NEED(symlink("dir/sub/", "slashlink") == 0);
	NEED(symlink("nothing", "dangling") == 0);
	NEED(symlink("loop", "loop") == 0);
	NEED(symlink("../file", "dir/uplink") == 0);
	NEED(mkfifo("fifo", 0600) == 0);
	forget(&before);
	gather(&before, ".");
}

static int has(const struct list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->entry[i].text, text))
			return 1;
	return 0;
}

void files_tree_check(void)
{
	int same = 1;

	NEED(fchdir(files_home) == 0);
	forget(&now);
	gather(&now, ".");
	for (size_t i = 0; i < before.count; i++)
		if (!has(&now, before.entry[i].text)) {
			printf("  - %s\n", before.entry[i].text);
			same = 0;
		}
	for (size_t i = 0; i < now.count; i++)
		if (!has(&before, now.entry[i].text)) {
			printf("  + %s\n", now.entry[i].text);
			same = 0;
		}
	if (!same)
		files_tree_make();
}

void files_tree_show(void)
{
	forget(&before);
	forget(&now);
	gather(&now, ".");
	for (size_t i = 0; i < now.count; i++)
		printf("  %s\n", now.entry[i].text);
}
