/* SPDX-License-Identifier: ISC */
/* cat and cp. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_command.h"
#include "disk_content.h"
#include "disk_edit.h"
#include "disk_extract.h"
#include "disk_image.h"
#include "disk_inode.h"
#include "disk_path.h"
#include "disk_progress.h"
#include "disk_put.h"
#include "disk_text.h"
#include "disk_tree.h"
#include "process.h"

int disk_command_cat(const struct disk_args *args)
{
	int err = 0;

	for (int i = 0; !err && i < args->path_count; i++) {
		struct disk_image image;
		struct disk_inode inode;
		struct disk_path at;
		errcode_t found;

		err = disk_path_parse_image(&at, args->path[i]);
		if (!err)
			err = disk_image_open(&image, at.image, DISK_READ,
					      args->recover);
		if (err)
			break;
		found = disk_path_find(image.fs, at.path, true, &inode);
		if (!found && !disk_inode_is_file(&inode))
			found = disk_inode_is_dir(&inode) ? EISDIR : EINVAL;
		if (found)
			err = disk_fail(at.image, at.path, found);
		else
			err = disk_extract_contents(&image, at.path, &inode,
						    STDOUT_FILENO);
		disk_image_close(&image);
	}
	return err;
}

/* A copy out of images: where to on the host. */
struct copy_out {
	const struct disk_args *args;
	const char *to;
	bool into; /* a directory that is there */
	struct disk_progress *progress;
};

