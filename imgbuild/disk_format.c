/* SPDX-License-Identifier: ISC */
#include "disk_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "disk_dir_write.h"
#include "disk_io.h"
#include "disk_tree.h"
#include "disk_xattr.h"

#define BLOCK_BYTES_LOG	    12
#define GROUPS_PER_FLEX_LOG 4 /* as mke2fs */
#define FIT_TRIES	    64

/* Extents in a block of them, less the header and the checksum. */
#define EXTENTS_PER_BLOCK ((DISK_BLOCK_BYTES - 12 - 4) / 12)

static void set_features(struct ext2_super_block *s,
			 const struct disk_format *f)
{
	ext2fs_set_feature_filetype(s);
	ext2fs_set_feature_sparse_super(s);
	if (f->ext4 || f->xattrs)
		ext2fs_set_feature_xattr(s);
	if (!f->ext4)
		return;
	ext2fs_set_feature_dir_index(s);
	ext2fs_set_feature_extents(s);
	ext2fs_set_feature_64bit(s);
	ext2fs_set_feature_flex_bg(s);
	ext2fs_set_feature_large_file(s);
	ext2fs_set_feature_huge_file(s);
	ext2fs_set_feature_dir_nlink(s);
	ext2fs_set_feature_extra_isize(s);
	ext2fs_set_feature_metadata_csum(s);
	s->s_log_groups_per_flex = GROUPS_PER_FLEX_LOG;
}

static errcode_t initialize(const struct disk_format *f, int fd,
			    ext2_filsys *fs)
{
	struct disk_io_source source = {.fd = fd,
					.bytes = f->blocks * DISK_BLOCK_BYTES,
					.writable = true,
					.blank = true};
	uint64_t inodes = f->inodes + EXT2_GOOD_OLD_FIRST_INO - 1;
	struct ext2_super_block param = {
		.s_rev_level = EXT2_DYNAMIC_REV,
		.s_log_block_size = BLOCK_BYTES_LOG - 10,
		.s_log_cluster_size = BLOCK_BYTES_LOG - 10,
		.s_inode_size = f->ext4 ? 256 : EXT2_GOOD_OLD_INODE_SIZE,
		.s_errors = EXT2_ERRORS_CONTINUE,
	};
	char name[DISK_IO_NAME_BYTES];

	if (inodes > UINT32_MAX)
		return EXT2_ET_TOO_MANY_INODES;
	param.s_inodes_count = (uint32_t)inodes;
	ext2fs_blocks_count_set(&param, f->blocks);
	set_features(&param, f);
	disk_io_name(name, &source);
	return ext2fs_initialize(name, EXT2_FLAG_64BITS, &param,
				 disk_io_manager(), fs);
}

static void set_super(ext2_filsys fs, const struct disk_format *f)
{
	struct ext2_super_block *s = fs->super;

	fs->now = f->now;
	s->s_mkfs_time = f->now;
	s->s_lastcheck = f->now;
	s->s_wtime = f->now;
	s->s_mkfs_time_hi = 0;
	s->s_lastcheck_hi = 0;
	s->s_wtime_hi = 0;
	s->s_max_mnt_count = -1; /* check only when something is wrong */
	s->s_def_hash_version = EXT2_HASH_HALF_MD4;
	/* Else it would depend on the machine's char. */
	s->s_flags &= ~(uint32_t)EXT2_FLAGS_UNSIGNED_HASH;
	s->s_flags |= EXT2_FLAGS_SIGNED_HASH;
	memcpy(s->s_volume_name, f->label, strnlen(f->label, DISK_LABEL_BYTES));
	memcpy(s->s_uuid, f->seed, sizeof(s->s_uuid));
	s->s_uuid[6] = (uint8_t)((s->s_uuid[6] & 0x0f) | 0x80); /* version 8 */
	s->s_uuid[8] = (uint8_t)((s->s_uuid[8] & 0x3f) | 0x80);
	memcpy(s->s_hash_seed, f->seed + sizeof(s->s_uuid),
	       sizeof(s->s_hash_seed));
	if (f->ext4) {
		s->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
		s->s_checksum_type = EXT2_CRC32C_CHKSUM;
	}
	ext2fs_init_csum_seed(fs);
}

