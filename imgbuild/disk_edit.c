/* SPDX-License-Identifier: ISC */
#include "disk_edit.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "disk_dir_write.h"
#include "disk_image.h"
#include "disk_inode.h"
#include "disk_put.h"
#include "disk_tree.h"

/* Deeper than any path that a kernel takes. */
#define DEPTH_MAX (PATH_MAX / 2)

#define LINKS_MAX 65000 /* ext4's */

/* What adding or removing an entry does to the directory itself. */
static errcode_t touch(struct disk_image *image, ext2_ino_t ino, int links)
{
	struct timespec now = {image->now, 0};
	struct disk_inode dir;
	errcode_t err = disk_inode_read(image->fs, ino, &dir);

	if (err)
		return err;
	/* 1 stands for too many to count; so it stays. */
	if (links > 0 && dir.raw.i_links_count >= LINKS_MAX) {
		if (!ext2fs_has_feature_dir_nlink(image->fs->super))
			return EMLINK;
		dir.raw.i_links_count = 1;
	} else if (dir.raw.i_links_count > 1) {
		dir.raw.i_links_count =
			(uint16_t)(dir.raw.i_links_count + links);
	}
	disk_inode_set_mtime(&dir, now);
	disk_inode_set_ctime(&dir, now);
	return disk_inode_write(image->fs, &dir);
}

struct name {
	ext2_ino_t ino;
	char text[];
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text,
		      ((const struct name *)b)->text);
}

void disk_edit_finish(struct disk_edit *edit)
{
	tdestroy(edit->names, free);
	edit->names = NULL;
	edit->names_dir = 0;
}

static errcode_t note_name(void *arg, const char *text, ext2_ino_t ino,
			   int type)
{
	struct disk_edit *edit = arg;
	struct name *name = malloc(sizeof(*name) + strlen(text) + 1), **found;

	(void)type;
	if (!name)
		return EXT2_ET_NO_MEMORY;
	name->ino = ino;
	strcpy(name->text, text);
	found = tsearch(name, &edit->names, by_text);
	if (found && *found == name)
		return 0;
	free(name);
	return found ? EUCLEAN : EXT2_ET_NO_MEMORY;
}

/* *@found is NULL when there is no such name. */
static errcode_t find_name(struct disk_edit *edit, ext2_ino_t dir_ino,
			   const char *text, struct name **found)
{
	struct name *key, **at;
	struct disk_inode dir;
	errcode_t err;

	if (edit->names_dir != dir_ino) {
		disk_edit_finish(edit);
		err = disk_inode_read(edit->image->fs, dir_ino, &dir);
		if (!err)
			err = disk_dir_each(edit->image->fs, &dir, note_name,
					    edit);
		if (err)
			return err;
		edit->names_dir = dir_ino;
	}
	key = malloc(sizeof(*key) + strlen(text) + 1);
	if (!key)
		return EXT2_ET_NO_MEMORY;
	strcpy(key->text, text);
	at = tfind(key, &edit->names, by_text);
	*found = at ? *at : NULL;
	free(key);
	return 0;
}

static errcode_t add(struct disk_edit *edit, ext2_ino_t dir, const char *name,
		     struct disk_node *node)
{
	int type = disk_inode_type(node->mode);
	errcode_t err = disk_put_node(edit->put, node, dir);

	if (!err)
		err = disk_dir_add(edit->image->fs, dir, name, node->ino, type);
	if (!err)
		err = note_name(edit, name, node->ino, type);
	return err ? err : touch(edit->image, dir, S_ISDIR(node->mode));
}

static errcode_t replace(struct disk_edit *edit, ext2_ino_t dir,
			 struct name *name, struct disk_inode *old,
			 struct disk_node *node)
{
	errcode_t err = disk_put_node(edit->put, node, dir);

	if (!err)
		err = disk_dir_replace(edit->image->fs, dir, name->text,
				       node->ino, disk_inode_type(node->mode));
	if (err)
		return err;
	name->ino = node->ino;
	err = disk_image_release(edit->image, old);
	return err ? err : touch(edit->image, dir, 0);
}

errcode_t disk_edit_merge(struct disk_edit *edit, ext2_ino_t dir,
			  struct disk_node *node)
{
	errcode_t err = 0;

	for (size_t i = 0; !err && i < node->child_count; i++)
		err = disk_edit_insert(edit, dir, node->child[i]->name,
				       node->child[i]);
	return err;
}

errcode_t disk_edit_insert(struct disk_edit *edit, ext2_ino_t dir,
			   const char *name, struct disk_node *node)
{
	struct name *there = NULL;
	struct disk_inode old;
	errcode_t err = find_name(edit, dir, name, &there);

	if (!err && there)
		err = disk_inode_read(edit->image->fs, there->ino, &old);
	if (!err && !there)
		err = add(edit, dir, name, node);
	else if (!err && disk_inode_is_dir(&old) && S_ISDIR(node->mode))
		return disk_edit_merge(edit, old.ino, node);
	else if (!err && disk_inode_is_dir(&old))
		err = EISDIR;
	else if (!err && S_ISDIR(node->mode))
		err = ENOTDIR;
	else if (!err)
		err = replace(edit, dir, there, &old, node);
	if (err && !edit->put->failed)
		edit->put->failed = node;
	return err;
}

struct removal {
	struct disk_image *image;
	ext2fs_inode_bitmap seen; /* directories */
	unsigned depth;
};

static errcode_t release_entry(void *arg, const char *name, ext2_ino_t ino,
			       int type);

static errcode_t release(struct removal *r, struct disk_inode *inode)
{
	errcode_t err = 0;

	if (disk_inode_is_dir(inode)) {
		/* A directory has one name, else this might not end. */
		if (ext2fs_test_inode_bitmap2(r->seen, inode->ino) ||
		    r->depth == DEPTH_MAX)
			return EUCLEAN;
		ext2fs_mark_inode_bitmap2(r->seen, inode->ino);
		r->depth++;
		err = disk_dir_each(r->image->fs, inode, release_entry, r);
		r->depth--;
	}
	return err ? err : disk_image_release(r->image, inode);
}

static errcode_t release_entry(void *arg, const char *name, ext2_ino_t ino,
			       int type)
{
	struct removal *r = arg;
	struct disk_inode inode;
	errcode_t err = disk_inode_read(r->image->fs, ino, &inode);

	(void)name, (void)type;
	return err ? err : release(r, &inode);
}

errcode_t disk_edit_remove(struct disk_image *image, ext2_ino_t dir_ino,
			   const char *name, bool recursive)
{
	struct removal r = {.image = image};
	struct disk_inode dir, inode;
	ext2_ino_t ino = 0;
	bool is_dir;
	errcode_t err;

	err = disk_inode_read(image->fs, dir_ino, &dir);
	if (!err)
		err = disk_dir_lookup(image->fs, &dir, name, &ino);
	if (!err)
		err = disk_inode_read(image->fs, ino, &inode);
	if (err)
		return err;
	is_dir = disk_inode_is_dir(&inode);
	if (is_dir && !recursive)
		return EISDIR;
	err = ext2fs_allocate_inode_bitmap(image->fs, "seen", &r.seen);
	if (err)
		return err;
	err = release(&r, &inode);
	ext2fs_free_inode_bitmap(r.seen);
	if (!err)
		err = disk_dir_remove(image->fs, dir_ino, name);
	return err ? err : touch(image, dir_ino, is_dir ? -1 : 0);
}
