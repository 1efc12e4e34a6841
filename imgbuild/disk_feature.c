/* SPDX-License-Identifier: ISC */
#include "disk_feature.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum feature_set { COMPAT, INCOMPAT, RO_COMPAT };

struct feature {
	enum feature_set set;
	uint32_t bit;
	const char *name;
	bool written; /* imgbuild keeps it right when writing */
};

static const struct feature features[] = {
	{COMPAT, EXT2_FEATURE_COMPAT_DIR_PREALLOC, "dir_prealloc", true},
	{COMPAT, EXT2_FEATURE_COMPAT_IMAGIC_INODES, "imagic_inodes", true},
	{COMPAT, EXT3_FEATURE_COMPAT_HAS_JOURNAL, "has_journal", true},
	{COMPAT, EXT2_FEATURE_COMPAT_EXT_ATTR, "ext_attr", true},
	{COMPAT, EXT2_FEATURE_COMPAT_RESIZE_INODE, "resize_inode", true},
	{COMPAT, EXT2_FEATURE_COMPAT_DIR_INDEX, "dir_index", true},
	{COMPAT, EXT4_FEATURE_COMPAT_SPARSE_SUPER2, "sparse_super2", true},
	{COMPAT, EXT4_FEATURE_COMPAT_FAST_COMMIT, "fast_commit", true},
	{COMPAT, EXT4_FEATURE_COMPAT_STABLE_INODES, "stable_inodes", false},
	{COMPAT, EXT4_FEATURE_COMPAT_ORPHAN_FILE, "orphan_file", true},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression", false},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_FILETYPE, "filetype", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_RECOVER, "needs_recovery", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev", false},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_META_BG, "meta_bg", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_EXTENTS, "extent", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_64BIT, "64bit", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_MMP, "mmp", false},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_FLEX_BG, "flex_bg", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_EA_INODE, "ea_inode", false},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata", false},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_CSUM_SEED, "metadata_csum_seed", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_LARGEDIR, "large_dir", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_INLINE_DATA, "inline_data", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_ENCRYPT, "encrypt", false},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_CASEFOLD, "casefold", false},
	{RO_COMPAT, EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER, "sparse_super", true},
	{RO_COMPAT, EXT2_FEATURE_RO_COMPAT_LARGE_FILE, "large_file", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_HUGE_FILE, "huge_file", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_GDT_CSUM, "uninit_bg", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_DIR_NLINK, "dir_nlink", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE, "extra_isize", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_HAS_SNAPSHOT, "snapshot", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_QUOTA, "quota", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_BIGALLOC, "bigalloc", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_METADATA_CSUM, "metadata_csum",
	 true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_REPLICA, "replica", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_READONLY, "read-only", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_PROJECT, "project", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks",
	 false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_VERITY, "verity", false},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT, "orphan_present",
	 true},
};

#define FEATURE_COUNT (sizeof(features) / sizeof(features[0]))

static uint32_t bits(const struct ext2_super_block *super, enum feature_set set)
{
	switch (set) {
	case COMPAT:
		return super->s_feature_compat;
	case INCOMPAT:
		return super->s_feature_incompat;
	default:
		return super->s_feature_ro_compat;
	}
}

void disk_feature_names(const struct ext2_super_block *super,
			const char *between, char text[DISK_FEATURES_BYTES])
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const char *name = features[i].name;
		size_t bytes = strlen(name) + strlen(between);

		if (!(bits(super, features[i].set) & features[i].bit) ||
		    at + bytes >= DISK_FEATURES_BYTES)
			continue;
		if (at)
			at = (size_t)(stpcpy(text + at, between) - text);
		at = (size_t)(stpcpy(text + at, name) - text);
	}
}

const char *disk_feature_read_only(const struct ext2_super_block *super)
{
	uint32_t known[3] = {~0u, 0, 0}; /* any COMPAT may be ignored */

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		if (bits(super, features[i].set) & features[i].bit &&
		    !features[i].written)
			return features[i].name;
		known[features[i].set] |= features[i].bit;
	}
	for (enum feature_set set = COMPAT; set <= RO_COMPAT; set++)
		if (bits(super, set) & ~known[set])
			return "unknown";
	return NULL;
}
