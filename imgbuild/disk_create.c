/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_build.h"
#include "disk_command.h"
#include "disk_content.h"
#include "disk_format.h"
#include "disk_image.h"
#include "disk_progress.h"
#include "disk_temp.h"
#include "disk_text.h"
#include "disk_tree.h"
#include "process.h"

#define MIB_BLOCKS ((uint64_t)(1 << 20) / DISK_BLOCK_BYTES)

/* Half that of mke2fs's where space is short, the same where it is not. */
#define INODE_RATIO_SMALL  8192
#define INODE_RATIO_LARGE  16384
#define INODE_RATIO_CHANGE ((uint64_t)512 << 20)

#define SIZE_MAX_BYTES ((uint64_t)1 << 44)

/*
 * What is there already: 0 for nothing, or a file that may be replaced, which
 * no guest may use; it stays locked. Its inode is for leaving it out.
 */
static int check_target(const struct disk_args *args,
			struct disk_tree_options *options,
			struct disk_image *old)
{
	const char *path = args->path[0];
	struct stat st;

	if (lstat(path, &st)) {
		return errno == ENOENT ? 0 : disk_fail_host(path, errno);
	}
	if (S_ISDIR(st.st_mode)) {
		disk_warn("%s: a directory; name a file", path);
		return -EISDIR;
	}
	if (!args->force) {
		disk_warn("%s: is there already; --force replaces it", path);
		return -EEXIST;
	}
	if (!S_ISREG(st.st_mode)) {
		disk_warn("%s: not a regular file; name a new one", path);
		return -EEXIST;
	}
	options->skip_dev = st.st_dev;
	options->skip_ino = st.st_ino;
	return disk_image_lock(old, path, DISK_WRITE);
}

/* The top of an empty file system, with the directory that all of them have. */
static int complete_tree(struct disk_tree *tree, const struct disk_args *args,
			 uint32_t now)
{
	struct timespec time = {now, 0};
	struct disk_node *lost_found;

	if (!tree->top) {
		tree->top = disk_node_create("", S_IFDIR | 0755, time);
		if (!tree->top)
			return disk_fail_host(args->path[0], ENOMEM);
		tree->top->uid = args->uid;
		tree->top->gid = args->gid;
		tree->inode_count = 1;
	}
	if (disk_node_find(tree->top, "lost+found"))
		return 0;
	lost_found = disk_node_create("lost+found", S_IFDIR | 0700, time);
	if (!lost_found || !disk_node_add(tree->top, lost_found)) {
		disk_node_destroy(lost_found);
		return disk_fail_host(args->path[0], ENOMEM);
	}
	tree->inode_count++;
	return 0;
}

static uint64_t inodes_for(uint64_t blocks, uint64_t used)
{
	uint64_t bytes = blocks * DISK_BLOCK_BYTES;
	uint64_t usual =
		bytes / (bytes < INODE_RATIO_CHANGE ? INODE_RATIO_SMALL
						    : INODE_RATIO_LARGE);
	uint64_t least = used + used / 4 + 16;

	return usual > least ? usual : least;
}

/* Room for a quarter more, and whole MiB. */
static int choose_size(struct disk_format *f, const struct disk_tree *tree,
		       const char *path)
{
	uint64_t need = disk_format_need(f, tree);

	need += need / 4 + MIB_BLOCKS;
	f->inodes = inodes_for(need, tree->inode_count);
	f->blocks = disk_format_fit(f, need);
	if (!f->blocks || f->blocks > SIZE_MAX_BYTES / DISK_BLOCK_BYTES) {
		disk_warn("%s: its files are too many for one disk", path);
		return -EFBIG;
	}
	f->blocks = (f->blocks + MIB_BLOCKS - 1) / MIB_BLOCKS * MIB_BLOCKS;
	f->inodes = inodes_for(f->blocks, tree->inode_count);
	return 0;
}

