/* SPDX-License-Identifier: ISC */
#include "disk_tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_image.h"
#include "disk_progress.h"
#include "disk_text.h"
#include "disk_xattr.h"
#include "strlist.h"

struct reader {
	struct disk_tree *tree;
	const struct disk_tree_options *options;
	char path[PATH_MAX]; /* of the node that is being read */
};

static int by_host_inode(const void *a, const void *b)
{
	const struct disk_node *x = a, *y = b;

	if (x->host_dev != y->host_dev)
		return x->host_dev < y->host_dev ? -1 : 1;
	if (x->host_ino != y->host_ino)
		return x->host_ino < y->host_ino ? -1 : 1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct disk_node *const *)a)->name,
		      (*(struct disk_node *const *)b)->name);
}

struct disk_node *disk_node_create(const char *name, mode_t mode,
				   struct timespec mtime)
{
	struct disk_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->name = strdup(name);
	node->mode = mode;
	node->mtime = mtime;
	if (!node->name) {
		free(node);
		return NULL;
	}
	return node;
}

static bool append(struct disk_node *node, struct disk_node *child)
{
	if (node->child_count == node->child_allocated) {
		size_t want = node->child_allocated * 2 + 16;
		struct disk_node **v =
			/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
			reallocarray(node->child, want, sizeof(*v));

		if (!v)
			return false;
		node->child = v;
		node->child_allocated = want;
	}
	node->child[node->child_count++] = child;
	child->parent = node;
	return true;
}

static void sort(struct disk_node *node)
{
	if (node->child_count)
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(node->child, node->child_count, sizeof(*node->child),
		      by_name);
}

bool disk_node_add(struct disk_node *node, struct disk_node *child)
{
	bool good = append(node, child);

	sort(node);
	return good;
}

struct disk_node *disk_node_find(const struct disk_node *node, const char *name)
{
	for (size_t i = 0; i < node->child_count; i++)
		if (!strcmp(node->child[i]->name, name))
			return node->child[i];
	return NULL;
}

void disk_node_destroy(struct disk_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->child_count; i++)
		disk_node_destroy(node->child[i]);
	free(node->child);
	disk_xattr_destroy(node->xattrs);
	free(node->name);
	free(node->target);
	free(node);
}

static int read_target(struct reader *r, struct disk_node *node)
{
	char target[PATH_MAX + 1];
	ssize_t n = readlink(r->path, target, sizeof(target));

	if (n < 0 || n > PATH_MAX)
		return disk_fail_host(r->path, n < 0 ? errno : ENAMETOOLONG);
	node->target = strndup(target, (size_t)n);
	node->size = (uint64_t)n;
	return node->target ? 0 : disk_fail_host(r->path, ENOMEM);
}

/* Remembers a file that has more names, or finds it. */
static int note_links(struct reader *r, struct disk_node *node)
{
	struct disk_node **found =
		tsearch(node, &r->tree->links, by_host_inode);

	if (!found)
		return disk_fail_host(r->path, ENOMEM);
	if (*found != node)
		node->same = *found;
	return 0;
}

static void note_node(struct disk_tree *tree, const struct disk_node *node)
{
	if (!node->same) {
		tree->inode_count++;
		tree->has_xattrs |= node->xattrs != NULL;
		if (S_ISREG(node->mode))
			tree->bytes += node->size;
	}
	if (node->mtime.tv_sec > tree->newest &&
	    node->mtime.tv_sec <= tree->now)
		tree->newest = node->mtime.tv_sec;
}

static int read_node(struct reader *r, const char *name, bool follow,
		     struct disk_node **out);

