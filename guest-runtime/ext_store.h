/* SPDX-License-Identifier: ISC */
/*
 * The disk under an ext file system: its blocks in memory, and the journal
 * that makes what happened between two commits happen all or not at all.
 *
 * libext2fs reads and writes metadata through an io_manager that keeps every
 * changed block in memory until a commit. File data goes past it, straight
 * between the disk and the caller's memory.
 */
#ifndef RT_EXT_STORE_H
#define RT_EXT_STORE_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

#include "disk.h"

struct ext_store;

/*
 * Recognises an ext2, ext3 or ext4 file system on @disk, brings it to its last
 * commit (journal replay), and opens it. Where it can be read but not written
 * safely - or the disk is read-only - *@read_only is set, and *@why says why
 * in a few words (NULL: because the disk is). -EINVAL: no ext file system;
 * other errors: there is one, but it cannot be mounted, *@why says why. The
 * strings are constants. Destroy it with ext_store_close.
 */
long ext_store_open(struct rt_disk *disk, bool want_write,
		    struct ext_store **to, bool *read_only, const char **why);

/*
 * Forgets what was not committed. With @clean, everything is first committed,
 * written to its place, and the file system marked clean. 0 or -errno.
 */
long ext_store_close(struct ext_store *store, bool clean);

/* libext2fs's handle. Its bitmaps are loaded when it can be written. */
ext2_filsys ext_store_fs(struct ext_store *store);

/*
 * Everything changed so far - blocks written through the handle, its bitmaps,
 * group descriptors and superblock - is on stable storage, and so is all data
 * written before. All or nothing after a crash. On an error nothing is lost:
 * it may be tried again.
 */
long ext_store_commit(struct ext_store *store);

/* Whether there is anything for a commit to do. */
bool ext_store_pending(const struct ext_store *store);

/*
 * Whether what changed since the last commit is so much that there should be
 * one before the next change. A transaction must fit into the journal, whose
 * size is the image's choice; one that does not can never be committed, as
 * half of it would be visible after a crash: ext_store_commit then returns
 * -EFBIG for good. This is true from a quarter of the journal on. So whoever
 * asks before each change, and makes changes that dirty less than half of the
 * smallest journal (512 blocks) each, never meets that.
 */
bool ext_store_should_commit(const struct ext_store *store);

/* File data written so far is on stable storage. */
long ext_store_flush(struct ext_store *store);

/*
 * File data: @count pieces of memory, contiguous on the disk from block @blk
 * on, whole blocks in sum. Never through the cache. 0 or -errno.
 *
 * Blocks that the file system freed since the last commit are not given out
 * again by its allocator before the next one, so that data never overwrites
 * what the disk still needs. Blocks that were metadata and are in the journal
 * are revoked when they become data.
 */
long ext_store_read(struct ext_store *store, blk64_t blk,
		    const struct bp_segment *list, unsigned count);
long ext_store_write(struct ext_store *store, blk64_t blk,
		     const struct bp_segment *list, unsigned count);

/*
 * Whether freed blocks wait for a commit before they can be used again: on
 * ENOSPC, a commit may help.
 */
bool ext_store_freed(const struct ext_store *store);

#endif