/* What libext2fs thinks too small is: no room for its tables. */
static int check_size(const struct disk_format *f, const char *path)
{
	ext2_filsys fs;
	errcode_t err;

	if (f->blocks > SIZE_MAX_BYTES / DISK_BLOCK_BYTES) {
		disk_warn("%s: --size is above 16T", path);
		return -EFBIG;
	}
	err = disk_format(f, -1, &fs);
	if (!err) {
		ext2fs_free(fs);
		return 0;
	}
	if (err != EXT2_ET_TOOSMALL && err != EXT2_ET_TOO_MANY_INODES &&
	    err != EXT2_ET_INVALID_ARGUMENT && !disk_error_is_full(err))
		return disk_fail(path, NULL, err);
	disk_warn("%s: --size is too small for a file system; give 256K at "
		  "least, and more for many files",
		  path);
	return -ENOSPC;
}

static int decide(const struct disk_args *args, struct disk_tree *tree,
		  struct disk_format *f)
{
	const char *path = args->path[0];
	bool fixed;
	int err = disk_image_now(&f->now, &fixed);

	if (err)
		return err;
	if (!fixed && tree->top)
		f->now = disk_tree_time(tree);
	/* Two disks for which nothing was given are still two. */
	if (!fixed && !tree->top &&
	    getrandom(f->seed, sizeof(f->seed), 0) != sizeof(f->seed))
		return disk_fail_host(path, errno);
	f->ext4 = true;
	f->journal = !args->no_journal;
	if (args->label)
		snprintf(f->label, sizeof(f->label), "%s", args->label);
	err = complete_tree(tree, args, f->now);
	if (err)
		return err;
	if (args->size_bytes) {
		f->blocks = (args->size_bytes + DISK_BLOCK_BYTES - 1) /
			    DISK_BLOCK_BYTES;
		f->inodes = inodes_for(f->blocks, tree->inode_count);
		err = check_size(f, path);
	} else {
		err = disk_content_measure(tree, tree->top, DISK_BLOCK_BYTES);
		if (!err)
			err = choose_size(f, tree, path);
	}
	if (!err)
		disk_format_seed(f, tree);
	return err;
}

static int build(const struct disk_args *args, struct disk_tree *tree)
{
	const char *path = args->path[0];
	struct disk_format format = {0};
	struct disk_temp temp = {.fd = -1};
	int err;

	err = decide(args, tree, &format);
	if (!err)
		err = disk_temp_open(&temp, path);
	if (err)
		return err;
	err = disk_build(&format, tree, temp.fd, path);
	if (err) {
		disk_temp_discard(&temp);
		return err;
	}
	return disk_temp_commit(&temp, path, args->force);
}

static int read_tree(const struct disk_args *args, struct disk_tree *tree,
		     struct disk_tree_options *options,
		     struct disk_progress *progress)
{
	int err = disk_tree_clamp(options);

	if (!err)
		err = disk_tree_read(tree, args->from, options, progress);
	if (!err && !S_ISDIR(tree->top->mode)) {
		disk_warn("--from=%s: not a directory", args->from);
		err = -ENOTDIR;
	}
	return err;
}

int disk_command_create(const struct disk_args *args)
{
	struct disk_tree_options options = {.follow_top = true,
					    .set_owner = args->set_owner,
					    .uid = args->uid,
					    .gid = args->gid};
	struct process_signals signals;
	struct disk_progress progress = {.signals = &signals};
	struct disk_tree tree = {.progress = &progress};
	struct disk_image old = {.fd = -1};
	int err;

	if (!args->size_bytes && !args->from) {
		disk_warn("disk create: how large? give --size=, or --from=");
		return -EINVAL;
	}
	process_signals_block(&signals);
	err = check_target(args, &options, &old);
	if (!err && args->from)
		err = read_tree(args, &tree, &options, &progress);
	if (!err)
		err = build(args, &tree);
	disk_tree_finish(&tree);
	disk_image_close(&old);
	process_signals_unblock(&signals);
	return err;
}
