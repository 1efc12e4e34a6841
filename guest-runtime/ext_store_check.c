/* SPDX-License-Identifier: ISC */
/* Which file systems can be mounted, and which of them can be written. */
#include "ext_store_internal.h"

struct feature {
	uint32_t mask;
	const char *why;
};

/* Without understanding these nothing can be read. */
#define INCOMPAT_KNOWN                                                        \
	(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |     \
	 EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS |      \
	 EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |        \
	 EXT4_FEATURE_INCOMPAT_EA_INODE | EXT4_FEATURE_INCOMPAT_CSUM_SEED |   \
	 EXT4_FEATURE_INCOMPAT_LARGEDIR | EXT4_FEATURE_INCOMPAT_INLINE_DATA | \
	 EXT4_FEATURE_INCOMPAT_ENCRYPT | EXT4_FEATURE_INCOMPAT_CASEFOLD)

static const struct feature incompat_refused[] = {
	{EXT3_FEATURE_INCOMPAT_JOURNAL_DEV,
	 "it is an external journal, not a file system"},
	{EXT4_FEATURE_INCOMPAT_MMP,
	 "multiple mount protection is not supported"},
	{~(uint32_t)INCOMPAT_KNOWN, "it has a feature that is not known here"},
};

static const struct feature incompat_read_only[] = {
	{EXT4_FEATURE_INCOMPAT_EA_INODE,
	 "large extended attributes cannot be written"},
	{EXT4_FEATURE_INCOMPAT_INLINE_DATA,
	 "data inside inodes cannot be written"},
	{EXT4_FEATURE_INCOMPAT_ENCRYPT, "encrypted files cannot be written"},
	{EXT4_FEATURE_INCOMPAT_CASEFOLD,
	 "names without case cannot be written"},
};

#define RO_COMPAT_KNOWN                                                       \
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |                                \
	 EXT2_FEATURE_RO_COMPAT_LARGE_FILE |                                  \
	 EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM | \
	 EXT4_FEATURE_RO_COMPAT_DIR_NLINK |                                   \
	 EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |                                 \
	 EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)

static const struct feature ro_compat_read_only[] = {
	{EXT4_FEATURE_RO_COMPAT_READONLY, "it is marked read-only"},
	{EXT4_FEATURE_RO_COMPAT_BIGALLOC, "clusters cannot be written"},
	{EXT4_FEATURE_RO_COMPAT_QUOTA | EXT4_FEATURE_RO_COMPAT_PROJECT,
	 "quotas cannot be kept"},
	{EXT4_FEATURE_RO_COMPAT_VERITY, "verified files cannot be written"},
	{EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "its files share blocks"},
	{EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT,
	 "its orphan file is not empty; run e2fsck"},
	{~(uint32_t)RO_COMPAT_KNOWN,
	 "it has a feature that cannot be written here"},
};

static const char *first(const struct feature *list, size_t count,
			 uint32_t features)
{
	for (size_t i = 0; i < count; i++)
		if (features & list[i].mask)
			return list[i].why;
	return NULL;
}

#define FIRST(list, features) \
	first(list, sizeof(list) / sizeof((list)[0]), features)

const char *ext_store_refusal(const struct ext_store *store,
			      const struct ext2_super_block *super)
{
	uint64_t blocks = super->s_blocks_count;
	const char *why = FIRST(incompat_refused, super->s_feature_incompat);

	if (why)
		return why;
	if (super->s_feature_incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		blocks |= (uint64_t)super->s_blocks_count_hi << 32;
	if (blocks > store->blocks)
		return "it is larger than the disk";
	if (store->block_bytes < store->disk->block_bytes)
		return "its blocks are smaller than the disk's";
	return NULL;
}

const char *ext_store_read_only_reason(const struct ext2_super_block *super)
{
	const char *why = FIRST(incompat_read_only, super->s_feature_incompat);

	if (!why)
		why = FIRST(ro_compat_read_only, super->s_feature_ro_compat);
	if (!why && (super->s_state & EXT2_ERROR_FS))
		why = "it has errors on record; run e2fsck";
	if (!why && !(super->s_state & EXT2_VALID_FS))
		why = "it was not cleanly unmounted; run e2fsck";
	return why;
}
