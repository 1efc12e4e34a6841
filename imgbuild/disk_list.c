/* SPDX-License-Identifier: ISC */
/* ls and tree. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "disk_command.h"
#include "disk_dir.h"
#include "disk_image.h"
#include "disk_inode.h"
#include "disk_path.h"
#include "disk_text.h"

/* Deeper than any path that a kernel takes. */
#define DEPTH_MAX (PATH_MAX / 2)

/* A terminal gets no control characters, a file gets the names as they are. */
static void print_name(const char *name)
{
	char text[DISK_TARGET_BYTES];

	snprintf(text, sizeof(text), "%s", name);
	if (isatty(STDOUT_FILENO))
		disk_text_clean(text);
	fputs(text, stdout);
}

struct row {
	const char *name;
	struct disk_inode inode;
	char mode[11], links[12], uid[12], gid[12], size[24], time[24];
	char target[DISK_TARGET_BYTES];
};

struct widths {
	int links, uid, gid, size;
};

static void fill_time(char *text, size_t bytes, struct timespec t)
{
	struct tm tm;

	if (!localtime_r(&t.tv_sec, &tm) ||
	    !strftime(text, bytes, "%Y-%m-%d %H:%M", &tm))
		snprintf(text, bytes, "?");
}

static errcode_t fill_row(ext2_filsys fs, struct row *r)
{
	const struct disk_inode *inode = &r->inode;
	unsigned mode = inode->raw.i_mode;

	disk_text_mode(r->mode, mode);
	snprintf(r->links, sizeof(r->links), "%u", inode->raw.i_links_count);
	snprintf(r->uid, sizeof(r->uid), "%" PRIu32, disk_inode_uid(inode));
	snprintf(r->gid, sizeof(r->gid), "%" PRIu32, disk_inode_gid(inode));
	if (LINUX_S_ISCHR(mode) || LINUX_S_ISBLK(mode))
		snprintf(r->size, sizeof(r->size), "%u, %u",
			 major(disk_inode_rdev(inode)),
			 minor(disk_inode_rdev(inode)));
	else
		snprintf(r->size, sizeof(r->size), "%" PRIu64,
			 disk_inode_size(fs, inode));
	fill_time(r->time, sizeof(r->time), disk_inode_mtime(inode));
	r->target[0] = '\0';
	return disk_inode_is_symlink(inode)
		       ? disk_inode_target(fs, inode, r->target)
		       : 0;
}

static void widen(int *width, const char *text)
{
	int n = (int)strlen(text);

	if (n > *width)
		*width = n;
}

static void print_row(const struct row *r, const struct widths *w)
{
	printf("%s %*s %*s %*s %*s %s ", r->mode, w->links, r->links, w->uid,
	       r->uid, w->gid, r->gid, w->size, r->size, r->time);
	print_name(r->name);
	if (r->target[0]) {
		fputs(" -> ", stdout);
		print_name(r->target);
	}
	putchar('\n');
}

/* Twice through the directory: once for the widths, once to print. */
static errcode_t print_rows(ext2_filsys fs, const struct disk_dir *list)
{
	struct widths widths = {0};
	struct row *r = malloc(sizeof(*r));
	errcode_t err = r ? 0 : EXT2_ET_NO_MEMORY;

	for (int pass = 0; !err && pass < 2; pass++)
		for (size_t i = 0; !err && i < list->n; i++) {
			err = disk_inode_read(fs, list->entry[i].ino,
					      &r->inode);
			r->name = list->entry[i].name;
			if (!err)
				err = fill_row(fs, r);
			if (err)
				break;
			if (pass) {
				print_row(r, &widths);
				continue;
			}
			widen(&widths.links, r->links);
			widen(&widths.uid, r->uid);
			widen(&widths.gid, r->gid);
			widen(&widths.size, r->size);
		}
	free(r);
	return err;
}

static errcode_t list(ext2_filsys fs, const struct disk_inode *inode,
		      const char *path, bool long_format)
{
	struct disk_dir entries = {0};
	errcode_t err;

	if (disk_inode_is_dir(inode))
		err = disk_dir_read(fs, inode, &entries);
	else
		err = disk_dir_list_add(&entries, path, inode->ino, 0);
	if (!err && long_format)
		err = print_rows(fs, &entries);
	for (size_t i = 0; !err && !long_format && i < entries.n; i++) {
		print_name(entries.entry[i].name);
		putchar('\n');
	}
	disk_dir_finish(&entries);
	return err;
}

