/* SPDX-License-Identifier: ISC */
#include "disk_put.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_content.h"
#include "disk_dir_write.h"
#include "disk_io.h"
#include "disk_progress.h"
#include "disk_tree.h"
#include "disk_xattr.h"

#define LINKS_MAX 65000 /* ext4's */

static errcode_t take_inode(struct disk_put *p, struct disk_node *node,
			    ext2_ino_t parent)
{
	errcode_t err = 0;

	if (!node->ino)
		err = ext2fs_new_inode(p->fs, parent, (int)node->mode, NULL,
				       &node->ino);
	if (!err)
		ext2fs_inode_alloc_stats2(p->fs, node->ino, 1,
					  S_ISDIR(node->mode));
	return err;
}

static void init_inode(const struct disk_put *p, const struct disk_node *node,
		       struct disk_inode *inode)
{
	struct timespec other = node->mtime;

	if (p->born_now)
		other = (struct timespec){p->fs->now, 0};
	inode->ino = node->ino;
	disk_inode_init(p->fs, inode, node->mode, node->uid, node->gid);
	disk_inode_set_atime(inode, node->mtime);
	disk_inode_set_mtime(inode, node->mtime);
	disk_inode_set_ctime(inode, other);
	disk_inode_set_birth(inode, other);
	inode->raw.i_links_count = 1;
}

/* Writes @data to the blocks that were added last. */
static errcode_t write_runs(struct disk_put *p, uint64_t logical,
			    uint64_t count, const uint8_t *data)
{
	uint64_t bytes = p->fs->blocksize;
	size_t i = p->alloc.run_count - 1;
	errcode_t err = 0;

	while (p->alloc.run[i].logical > logical)
		i--;
	for (; !err && i < p->alloc.run_count; i++) {
		const struct disk_run *run = &p->alloc.run[i];
		uint64_t skip = logical - run->logical;
		uint64_t n =
			run->count - skip < count ? run->count - skip : count;

		err = disk_io_write(p->fs, (run->physical + skip) * bytes, data,
				    (size_t)(n * bytes));
		data += n * bytes;
		logical += n;
		count -= n;
	}
	return err;
}

static long put_blocks(void *arg, uint64_t block, uint64_t count,
		       const void *data)
{
	struct disk_put *p = arg;
	errcode_t err = disk_alloc_add(&p->alloc, block, count);

	return err ? err : write_runs(p, block, count, data);
}

static errcode_t put_file(struct disk_put *p, const struct disk_node *node,
			  struct disk_inode *inode)
{
	errcode_t err;
	int fd;

	if (node->size) {
		fd = disk_content_open(p->tree, node);
		if (fd < 0) {
			p->failed_said = true;
			return EIO;
		}
		err = disk_content_each(fd, node->size, p->fs->blocksize,
					p->progress, put_blocks, p);
		close(fd);
		if (err)
			return err;
	}
	return disk_alloc_record(&p->alloc, inode, node->size);
}

static errcode_t put_symlink(struct disk_put *p, const struct disk_node *node,
			     struct disk_inode *inode)
{
	size_t bytes = strlen(node->target);
	char block[PATH_MAX + 1] = "";
	errcode_t err;

	if (bytes >= p->fs->blocksize || bytes >= sizeof(block))
		return ENAMETOOLONG;
	if (bytes < sizeof(inode->raw.i_block)) {
		memcpy(inode->raw.i_block, node->target, bytes);
		inode->raw.i_size = (uint32_t)bytes;
		return disk_inode_write(p->fs, inode);
	}
	err = disk_alloc_add(&p->alloc, 0, 1);
	if (err)
		return err;
	memcpy(block, node->target, bytes);
	/* Nobody looks behind the end of it, but the bytes must be the same. */
	err = disk_io_write(
		p->fs, p->alloc.run[0].physical * p->fs->blocksize, block,
		p->fs->blocksize < PATH_MAX ? p->fs->blocksize : PATH_MAX);
	return err ? err : disk_alloc_record(&p->alloc, inode, bytes);
}

