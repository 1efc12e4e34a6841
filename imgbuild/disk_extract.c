/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * Names were checked when the directory was read: none has a slash in it. A
 * file is made under a name of its own and then renamed, a directory is opened
 * without following links, each from the descriptor of the one that it is in.
 * So a symbolic link that the image, or somebody else, has put in the way is
 * replaced or stops it, but is not followed.
 */
#include "disk_extract.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_dir.h"
#include "disk_image.h"
#include "disk_inode.h"
#include "disk_map.h"
#include "disk_progress.h"
#include "disk_sink.h"
#include "disk_text.h"
#include "disk_xattr.h"

#define TEMP_BYTES 64

struct link {
	ext2_ino_t ino;
	char path[]; /* of its first name, from dir_fd on */
};

struct extract {
	const struct disk_image *image;
	const struct disk_extract_options *options;
	const char *from; /* the top in the image and on the host */
	const char *to;
	int dir_fd; /* where that is, or is to be, under this name */
	const char *name;
	ext2fs_inode_bitmap seen; /* directories */
	void *links;
	uint64_t bytes;
	bool from_host;	     /* the last error is about the host's side */
	char path[PATH_MAX]; /* below the top, of what is being copied */
};

/* Errors of either side travel the same way; this tells which it was. */
static errcode_t host_error(struct extract *x, int err)
{
	x->from_host = true;
	return err;
}

static void temp_name(char name[TEMP_BYTES])
{
	snprintf(name, TEMP_BYTES, ".imgbuild-%ld", (long)getpid());
}

/* Gives the file its name, in place of a file or link, of nothing else. */
static errcode_t put_in_place(struct extract *x, int dir_fd, const char *temp,
			      const char *name)
{
	struct stat st;
	int err = 0;

	if (!fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		err = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;
	if (!err && renameat(dir_fd, temp, dir_fd, name))
		err = errno;
	/* Also when both were names of one file: then rename() does nothing. */
	unlinkat(dir_fd, temp, 0);
	return err ? host_error(x, err) : 0;
}

static mode_t mode_of(const struct extract *x, const struct disk_inode *inode)
{
	return inode->raw.i_mode & (x->options->preserve ? 07777 : 01777);
}

static errcode_t set_times(struct extract *x, int dir_fd, const char *name,
			   const struct disk_inode *inode)
{
	struct timespec t = disk_inode_mtime(inode);
	struct timespec both[2] = {t, t};
	uint32_t uid = disk_inode_uid(inode), gid = disk_inode_gid(inode);

	if (x->options->preserve &&
	    fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW))
		return host_error(x, errno);
	/* Changing the owner has cleared these. */
	if (x->options->preserve && !disk_inode_is_symlink(inode) &&
	    fchmodat(dir_fd, name, mode_of(x, inode), 0))
		return host_error(x, errno);
	if (utimensat(dir_fd, name, both, AT_SYMLINK_NOFOLLOW))
		return host_error(x, errno);
	return 0;
}

struct contents {
	struct extract *x;
	struct disk_progress *progress;
	struct disk_sink sink;
	uint64_t bytes;
};

static errcode_t write_piece(void *arg, uint64_t offset, const void *data,
			     size_t bytes)
{
	struct contents *c = arg;
	int err = disk_sink_write(&c->sink, offset, data, bytes);

	c->bytes += bytes;
	if (err)
		return host_error(c->x, err);
	return disk_progress_add(c->progress, bytes);
}

static errcode_t copy_contents(struct extract *x,
			       const struct disk_inode *inode, int fd)
{
	ext2_filsys fs = x->image->fs;
	struct contents c = {.x = x, .progress = x->options->progress};
	errcode_t err;
	int end;

	disk_sink_begin(&c.sink, fd);
	err = disk_map_read(fs, inode, write_piece, &c);
	/* No disk has more in its files than blocks, but for shared ones. */
	x->bytes += c.bytes;
	if (!err && !ext2fs_has_feature_shared_blocks(fs->super) &&
	    x->bytes / fs->blocksize > ext2fs_blocks_count(fs->super))
		err = EUCLEAN;
	if (err)
		return err;
	end = disk_sink_end(&c.sink, disk_inode_size(fs, inode));
	return end ? host_error(x, end) : 0;
}

