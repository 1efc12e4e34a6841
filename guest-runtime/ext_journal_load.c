/* SPDX-License-Identifier: ISC */
/* The journal of an ext3 or ext4 file system: where it is, what it says. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "ext_journal.h"
#include "ext_store_internal.h"

#define BLOCKS_LEAST 16 /* a transaction must have room */

struct finder {
	struct ext_store *store;
	uint32_t blocks;
	long err;
};

/* Takes block @at of the journal's file. */
static long add_block(struct ext_store *store, uint32_t at, blk64_t blk)
{
	struct ext_journal *j = &store->journal;
	struct ext_log_run *last = j->runs ? &j->runs[j->run_count - 1] : NULL;
	struct ext_log_run *runs;

	if (!blk || blk >= store->blocks)
		return -EUCLEAN;
	if (last && last->blk + last->count == blk) {
		last->count++;
		return 0;
	}
	/* Grows at powers of two. */
	if (!j->runs || !(j->run_count & (j->run_count - 1))) {
		size_t room = j->run_count ? 2 * j->run_count : 1;

		runs = realloc(j->runs, room * sizeof(*runs));
		if (!runs)
			return -ENOMEM;
		j->runs = runs;
	}
	j->runs[j->run_count++] = (struct ext_log_run){at, 1, blk};
	return 0;
}

static int visit(ext2_filsys fs, blk64_t *blk, e2_blkcnt_t at,
		 blk64_t ref_block, int ref_offset, void *arg)
{
	struct finder *f = arg;

	(void)fs, (void)ref_block, (void)ref_offset;
	if (at != (e2_blkcnt_t)f->store->journal.blocks)
		f->err = -EUCLEAN; /* a hole */
	else if (f->store->journal.blocks == f->blocks)
		return BLOCK_ABORT; /* past what its size says */
	else
		f->err = add_block(f->store, (uint32_t)at, *blk);
	if (f->err)
		return BLOCK_ABORT;
	f->store->journal.blocks++;
	return 0;
}

static long find_blocks(struct ext_store *store, ext2_filsys fs)
{
	ext2_ino_t ino = fs->super->s_journal_inum;
	struct finder f = {.store = store};
	struct ext2_inode inode;
	errcode_t err;

	if (!ino || ino > fs->super->s_inodes_count)
		return -EUCLEAN;
	err = ext2fs_read_inode(fs, ino, &inode);
	if (err)
		return ext_io_errno(err);
	/* It has no holes: one of more blocks than there are names some twice.
	 */
	if (!inode.i_links_count || !LINUX_S_ISREG(inode.i_mode) ||
	    EXT2_I_SIZE(&inode) / store->block_bytes > UINT32_MAX / 8 ||
	    EXT2_I_SIZE(&inode) / store->block_bytes > store->blocks)
		return -EUCLEAN;
	f.blocks = (uint32_t)(EXT2_I_SIZE(&inode) / store->block_bytes);
	err = ext2fs_block_iterate3(fs, ino,
				    BLOCK_FLAG_HOLE | BLOCK_FLAG_DATA_ONLY |
					    BLOCK_FLAG_READ_ONLY,
				    NULL, visit, &f);
	if (f.err)
		return f.err;
	if (err)
		return ext_io_errno(err);
	return store->journal.blocks == f.blocks && f.blocks ? 0 : -EUCLEAN;
}

blk64_t ext_journal_block(const struct ext_store *store, uint32_t at,
			  uint32_t *run)
{
	const struct ext_journal *j = &store->journal;
	size_t low = 0, high = j->run_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (j->runs[middle].first <= at)
			low = middle;
		else
			high = middle;
	}
	at -= j->runs[low].first;
	*run = j->runs[low].count - at;
	return j->runs[low].blk + at;
}

static const struct journal_superblock_s *super_of(const struct ext_journal *j)
{
	return (const void *)j->super;
}

static uint32_t super_csum(const struct ext_journal *j)
{
	struct journal_superblock_s copy = *super_of(j);

	copy.s_checksum = 0;
	return ext2fs_crc32c_le(~0u, (const unsigned char *)&copy,
				sizeof(copy));
}

#define CSUM_FEATURES \
	(JBD2_FEATURE_INCOMPAT_CSUM_V2 | JBD2_FEATURE_INCOMPAT_CSUM_V3)

