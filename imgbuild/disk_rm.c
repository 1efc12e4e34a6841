/* SPDX-License-Identifier: ISC */
/* rm and mkdir. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "disk_command.h"
#include "disk_edit.h"
#include "disk_image.h"
#include "disk_inode.h"
#include "disk_path.h"
#include "disk_progress.h"
#include "disk_put.h"
#include "disk_text.h"
#include "disk_tree.h"
#include "process.h"

static int remove_one(struct disk_image *image, const char *path,
		      const struct disk_args *args)
{
	char name[EXT2_NAME_LEN + 1];
	struct disk_inode dir;
	errcode_t err = disk_path_find_parent(image->fs, path, &dir, name);

	if (err == EINVAL) {
		disk_warn("%s:%s: cannot be removed; name what is in it",
			  image->path, path);
		return -EINVAL;
	}
	if (!err)
		err = disk_edit_remove(image, dir.ino, name, args->recursive);
	if (err == EISDIR) {
		disk_warn("%s:%s: a directory; add -r", image->path, path);
		return -EISDIR;
	}
	return err ? disk_fail(image->path, path, err) : 0;
}

static errcode_t make_one(struct disk_image *image, const char *path,
			  const struct disk_args *args)
{
	struct timespec now = {image->now, 0};
	struct disk_progress none = {0};
	struct disk_put put = {
		.fs = image->fs, .progress = &none, .born_now = true};
	struct disk_edit edit = {.image = image, .put = &put};
	char name[EXT2_NAME_LEN + 1];
	struct disk_inode dir, there;
	struct disk_node *node;
	errcode_t err;

	if (!disk_path_find(image->fs, path, true, &there))
		return args->parents && disk_inode_is_dir(&there) ? 0 : EEXIST;
	err = disk_path_find_parent(image->fs, path, &dir, name);
	if (err)
		return err;
	node = disk_node_create(name, S_IFDIR | 0755, now);
	if (!node)
		return EXT2_ET_NO_MEMORY;
	node->uid = args->uid;
	node->gid = args->gid;
	/* What is there by now is a link that leads nowhere. */
	err = disk_edit_insert(&edit, dir.ino, name, node);
	disk_edit_finish(&edit);
	disk_put_finish(&put);
	disk_node_destroy(node);
	return err == ENOTDIR ? EEXIST : err;
}

static int make(struct disk_image *image, const char *path,
		const struct disk_args *args)
{
	char part[PATH_MAX];
	errcode_t err = 0;

	if (strlen(path) >= sizeof(part))
		return disk_fail(image->path, path, ENAMETOOLONG);
	for (size_t i = 1; !err && args->parents && path[i]; i++) {
		if (path[i] != '/' || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		err = make_one(image, part, args);
		err = err == EEXIST ? ENOTDIR : err;
	}
	if (!err)
		err = make_one(image, path, args);
	return err ? disk_fail(image->path, path, err) : 0;
}

/* Several paths may be in one image: all of them change, or none does. */
static int edit(const struct disk_args *args,
		int (*each)(struct disk_image *image, const char *path,
			    const struct disk_args *args))
{
	struct process_signals signals;
	struct disk_path first, at;
	struct disk_image image;
	int err = disk_path_parse(&first, args->path[0]);

	process_signals_block(&signals);
	for (int i = 0; !err && i < args->path_count; i++) {
		err = disk_path_parse(&at, args->path[i]);
		if (err || (at.image[0] && !strcmp(at.image, first.image)))
			continue;
		disk_warn("%s: not IMAGE:/PATH, or in another image than the "
			  "first",
			  args->path[i]);
		err = -EINVAL;
	}
	if (!err)
		err = disk_image_open(&image, first.image, DISK_WRITE,
				      args->recover);
	if (!err) {
		for (int i = 0; !err && i < args->path_count; i++) {
			err = disk_path_parse(&at, args->path[i]);
			if (!err)
				err = each(&image, at.path, args);
		}
		if (!err)
			err = disk_image_commit(&image);
		disk_image_close(&image);
	}
	process_signals_unblock(&signals);
	return err;
}

int disk_command_rm(const struct disk_args *args)
{
	return edit(args, remove_one);
}

int disk_command_mkdir(const struct disk_args *args)
{
	return edit(args, make);
}