/* All but the root directory, which is made with the files. */
static errcode_t write_reserved(ext2_filsys fs)
{
	char zeros[256] = "";
	errcode_t err = 0;

	for (ext2_ino_t ino = 1; !err && ino < EXT2_FIRST_INO(fs->super);
	     ino++) {
		err = ext2fs_write_inode_full(fs, ino, (void *)zeros,
					      EXT2_INODE_SIZE(fs->super));
		if (ino != EXT2_ROOT_INO)
			ext2fs_inode_alloc_stats2(fs, ino, 1, 0);
	}
	return err;
}

static errcode_t add_journal(ext2_filsys fs)
{
	struct ext2fs_journal_params params;
	errcode_t err = ext2fs_get_journal_params(&params, fs);

	/* The file is new, its blocks are zeros as they are. */
	return err ? err
		   : ext2fs_add_journal_inode3(fs, &params, ~0ULL,
					       EXT2_MKJOURNAL_NO_MNT_CHECK |
						       EXT2_MKJOURNAL_LAZYINIT);
}

errcode_t disk_format(const struct disk_format *f, int fd, ext2_filsys *out)
{
	ext2_filsys fs;
	errcode_t err = initialize(f, fd, &fs);

	if (err)
		return err;
	set_super(fs, f);
	err = ext2fs_allocate_tables(fs);
	if (!err && fd >= 0) {
		/* A kernel need not write zeros where there are zeros. */
		for (dgrp_t i = 0; f->ext4 && i < fs->group_desc_count; i++) {
			ext2fs_bg_flags_set(fs, i, EXT2_BG_INODE_ZEROED);
			ext2fs_group_desc_csum_set(fs, i);
		}
		err = write_reserved(fs);
		if (!err && disk_format_journal_blocks(f))
			err = add_journal(fs);
	}
	if (err)
		ext2fs_free(fs);
	else
		*out = fs;
	return err;
}

errcode_t disk_format_trim(ext2_filsys fs)
{
	blk64_t blocks = ext2fs_blocks_count(fs->super), n = blocks;
	dgrp_t group = fs->group_desc_count - 1;
	errcode_t err;

	while (!ext2fs_test_block_bitmap2(fs->block_map, n - 1))
		n--;
	err = ext2fs_resize_block_bitmap2(
		n - 1,
		ext2fs_group_first_block2(fs, group) +
			fs->super->s_blocks_per_group - 1,
		fs->block_map);
	if (err)
		return err;
	ext2fs_bg_free_blocks_count_set(fs, group,
					ext2fs_bg_free_blocks_count(fs, group) -
						(__u32)(blocks - n));
	ext2fs_group_desc_csum_set(fs, group);
	ext2fs_free_blocks_count_set(
		fs->super, ext2fs_free_blocks_count(fs->super) - (blocks - n));
	ext2fs_blocks_count_set(fs->super, n);
	return 0;
}

uint64_t disk_format_journal_blocks(const struct disk_format *f)
{
	int blocks = f->journal ? ext2fs_default_journal_size(f->blocks) : 0;

	return blocks > 0 ? (uint64_t)blocks : 0;
}

/* How many blocks a file system of this size has, and how many to spare. */
static bool ask(const struct disk_format *f, uint64_t need, uint64_t *blocks,
		int64_t *spare)
{
	uint64_t journal = disk_format_journal_blocks(f);
	ext2_filsys fs;

	if (disk_format(f, -1, &fs))
		return false;
	*blocks = ext2fs_blocks_count(fs->super);
	/* A journal may take one more, for its extents. */
	*spare = (int64_t)ext2fs_free_blocks_count(fs->super) -
		 (int64_t)(need + journal + (journal ? 1 : 0));
	ext2fs_free(fs);
	return true;
}