static int read_child(struct reader *r, struct disk_node *node,
		      const char *name)
{
	size_t at = strlen(r->path);
	struct disk_node *child = NULL;
	int err;

	if (at + strlen(name) + 2 > sizeof(r->path))
		return disk_fail_host(r->path, ENAMETOOLONG);
	stpcpy(stpcpy(r->path + at, "/"), name);
	err = read_node(r, name, false, &child);
	r->path[at] = '\0';
	if (!err && child && !append(node, child)) {
		disk_node_destroy(child);
		err = disk_fail_host(r->path, ENOMEM);
	}
	return err;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order, as which name of a file comes first must not depend on the host. */
static int list_names(struct reader *r, struct strlist *names)
{
	DIR *dir = opendir(r->path);
	const struct dirent *e;
	int err;

	if (!dir)
		return disk_fail_host(r->path, errno);
	while (errno = 0, e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strlist_add(names, e->d_name);
	err = names->failed ? ENOMEM : errno;
	closedir(dir);
	if (err)
		return disk_fail_host(r->path, err);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), compare_strings);
	return 0;
}

static int read_dir(struct reader *r, struct disk_node *node)
{
	struct strlist names = {0};
	int err = list_names(r, &names);

	node->size = 0;
	for (size_t i = 0; !err && i < names.n; i++)
		err = read_child(r, node, names.v[i]);
	strlist_finish(&names);
	return err;
}

static int fill_node(struct reader *r, struct disk_node *node,
		     const struct stat *st)
{
	const struct disk_tree_options *o = r->options;
	int err = 0;

	node->host_dev = st->st_dev;
	node->host_ino = st->st_ino;
	if (o->clamp && node->mtime.tv_sec >= o->latest)
		node->mtime = (struct timespec){o->latest, 0};
	node->uid = o->set_owner ? o->uid : st->st_uid;
	node->gid = o->set_owner ? o->gid : st->st_gid;
	node->rdev = st->st_rdev;
	node->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
		err = note_links(r, node);
	if (err || node->same)
		return err;
	if (S_ISLNK(st->st_mode))
		err = read_target(r, node);
	if (!err && !o->no_xattrs)
		err = disk_xattr_read_host(r->path, &node->xattrs);
	if (!err && S_ISDIR(st->st_mode))
		err = read_dir(r, node);
	return err;
}

/* *@out stays NULL for a file that is to be left out. */
static int read_node(struct reader *r, const char *name, bool follow,
		     struct disk_node **out)
{
	const struct disk_tree_options *o = r->options;
	struct disk_node *node;
	struct stat st;
	int err;

	if (follow ? stat(r->path, &st) : lstat(r->path, &st))
		return disk_fail_host(r->path, errno);
	if (o->skip_ino && st.st_dev == o->skip_dev && st.st_ino == o->skip_ino)
		return 0;
	if (disk_progress_add(r->tree->progress, 0))
		return -EINTR;
	node = disk_node_create(name, st.st_mode, st.st_mtim);
	if (!node)
		return disk_fail_host(r->path, ENOMEM);
	err = fill_node(r, node, &st);
	if (err) {
		disk_node_destroy(node);
		return err;
	}
	note_node(r->tree, node);
	*out = node;
	return 0;
}

int disk_tree_read(struct disk_tree *tree, const char *path,
		   const struct disk_tree_options *options,
		   struct disk_progress *progress)
{
	struct reader r = {.tree = tree, .options = options};

	*tree = (struct disk_tree){.progress = progress, .now = time(NULL)};
	if (strlen(path) >= sizeof(r.path))
		return disk_fail_host(path, ENAMETOOLONG);
	strcpy(r.path, path);
	tree->path = strdup(path);
	if (!tree->path)
		return disk_fail_host(path, ENOMEM);
	return read_node(&r, "", options->follow_top, &tree->top);
}

static void ignore_node(void *node)
{
	(void)node;
}

void disk_tree_finish(struct disk_tree *tree)
{
	tdestroy(tree->links, ignore_node);
	disk_node_destroy(tree->top);
	free(tree->path);
	*tree = (struct disk_tree){0};
}

int disk_tree_clamp(struct disk_tree_options *options)
{
	uint32_t now;
	int err = disk_image_now(&now, &options->clamp);

	options->latest = now;
	return err;
}

uint32_t disk_tree_time(const struct disk_tree *tree)
{
	int64_t t = tree->newest;

	if (t < 1)
		return 1;
	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}