static errcode_t put_dir_blocks(struct disk_put *p, struct disk_inode *inode,
				ext2_ino_t parent, const struct disk_dir *list,
				uint64_t blocks)
{
	size_t at = 0;
	errcode_t err = disk_alloc_add(&p->alloc, 0, blocks);

	if (!err)
		err = disk_alloc_record(&p->alloc, inode,
					blocks * p->fs->blocksize);
	for (size_t i = 0; !err && i < p->alloc.run_count; i++) {
		const struct disk_run *run = &p->alloc.run[i];

		for (uint64_t n = 0; !err && n < run->count; n++)
			err = disk_dir_write_new(p->fs, inode->ino,
						 run->logical + n ? 0 : parent,
						 list, &at, run->physical + n);
	}
	return err;
}

static errcode_t put_dir(struct disk_put *p, struct disk_node *node,
			 struct disk_inode *inode, ext2_ino_t parent)
{
	struct disk_dir list = {0};
	uint64_t blocks, least = 1;
	unsigned links = 2;
	errcode_t err = 0;

	for (size_t i = 0; !err && i < node->child_count; i++) {
		struct disk_node *child = node->child[i];

		err = disk_put_node(p, child, node->ino);
		if (!err)
			err = disk_dir_list_add(&list, child->name, child->ino,
						disk_inode_type(child->mode));
		links += S_ISDIR(child->mode);
	}
	if (links > LINKS_MAX) {
		if (!ext2fs_has_feature_dir_nlink(p->fs->super))
			err = err ? err : EMLINK;
		links = 1; /* as the kernel writes "many" */
	}
	inode->raw.i_links_count = (uint16_t)links;
	if (parent == EXT2_ROOT_INO && !strcmp(node->name, "lost+found"))
		least = DISK_LOST_FOUND_BYTES / p->fs->blocksize;
	if (!err) {
		disk_alloc_reset(&p->alloc);
		blocks = disk_dir_new_blocks(p->fs, &list);
		err = put_dir_blocks(p, inode, parent, &list,
				     blocks > least ? blocks : least);
	}
	disk_dir_finish(&list);
	return err;
}

static errcode_t put_contents(struct disk_put *p, struct disk_node *node,
			      ext2_ino_t parent)
{
	struct disk_inode inode;
	errcode_t err;

	init_inode(p, node, &inode);
	disk_alloc_reset(&p->alloc);
	switch (node->mode & S_IFMT) {
	case S_IFREG:
		err = put_file(p, node, &inode);
		break;
	case S_IFLNK:
		err = put_symlink(p, node, &inode);
		break;
	case S_IFDIR:
		err = put_dir(p, node, &inode, parent);
		break;
	case S_IFCHR:
	case S_IFBLK:
		disk_inode_set_rdev(&inode, node->rdev);
		err = disk_inode_write(p->fs, &inode);
		break;
	default:
		err = disk_inode_write(p->fs, &inode);
		break;
	}
	/* Last, as it changes the inode on the disk. */
	return err ? err : disk_xattr_write(p->fs, node->ino, node->xattrs);
}

/* One more name for a file that is there. */
static errcode_t put_name(struct disk_put *p, struct disk_node *node)
{
	struct disk_inode inode;
	errcode_t err;

	node->ino = node->same->ino;
	err = disk_inode_read(p->fs, node->ino, &inode);
	if (!err && inode.raw.i_links_count >= LINKS_MAX)
		err = EMLINK;
	if (err)
		return err;
	inode.raw.i_links_count++;
	return disk_inode_write(p->fs, &inode);
}

errcode_t disk_put_node(struct disk_put *p, struct disk_node *node,
			ext2_ino_t parent)
{
	errcode_t err = disk_progress_add(p->progress, 0);

	p->alloc.fs = p->fs;
	if (!err && node->same) {
		err = put_name(p, node);
	} else if (!err) {
		err = take_inode(p, node, parent);
		if (!err)
			err = put_contents(p, node, parent);
	}
	if (err && !p->failed)
		p->failed = node;
	return err;
}

void disk_put_finish(struct disk_put *p)
{
	disk_alloc_finish(&p->alloc);
}