uint64_t disk_format_fit(const struct disk_format *format, uint64_t need)
{
	struct disk_format f = *format;
	uint64_t blocks, best = 0;
	int64_t spare;

	f.blocks = need + 8;
	for (int i = 0; i < FIT_TRIES && !best; i++) {
		if (!ask(&f, need, &blocks, &spare))
			f.blocks += f.blocks / 8 + 1;
		else if (spare < 0)
			f.blocks += (uint64_t)-spare;
		else
			best = blocks;
	}
	if (!best || !spare)
		return best;
	/* It was more than enough; a group less may be too small, though. */
	f.blocks = best - (uint64_t)spare;
	return ask(&f, need, &blocks, &spare) && spare >= 0 ? blocks : best;
}

/* What holds the addresses of so many blocks, without extents. */
static uint64_t tables_need(uint64_t blocks)
{
	const uint64_t direct = 12, each = DISK_BLOCK_BYTES / 4;

	if (blocks <= direct)
		return 0;
	if (blocks <= direct + each)
		return 1;
	/* One more points to those behind the first. */
	return 1 + (blocks - direct + each - 1) / each;
}

static uint64_t node_need(const struct disk_format *f,
			  const struct disk_node *node)
{
	uint64_t blocks = node->xattrs ? 1 : 0, extents;
	struct disk_dir_size size;

	if (node->same)
		return 0;
	if (S_ISLNK(node->mode))
		return blocks + (node->size >= EXT2_N_BLOCKS * 4);
	if (S_ISREG(node->mode)) {
		blocks += node->data_blocks;
		if (!f->ext4)
			return blocks + node->table_blocks;
		/* Metadata in between cuts a run in two at times. */
		extents = node->run_count + node->data_blocks / 8192;
		if (extents > 4)
			blocks += extents / EXTENTS_PER_BLOCK * 2 + 2;
	}
	if (S_ISDIR(node->mode)) {
		disk_dir_size_begin(&size, DISK_BLOCK_BYTES, f->ext4);
		for (size_t i = 0; i < node->child_count; i++)
			disk_dir_size_add(&size, node->child[i]->name);
		blocks += size.blocks;
		if (!f->ext4)
			blocks += tables_need(size.blocks);
		for (size_t i = 0; i < node->child_count; i++)
			blocks += node_need(f, node->child[i]);
	}
	return blocks;
}

uint64_t disk_format_need(const struct disk_format *f,
			  const struct disk_tree *tree)
{
	/* lost+found, whatever size it has by now. */
	return node_need(f, tree->top) +
	       (f->ext4 ? 16384 / DISK_BLOCK_BYTES : 0);
}

static void seed_add(struct disk_format *f, const char *text, size_t bytes)
{
	uint8_t buf[sizeof(f->seed) * 2];

	/* A digest of the digest so far and the digest of this. */
	memcpy(buf, f->seed, sizeof(f->seed));
	ext2fs_sha512((const unsigned char *)text, bytes,
		      buf + sizeof(f->seed));
	ext2fs_sha512(buf, sizeof(buf), f->seed);
}

static void seed_add_node(struct disk_format *f, const struct disk_node *node)
{
	char text[256];

	seed_add(f, node->name, strlen(node->name));
	snprintf(text, sizeof(text),
		 "%o %" PRIu32 " %" PRIu32 " %" PRIu64 " %lld.%ld %zu %d",
		 node->mode, node->uid, node->gid, node->size,
		 (long long)node->mtime.tv_sec, node->mtime.tv_nsec,
		 node->child_count, node->same != NULL);
	seed_add(f, text, strlen(text));
	if (node->target)
		seed_add(f, node->target, strlen(node->target));
	for (size_t i = 0; i < node->child_count; i++)
		seed_add_node(f, node->child[i]);
}

void disk_format_seed(struct disk_format *f, const struct disk_tree *tree)
{
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %d %" PRIu32 " ",
		 f->blocks, f->inodes, f->ext4, f->now);
	seed_add(f, text, strlen(text));
	seed_add(f, f->label, strlen(f->label));
	if (tree)
		seed_add_node(f, tree->top);
}