static errcode_t extract_file(struct extract *x, const struct disk_inode *inode,
			      int dir_fd, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	char temp[TEMP_BYTES];
	errcode_t err;
	int fd;

	temp_name(temp);
	fd = openat(dir_fd, temp, flags, 0600);
	if (fd < 0)
		return host_error(x, errno);
	err = copy_contents(x, inode, fd);
	if (!err)
		err = disk_xattr_extract(x->image->fs, inode, fd);
	if (!err && fchmod(fd, mode_of(x, inode)))
		err = host_error(x, errno);
	if (close(fd) && !err)
		err = host_error(x, errno);
	if (!err)
		err = set_times(x, dir_fd, temp, inode);
	if (!err)
		return put_in_place(x, dir_fd, temp, name);
	unlinkat(dir_fd, temp, 0);
	return err;
}

/* Links, FIFOs, sockets and devices: all that has no contents. */
static errcode_t extract_special(struct extract *x,
				 const struct disk_inode *inode, int dir_fd,
				 const char *name)
{
	char temp[TEMP_BYTES], target[DISK_TARGET_BYTES];
	errcode_t err;

	temp_name(temp);
	if (disk_inode_is_symlink(inode)) {
		err = disk_inode_target(x->image->fs, inode, target);
		if (!err && symlinkat(target, dir_fd, temp))
			err = host_error(x, errno);
	} else {
		err = 0;
		if (mknodat(dir_fd, temp, inode->raw.i_mode & S_IFMT,
			    disk_inode_rdev(inode)) ||
		    fchmodat(dir_fd, temp, mode_of(x, inode), 0))
			err = host_error(x, errno);
	}
	if (!err)
		err = set_times(x, dir_fd, temp, inode);
	if (!err)
		return put_in_place(x, dir_fd, temp, name);
	unlinkat(dir_fd, temp, 0);
	return err;
}