/* Where to put it: a directory that is there, and a name in it or none. */
static int open_target(const struct copy_out *c, const char *from,
		       char name[EXT2_NAME_LEN + 1], char to[PATH_MAX])
{
	char dir[PATH_MAX];
	const char *slash;
	int fd;

	if (strlen(c->to) + EXT2_NAME_LEN + 2 > PATH_MAX)
		return disk_fail_host(c->to, ENAMETOOLONG);
	strcpy(dir, c->to);
	strcpy(to, c->to);
	if (c->into) {
		/* What is in "/" or "." goes into it as it is. */
		disk_path_base(from, name);
		if (*name)
			stpcpy(stpcpy(to + strlen(to), "/"), name);
	} else {
		disk_path_base(c->to, name);
		while (*dir && dir[strlen(dir) - 1] == '/')
			dir[strlen(dir) - 1] = '\0';
		slash = strrchr(dir, '/');
		strcpy(dir + (slash ? slash + 1 - dir : 0), slash ? "" : ".");
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? disk_fail_host(dir, errno) : fd;
}

static int copy_out_one(const struct copy_out *c, struct disk_image *image,
			const char *from)
{
	struct disk_extract_options options = {.preserve = c->args->parents,
					       .progress = c->progress};
	char name[EXT2_NAME_LEN + 1], to[PATH_MAX];
	struct disk_inode inode;
	errcode_t found;
	int fd, err;

	/* With -r a link is copied as one, like those that are further down. */
	found = disk_path_find(image->fs, from, !c->args->recursive, &inode);
	if (found)
		return disk_fail(image->path, from, found);
	if (disk_inode_is_dir(&inode) && !c->args->recursive) {
		disk_warn("%s:%s: a directory; add -r", image->path, from);
		return -EISDIR;
	}
	fd = open_target(c, from, name, to);
	if (fd < 0)
		return fd;
	if (disk_inode_is_file(&inode))
		disk_progress_begin(c->progress,
				    disk_inode_size(image->fs, &inode));
	err = disk_extract(image, from, &inode, fd, name, to, &options);
	disk_progress_end(c->progress);
	close(fd);
	return err;
}

/* A link to a file stands for the file; what is no file is not replaced. */
static int check_out_target(struct copy_out *c, char to[PATH_MAX])
{
	struct stat st;

	if (lstat(c->to, &st) && errno == ENOENT)
		return 0;
	if (stat(c->to, &st) || !realpath(c->to, to))
		return disk_fail_host(c->to, errno);
	c->into = S_ISDIR(st.st_mode);
	if (c->into)
		return 0;
	if (!S_ISREG(st.st_mode)) {
		disk_warn("%s: neither a file nor a directory; for a pipe or "
			  "device use imgbuild disk cat",
			  c->to);
		return -EINVAL;
	}
	c->to = to;
	return 0;
}

static int copy_out(const struct disk_args *args,
		    struct disk_progress *progress)
{
	struct copy_out c = {.args = args,
			     .to = args->path[args->path_count - 1],
			     .progress = progress};
	char to[PATH_MAX];
	int err = check_out_target(&c, to);

	if (!err && args->path_count > 2 && !c.into) {
		disk_warn("%s: not a directory, but there are several files to "
			  "copy",
			  c.to);
		err = -ENOTDIR;
	}
	for (int i = 0; !err && i < args->path_count - 1; i++) {
		struct disk_image image;
		struct disk_path at;

		err = disk_path_parse(&at, args->path[i]);
		if (!err)
			err = disk_image_open(&image, at.image, DISK_READ,
					      args->recover);
		if (err)
			break;
		err = copy_out_one(&c, &image, at.path);
		disk_image_close(&image);
	}
	return err;
}

/* A copy into an image. */
struct copy_in {
	const struct disk_args *args;
	struct disk_image *image;
	struct disk_progress *progress;
	const char *to;
	bool into; /* a directory that is there */
	ext2_ino_t dir;
	char name[EXT2_NAME_LEN + 1]; /* in it, unless into */
	struct disk_edit edit;
};

static int report_in(const struct copy_in *c, const struct disk_tree *tree,
		     const struct disk_put *put, errcode_t err)
{
	char below[PATH_MAX], file[PATH_MAX * 2];

	if (put->failed_said)
		return -EIO;
	if (!put->failed)
		return disk_fail(c->image->path, c->to, err);
	disk_content_path(put->failed, below, sizeof(below));
	stpcpy(stpcpy(stpcpy(file, tree->path), *below ? "/" : ""), below);
	if (disk_error_is_full(err)) {
		disk_warn("%s: no %s left for %s; nothing was copied; remove "
			  "something, or make a larger disk",
			  c->image->path,
			  err == EXT2_ET_INODE_ALLOC_FAIL ? "inodes" : "space",
			  file);
		return -ENOSPC;
	}
	if (err == EISDIR || err == ENOTDIR) {
		disk_warn("%s: a %s is in the way of %s; remove it first",
			  c->image->path, err == EISDIR ? "directory" : "file",
			  file);
		return -(int)err;
	}
	return disk_fail(c->image->path, file, err);
}

static errcode_t insert(struct copy_in *c, const struct disk_tree *tree)
{
	char name[EXT2_NAME_LEN + 1];

	if (!c->into)
		return disk_edit_insert(&c->edit, c->dir, c->name, tree->top);
	disk_path_base(tree->path, name);
	if (!*name)
		return disk_edit_merge(&c->edit, c->dir, tree->top);
	return disk_edit_insert(&c->edit, c->dir, name, tree->top);
}

static int copy_in_tree(struct copy_in *c, struct disk_tree *tree)
{
	struct disk_put put = {.fs = c->image->fs,
			       .tree = tree,
			       .progress = c->progress,
			       .born_now = true};
	errcode_t err;

	if (S_ISDIR(tree->top->mode) && !c->args->recursive) {
		disk_warn("%s: a directory; add -r", tree->path);
		return -EISDIR;
	}
	if (!S_ISDIR(tree->top->mode) && !c->into &&
	    c->to[strlen(c->to) - 1] == '/')
		return disk_fail(c->image->path, c->to, ENOTDIR);
	disk_progress_begin(c->progress, tree->bytes);
	c->edit.put = &put;
	err = insert(c, tree);
	disk_progress_end(c->progress);
	c->edit.put = NULL;
	disk_put_finish(&put);
	return err ? report_in(c, tree, &put, err) : 0;
}

static int find_in_target(struct copy_in *c)
{
	struct disk_inode inode;
	errcode_t err = disk_path_find(c->image->fs, c->to, true, &inode);

	c->into = !err && disk_inode_is_dir(&inode);
	if (c->into) {
		c->dir = inode.ino;
		return 0;
	}
	if (c->args->path_count > 2) {
		disk_warn("%s:%s: not a directory, but there are several files "
			  "to copy",
			  c->image->path, c->to);
		return -ENOTDIR;
	}
	if (!err || err == ENOENT)
		err = disk_path_find_parent(c->image->fs, c->to, &inode,
					    c->name);
	c->dir = inode.ino;
	return err ? disk_fail(c->image->path, c->to, err) : 0;
}

static int copy_in(const struct disk_args *args, const struct disk_path *to,
		   struct disk_progress *progress)
{
	struct disk_tree_options options = {.set_owner = args->set_owner,
					    .follow_top = !args->recursive,
					    .uid = args->uid,
					    .gid = args->gid};
	struct disk_image image;
	struct copy_in c = {.args = args,
			    .image = &image,
			    .edit.image = &image,
			    .progress = progress,
			    .to = to->path};
	int err = disk_tree_clamp(&options);

	if (err)
		return err;
	err = disk_image_open(&image, to->image, DISK_WRITE, args->recover);
	if (err)
		return err;
	err = find_in_target(&c);
	for (int i = 0; !err && i < args->path_count - 1; i++) {
		struct disk_tree tree;

		err = disk_tree_read(&tree, args->path[i], &options, progress);
		if (!err)
			err = copy_in_tree(&c, &tree);
		disk_tree_finish(&tree);
	}
	disk_edit_finish(&c.edit);
	if (!err)
		err = disk_image_commit(&image);
	disk_image_close(&image);
	return err;
}

/* All but the last of them are in images, or none is. */
static int check_sides(const struct disk_args *args, bool to_image)
{
	for (int i = 0; i < args->path_count - 1; i++) {
		struct disk_path from;
		int err = disk_path_parse(&from, args->path[i]);

		if (err)
			return err;
		if (!from.image[0] != to_image) {
			disk_warn("disk cp: %s and %s: one must be in an "
				  "image, IMAGE:/PATH, and one on the host",
				  args->path[i],
				  args->path[args->path_count - 1]);
			return -EINVAL;
		}
	}
	return 0;
}

int disk_command_cp(const struct disk_args *args)
{
	struct process_signals signals;
	struct disk_progress progress = {.signals = &signals};
	struct disk_path to;
	int err = disk_path_parse(&to, args->path[args->path_count - 1]);

	if (!err)
		err = check_sides(args, to.image[0]);
	if (err)
		return err;
	process_signals_block(&signals);
	err = to.image[0] ? copy_in(args, &to, &progress)
			  : copy_out(args, &progress);
	process_signals_unblock(&signals);
	return err;
}
