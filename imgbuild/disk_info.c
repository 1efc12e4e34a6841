/* SPDX-License-Identifier: ISC */
/* info and check. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "disk_check.h"
#include "disk_command.h"
#include "disk_feature.h"
#include "disk_image.h"
#include "disk_text.h"

struct info {
	const char *kind; /* ext2, ext3, ext4 */
	const char *state;
	char label[sizeof(((struct ext2_super_block *)0)->s_volume_name) + 1];
	char uuid[UUID_STR_SIZE];
	uint64_t block_bytes, blocks, free_blocks, inodes, free_inodes;
	uint64_t journal_bytes;
	char features[DISK_FEATURES_BYTES];
};

static const char *kind_of(struct ext2_super_block *s)
{
	uint32_t ext3 = EXT2_FEATURE_INCOMPAT_FILETYPE |
			EXT2_FEATURE_INCOMPAT_META_BG |
			EXT3_FEATURE_INCOMPAT_RECOVER |
			EXT3_FEATURE_INCOMPAT_JOURNAL_DEV;

	if (s->s_feature_incompat & ~ext3 ||
	    ext2fs_has_feature_metadata_csum(s) ||
	    ext2fs_has_feature_gdt_csum(s) || ext2fs_has_feature_huge_file(s))
		return "ext4";
	return ext2fs_has_feature_journal(s) ? "ext3" : "ext2";
}

static const char *state_of(struct ext2_super_block *s)
{
	if (s->s_state & EXT2_ERROR_FS)
		return "has errors";
	if (ext2fs_has_feature_journal_needs_recovery(s))
		return "needs recovery";
	if (!(s->s_state & EXT2_VALID_FS) || s->s_last_orphan ||
	    ext2fs_has_feature_orphan_present(s))
		return "not clean";
	return "clean";
}

static uint64_t journal_bytes(ext2_filsys fs)
{
	struct ext2_inode inode;

	if (!ext2fs_has_feature_journal(fs->super) ||
	    !fs->super->s_journal_inum ||
	    ext2fs_read_inode(fs, fs->super->s_journal_inum, &inode))
		return 0;
	return EXT2_I_SIZE(&inode);
}

static void fill(struct info *info, ext2_filsys fs, const char *between)
{
	struct ext2_super_block *s = fs->super;
	const uint8_t *u = s->s_uuid;

	info->kind = kind_of(s);
	info->state = state_of(s);
	memcpy(info->label, s->s_volume_name, sizeof(s->s_volume_name));
	info->label[sizeof(s->s_volume_name)] = '\0';
	snprintf(info->uuid, sizeof(info->uuid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
		 u[10], u[11], u[12], u[13], u[14], u[15]);
	info->block_bytes = fs->blocksize;
	info->blocks = ext2fs_blocks_count(s);
	info->free_blocks = ext2fs_free_blocks_count(s);
	info->inodes = s->s_inodes_count;
	info->free_inodes = s->s_free_inodes_count;
	info->journal_bytes = journal_bytes(fs);
	disk_feature_names(s, between, info->features);
}

/* Bytes that begin no character of UTF-8, or a longer one than there is. */
static size_t utf8_bytes(const char *s)
{
	static const uint8_t first[] = {0xc2, 0xe0, 0xf0};
	const uint8_t *u = (const uint8_t *)s;
	size_t n = 1;

	if (u[0] < 0x80)
		return 1;
	if (u[0] < first[0] || u[0] > 0xf4)
		return 0;
	n += 1u + (u[0] >= first[1]) + (u[0] >= first[2]);
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, a surrogate, or too large. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

static void print_json_string(const char *s)
{
	putchar('"');
	while (*s) {
		size_t n = utf8_bytes(s);

		if (!n)
			fputs("\\ufffd", stdout);
		else if (n == 1 && ((uint8_t)*s < ' ' || strchr("\"\\", *s)))
			printf("\\u%04x", (unsigned)*s);
		else
			fwrite(s, 1, n, stdout);
		s += n ? n : 1;
	}
	putchar('"');
}

static void print_json(const struct info *info)
{
	printf("{\"type\":\"%s\",\"label\":", info->kind);
	print_json_string(info->label);
	printf(",\"uuid\":\"%s\",\"state\":\"%s\",", info->uuid, info->state);
	printf("\"block_bytes\":%" PRIu64 ",\"blocks\":%" PRIu64
	       ",\"free_blocks\":%" PRIu64 ",\"inodes\":%" PRIu64
	       ",\"free_inodes\":%" PRIu64 ",\"journal_bytes\":%" PRIu64,
	       info->block_bytes, info->blocks, info->free_blocks, info->inodes,
	       info->free_inodes, info->journal_bytes);
	printf(",\"features\":[%s%s%s]}\n", *info->features ? "\"" : "",
	       info->features, *info->features ? "\"" : "");
}

static void print_text(struct info *info)
{
	char size[24], used[24], journal[24];

	disk_text_clean(info->label);
	disk_text_size(size, info->blocks * info->block_bytes);
	disk_text_size(used,
		       (info->blocks - info->free_blocks) * info->block_bytes);
	disk_text_size(journal, info->journal_bytes);
	printf("type:     %s\n", info->kind);
	printf("label:    %s\n", *info->label ? info->label : "none");
	printf("UUID:     %s\n", info->uuid);
	printf("state:    %s\n", info->state);
	printf("size:     %s, %s of it used\n", size, used);
	printf("blocks:   %" PRIu64 " of %" PRIu64 " bytes, %" PRIu64 " free\n",
	       info->blocks, info->block_bytes, info->free_blocks);
	printf("inodes:   %" PRIu64 ", %" PRIu64 " free\n", info->inodes,
	       info->free_inodes);
	printf("journal:  %s\n", info->journal_bytes ? journal : "none");
	printf("features: %s\n", info->features);
}

int disk_command_info(const struct disk_args *args)
{
	struct disk_image image;
	struct info info;
	int err = disk_image_open(&image, args->path[0], DISK_INSPECT, false);

	if (err)
		return err;
	fill(&info, image.fs, args->json ? "\",\"" : " ");
	disk_image_close(&image);
	if (args->json)
		print_json(&info);
	else
		print_text(&info);
	return 0;
}

int disk_command_check(const struct disk_args *args)
{
	struct disk_image image;
	int result;

	result = disk_image_open(&image, args->path[0], DISK_CHECK,
				 args->recover);
	if (result)
		return result;
	result = disk_check_run(&image, false);
	if (result == 0)
		printf("%s: clean\n", image.path);
	else if (result > 0)
		printf("%s: damaged; e2fsck -y %s repairs what can be "
		       "repaired\n",
		       image.path, image.path);
	disk_image_close(&image);
	return result;
}