static const char *check_format(const struct ext_journal *j)
{
	const struct journal_superblock_s *s = super_of(j);
	uint32_t incompat = be32(s->s_feature_incompat);
	uint32_t type = be32(s->s_header.h_blocktype);

	if (be32(s->s_header.h_magic) != JBD2_MAGIC_NUMBER)
		return "its journal is damaged; run e2fsck";
	if (type == JBD2_SUPERBLOCK_V1)
		return "its journal has an old format; run e2fsck";
	if (type != JBD2_SUPERBLOCK_V2 ||
	    (incompat & ~(uint32_t)JBD2_KNOWN_INCOMPAT_FEATURES) ||
	    s->s_feature_ro_compat)
		return "its journal has a format that is not known here";
	if (be32(s->s_nr_users) > 1)
		return "its journal is shared with others";
	if (!(incompat & CSUM_FEATURES))
		return NULL;
	if ((incompat & CSUM_FEATURES) == CSUM_FEATURES ||
	    s->s_checksum_type != JBD2_CRC32C_CHKSUM ||
	    be32(s->s_checksum) != super_csum(j))
		return "its journal's superblock is damaged; run e2fsck";
	return NULL;
}

static const char *check_geometry(const struct ext_store *store)
{
	const struct ext_journal *j = &store->journal;
	const struct journal_superblock_s *s = super_of(j);
	uint32_t first = be32(s->s_first), end = be32(s->s_maxlen);
	uint32_t start = be32(s->s_start);

	if (be32(s->s_blocksize) != store->block_bytes || end > j->blocks ||
	    first < 1 || first >= end || end - first < BLOCKS_LEAST ||
	    (start && (start < first || start >= end)))
		return "its journal's superblock is damaged; run e2fsck";
	return NULL;
}

long ext_journal_load(struct ext_store *store, ext2_filsys fs, const char **why)
{
	struct ext_journal *j = &store->journal;
	const struct journal_superblock_s *s;
	uint32_t run;
	long err;

	if (!ext2fs_has_feature_journal(fs->super))
		return -ENOENT;
	*why = "its journal is elsewhere; run e2fsck";
	for (size_t i = 0; i < sizeof(fs->super->s_journal_uuid); i++)
		if (fs->super->s_journal_uuid[i])
			return -EOPNOTSUPP;
	if (fs->super->s_journal_dev)
		return -EOPNOTSUPP;
	*why = "its journal cannot be found; run e2fsck";
	err = find_blocks(store, fs);
	if (err)
		return err;
	*why = "its journal cannot be read";
	j->super = malloc(store->block_bytes);
	if (!j->super)
		return -ENOMEM;
	err = ext_store_transfer_one(store, BP_BLOCK_READ,
				     ext_journal_block(store, 0, &run),
				     j->super, store->block_bytes);
	if (err)
		return err;
	*why = check_format(j);
	if (!*why)
		*why = check_geometry(store);
	if (*why)
		return -EUCLEAN;
	s = super_of(j);
	j->first = j->head = be32(s->s_first);
	j->end = be32(s->s_maxlen);
	/* The number there may be in use; so the kernel does. */
	j->tid = be32(s->s_sequence) + 1;
	return 0;
}

void ext_journal_finish(struct ext_store *store)
{
	free(store->journal.runs);
	free(store->journal.super);
	memset(&store->journal, 0, sizeof(store->journal));
}

bool ext_journal_used(const struct ext_store *store)
{
	return super_of(&store->journal)->s_start != 0;
}

bool ext_journal_has_fast_commits(const struct ext_store *store)
{
	return be32(super_of(&store->journal)->s_feature_incompat) &
	       JBD2_FEATURE_INCOMPAT_FAST_COMMIT;
}

bool ext_journal_has_error(const struct ext_store *store)
{
	return super_of(&store->journal)->s_errno != 0;
}

void ext_journal_set_format(struct ext_store *store)
{
	struct ext_journal *j = &store->journal;
	struct journal_superblock_s *s = (void *)j->super;
	uint32_t incompat = JBD2_FEATURE_INCOMPAT_REVOKE;

	j->csum = ext2fs_has_feature_metadata_csum(store->fs->super);
	j->wide = ext2fs_has_feature_64bit(store->fs->super);
	if (j->csum)
		incompat |= JBD2_FEATURE_INCOMPAT_CSUM_V3;
	if (j->wide)
		incompat |= JBD2_FEATURE_INCOMPAT_64BIT;
	s->s_feature_compat = 0;
	s->s_feature_incompat = be32(incompat);
	s->s_checksum_type = j->csum ? JBD2_CRC32C_CHKSUM : 0;
	j->seed = ext2fs_crc32c_le(~0u, s->s_uuid, sizeof(s->s_uuid));
	if (j->csum)
		j->tag_bytes = sizeof(journal_block_tag3_t);
	else
		j->tag_bytes = j->wide ? sizeof(journal_block_tag_t) : 8;
}

long ext_journal_write_super(struct ext_store *store, uint32_t start,
			     uint32_t tid)
{
	struct ext_journal *j = &store->journal;
	struct journal_superblock_s *s = (void *)j->super;
	uint32_t run;

	s->s_start = be32(start);
	s->s_sequence = be32(tid);
	s->s_checksum = j->csum ? be32(super_csum(j)) : 0;
	return ext_store_transfer_one(store, BP_BLOCK_WRITE,
				      ext_journal_block(store, 0, &run),
				      j->super, store->block_bytes);
}