static int by_ino(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* One more name of a file that was copied; ENOENT when it was not. */
static errcode_t extract_link(struct extract *x, const struct disk_inode *inode,
			      int dir_fd, const char *name)
{
	struct link key = {.ino = inode->ino};
	struct link **found = tfind(&key, &x->links, by_ino);
	char temp[TEMP_BYTES];

	if (!found)
		return ENOENT;
	temp_name(temp);
	if (linkat(x->dir_fd, (*found)->path, dir_fd, temp, 0))
		return host_error(x, errno);
	return put_in_place(x, dir_fd, temp, name);
}

static errcode_t note_link(struct extract *x, const struct disk_inode *inode)
{
	struct link *link =
		malloc(sizeof(*link) + strlen(x->name) + strlen(x->path) + 2);

	if (!link)
		return EXT2_ET_NO_MEMORY;
	link->ino = inode->ino;
	stpcpy(stpcpy(stpcpy(link->path, x->name),
		      *x->name && *x->path ? "/" : ""),
	       x->path);
	if (tsearch(link, &x->links, by_ino))
		return 0;
	free(link);
	return EXT2_ET_NO_MEMORY;
}

static errcode_t extract_node(struct extract *x, const struct disk_inode *inode,
			      int dir_fd, const char *name);

static errcode_t extract_entry(struct extract *x, const struct disk_entry *e,
			       int dir_fd)
{
	size_t at = strlen(x->path);
	struct disk_inode inode;
	errcode_t err;

	if (at + strlen(e->name) + 2 > sizeof(x->path))
		return ENAMETOOLONG;
	stpcpy(stpcpy(x->path + at, at ? "/" : ""), e->name);
	err = disk_inode_read(x->image->fs, e->ino, &inode);
	if (!err)
		err = extract_node(x, &inode, dir_fd, e->name);
	if (!err) /* else it is for the message */
		x->path[at] = '\0';
	return err;
}

static errcode_t extract_entries(struct extract *x,
				 const struct disk_inode *dir, int fd)
{
	struct disk_dir list = {0};
	errcode_t err;

	/* A directory has one name; with two it could lead round in circles. */
	if (ext2fs_test_inode_bitmap2(x->seen, dir->ino))
		return EUCLEAN;
	ext2fs_mark_inode_bitmap2(x->seen, dir->ino);
	err = disk_dir_read(x->image->fs, dir, &list);
	for (size_t i = 0; !err && i < list.n; i++)
		err = extract_entry(x, &list.entry[i], fd);
	disk_dir_finish(&list);
	return err;
}

static errcode_t extract_dir(struct extract *x, const struct disk_inode *inode,
			     int dir_fd, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool is_new = !mkdirat(dir_fd, name, 0700);
	errcode_t err;
	int fd;

	if (!is_new && errno != EEXIST)
		return host_error(x, errno);
	fd = openat(dir_fd, name, flags);
	if (fd < 0)
		return host_error(x, errno == ELOOP ? ENOTDIR : errno);
	err = extract_entries(x, inode, fd);
	if (!err && is_new) {
		err = disk_xattr_extract(x->image->fs, inode, fd);
		if (!err && fchmod(fd, mode_of(x, inode)))
			err = host_error(x, errno);
		if (!err)
			err = set_times(x, dir_fd, name, inode);
	}
	close(fd);
	return err;
}

static errcode_t extract_node(struct extract *x, const struct disk_inode *inode,
			      int dir_fd, const char *name)
{
	unsigned mode = inode->raw.i_mode;
	errcode_t err = disk_progress_add(x->options->progress, 0);

	if (err)
		return err;
	if (disk_inode_is_dir(inode))
		return extract_dir(x, inode, dir_fd, name);
	if (inode->raw.i_links_count > 1) {
		err = extract_link(x, inode, dir_fd, name);
		if (err != ENOENT || x->from_host)
			return err;
	}
	if ((LINUX_S_ISCHR(mode) || LINUX_S_ISBLK(mode)) &&
	    !x->options->preserve) {
		disk_warn("%s:%s%s%s: a device; left out, as there was no -p",
			  x->image->path, x->from, *x->path ? "/" : "",
			  x->path);
		return 0;
	}
	if (disk_inode_is_file(inode))
		err = extract_file(x, inode, dir_fd, name);
	else if (disk_inode_type(mode) == EXT2_FT_UNKNOWN)
		err = EUCLEAN;
	else
		err = extract_special(x, inode, dir_fd, name);
	if (!err && inode->raw.i_links_count > 1)
		err = note_link(x, inode);
	return err;
}

static int report(struct extract *x, errcode_t err)
{
	char path[PATH_MAX * 2];

	snprintf(path, sizeof(path), "%s%s%s", x->from_host ? x->to : x->from,
		 *x->path ? "/" : "", x->path);
	return x->from_host ? disk_fail_host(path, (int)err)
			    : disk_fail(x->image->path, path, err);
}

int disk_extract(const struct disk_image *image, const char *from,
		 const struct disk_inode *inode, int dir_fd, const char *name,
		 const char *to, const struct disk_extract_options *options)
{
	struct extract x = {.image = image,
			    .options = options,
			    .from = strcmp(from, "/") != 0 ? from : "",
			    .to = to,
			    .dir_fd = dir_fd,
			    .name = name};
	errcode_t err =
		ext2fs_allocate_inode_bitmap(image->fs, "seen", &x.seen);

	if (err)
		return disk_fail(image->path, from, err);
	if (*name)
		err = extract_node(&x, inode, dir_fd, name);
	else
		err = extract_entries(&x, inode, dir_fd);
	ext2fs_free_inode_bitmap(x.seen);
	tdestroy(x.links, free);
	return err ? report(&x, err) : 0;
}

int disk_extract_contents(const struct disk_image *image, const char *from,
			  const struct disk_inode *inode, int fd)
{
	struct disk_progress none = {0};
	struct disk_extract_options options = {.progress = &none};
	struct extract x = {.image = image,
			    .options = &options,
			    .from = from,
			    .to = "standard output"};
	errcode_t err = copy_contents(&x, inode, fd);

	return err ? report(&x, err) : 0;
}