int disk_command_ls(const struct disk_args *args)
{
	int result = 0;

	for (int i = 0; i < args->path_count; i++) {
		struct disk_inode inode;
		struct disk_image image;
		struct disk_path at;
		errcode_t err;

		if (disk_path_parse_image(&at, args->path[i]) ||
		    disk_image_open(&image, at.image, DISK_READ,
				    args->recover)) {
			result = -EIO;
			continue;
		}
		if (args->path_count > 1)
			printf("%s%s:\n", i ? "\n" : "", args->path[i]);
		/* Like ls -l, which shows the link itself. */
		err = disk_path_find(image.fs, at.path, !args->long_format,
				     &inode);
		if (!err)
			err = list(image.fs, &inode, at.path,
				   args->long_format);
		if (err)
			result = disk_fail(at.image, at.path, err);
		disk_image_close(&image);
	}
	return result;
}

struct tree {
	ext2_filsys fs;
	ext2fs_inode_bitmap seen; /* directories */
	uint64_t dirs, files;
	unsigned depth;
	bool last[DEPTH_MAX]; /* whether something follows, at each depth */
};

static errcode_t print_tree(struct tree *t, const struct disk_inode *dir);

static errcode_t print_branch(struct tree *t, const struct disk_entry *e)
{
	char target[DISK_TARGET_BYTES];
	struct disk_inode inode;
	errcode_t err = disk_inode_read(t->fs, e->ino, &inode);

	for (unsigned i = 0; i < t->depth; i++)
		fputs(t->last[i] ? "    " : "|   ", stdout);
	fputs(t->last[t->depth] ? "`-- " : "|-- ", stdout);
	print_name(e->name);
	if (!err && disk_inode_is_symlink(&inode)) {
		err = disk_inode_target(t->fs, &inode, target);
		fputs(" -> ", stdout);
		print_name(err ? "?" : target);
	}
	putchar('\n');
	if (err)
		return err;
	if (!disk_inode_is_dir(&inode)) {
		t->files++;
		return 0;
	}
	t->dirs++;
	/* A directory has one name; with two it could lead round in circles. */
	if (ext2fs_test_inode_bitmap2(t->seen, e->ino) ||
	    t->depth + 1 == DEPTH_MAX)
		return EUCLEAN;
	ext2fs_mark_inode_bitmap2(t->seen, e->ino);
	t->depth++;
	err = print_tree(t, &inode);
	t->depth--;
	return err;
}

static errcode_t print_tree(struct tree *t, const struct disk_inode *dir)
{
	struct disk_dir list = {0};
	errcode_t err = disk_dir_read(t->fs, dir, &list);

	for (size_t i = 0; !err && i < list.n; i++) {
		t->last[t->depth] = i + 1 == list.n;
		err = print_branch(t, &list.entry[i]);
	}
	disk_dir_finish(&list);
	return err;
}

static errcode_t tree(ext2_filsys fs, const char *path)
{
	struct tree t = {.fs = fs};
	struct disk_inode top;
	errcode_t err = disk_path_find(fs, path, true, &top);

	if (!err && !disk_inode_is_dir(&top))
		err = ENOTDIR;
	if (!err)
		err = ext2fs_allocate_inode_bitmap(fs, "seen", &t.seen);
	if (err)
		return err;
	ext2fs_mark_inode_bitmap2(t.seen, top.ino);
	print_name(path);
	putchar('\n');
	err = print_tree(&t, &top);
	if (!err)
		printf("\n%" PRIu64 " director%s, %" PRIu64 " file%s\n", t.dirs,
		       t.dirs == 1 ? "y" : "ies", t.files,
		       t.files == 1 ? "" : "s");
	ext2fs_free_inode_bitmap(t.seen);
	return err;
}

int disk_command_tree(const struct disk_args *args)
{
	struct disk_image image;
	struct disk_path at;
	errcode_t err;

	if (disk_path_parse_image(&at, args->path[0]) ||
	    disk_image_open(&image, at.image, DISK_READ, args->recover))
		return -EIO;
	err = tree(image.fs, at.path);
	disk_image_close(&image);
	return err ? disk_fail(at.image, at.path, err) : 0;
}
