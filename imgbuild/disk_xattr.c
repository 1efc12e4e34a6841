/* SPDX-License-Identifier: ISC */
#include "disk_xattr.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "disk_inode.h"
#include "disk_text.h"

#define PREFIX	     "user."
#define PREFIX_BYTES (sizeof(PREFIX) - 1)

void disk_xattr_destroy(struct disk_xattr *list)
{
	while (list) {
		struct disk_xattr *next = list->next;

		free(list->name);
		free(list->value);
		free(list);
		list = next;
	}
}

/* Hosts list them in any order. */
static void insert(struct disk_xattr **list, struct disk_xattr *x)
{
	while (*list && strcmp((*list)->name, x->name) < 0)
		list = &(*list)->next;
	x->next = *list;
	*list = x;
}

static int read_one(const char *path, const char *name,
		    struct disk_xattr **list)
{
	struct disk_xattr *x = calloc(1, sizeof(*x));
	void *less;
	ssize_t n;

	if (!x)
		return ENOMEM;
	x->name = strdup(name);
	x->value = malloc(XATTR_SIZE_MAX + 1);
	n = x->name && x->value
		    ? lgetxattr(path, name, x->value, XATTR_SIZE_MAX)
		    : -1;
	if (n < 0) {
		int err = x->name && x->value ? errno : ENOMEM;

		disk_xattr_destroy(x);
		return err;
	}
	x->bytes = (size_t)n;
	less = realloc(x->value, x->bytes + 1);
	if (less)
		x->value = less;
	insert(list, x);
	return 0;
}

int disk_xattr_read_host(const char *path, struct disk_xattr **list)
{
	char names[XATTR_LIST_MAX];
	ssize_t n = llistxattr(path, names, sizeof(names));
	int err = 0;

	if (n < 0 && errno != ENOTSUP)
		return disk_fail_host(path, errno);
	for (ssize_t at = 0; !err && at < n;
	     at += (ssize_t)strlen(names + at) + 1)
		if (!strncmp(names + at, PREFIX, PREFIX_BYTES))
			err = read_one(path, names + at, list);
	return err ? disk_fail_host(path, err) : 0;
}

static errcode_t open_all(ext2_filsys fs, ext2_ino_t ino,
			  struct ext2_xattr_handle **handle)
{
	errcode_t err = ext2fs_xattrs_open(fs, ino, handle);

	if (err)
		return err;
	err = ext2fs_xattrs_read(*handle);
	if (err)
		ext2fs_xattrs_close(handle);
	return err;
}

errcode_t disk_xattr_write(ext2_filsys fs, ext2_ino_t ino,
			   const struct disk_xattr *list)
{
	struct ext2_xattr_handle *handle;
	errcode_t err;

	if (!list)
		return 0;
	err = open_all(fs, ino, &handle);
	if (err)
		return err;
	for (; !err && list; list = list->next)
		err = ext2fs_xattr_set(handle, list->name, list->value,
				       list->bytes);
	ext2fs_xattrs_close(&handle);
	return err;
}

struct extraction {
	int fd;
	int err;
};

static int extract_one(char *name, char *value, size_t bytes, void *arg)
{
	struct extraction *x = arg;

	if (strncmp(name, PREFIX, PREFIX_BYTES) != 0 ||
	    !fsetxattr(x->fd, name, value, bytes, 0))
		return 0;
	if (errno == ENOTSUP || errno == EPERM)
		return XATTR_ABORT;
	x->err = errno;
	return XATTR_ABORT;
}

errcode_t disk_xattr_extract(ext2_filsys fs, const struct disk_inode *inode,
			     int fd)
{
	struct extraction x = {.fd = fd};
	struct ext2_xattr_handle *handle;
	errcode_t err;

	/* Most have none, and need not be read again. */
	if (!inode->raw.i_file_acl &&
	    EXT2_INODE_SIZE(fs->super) <= EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	if (!ext2fs_has_feature_xattr(fs->super))
		return 0;
	err = open_all(fs, inode->ino, &handle);
	if (err)
		return err;
	err = ext2fs_xattrs_iterate(handle, extract_one, &x);
	ext2fs_xattrs_close(&handle);
	return err ? err : x.err;
}
