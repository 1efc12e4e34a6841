/* SPDX-License-Identifier: ISC */
/* Images of which one thing is not true: the call that meets it says so. */
#include "ext_content.h"

/* The entries of a directory of four, in its only block. */
static struct ext2_dir_entry *entry(uint8_t *block, unsigned index)
{
	struct ext2_dir_entry *e = (void *)block;

	while (index--)
		e = (void *)((uint8_t *)e + e->rec_len);
	return e;
}

static void lie_rec_len_0(struct ext2_dir_entry *e)
{
	e->rec_len = 0;
}

static void lie_rec_len_8(struct ext2_dir_entry *e)
{
	e->rec_len = 8;
}

static void lie_rec_len_odd(struct ext2_dir_entry *e)
{
	e->rec_len++;
}

static void lie_rec_len_long(struct ext2_dir_entry *e)
{
	e->rec_len = 2048;
}

static void lie_name_long(struct ext2_dir_entry *e)
{
	e->name_len |= 0xff;
}

static void lie_slash(struct ext2_dir_entry *e)
{
	e->name[1] = '/';
}

static void lie_zero(struct ext2_dir_entry *e)
{
	e->name[0] = 0;
}

static void lie_inode(struct ext2_dir_entry *e)
{
	e->inode = 0xffffffff;
}

static void lie_journal(struct ext2_dir_entry *e)
{
	e->inode = EXT2_JOURNAL_INO;
}

static void lie_reserved(struct ext2_dir_entry *e)
{
	e->inode = EXT2_RESIZE_INO;
}

static void lie_free_inode(struct ext2_dir_entry *e)
{
	e->inode = 100;
}

static void lie_itself(struct ext2_dir_entry *e)
{
	e->inode = 12;
}

static void test_entries(void)
{
	static const struct {
		void (*lie)(struct ext2_dir_entry *e);
		unsigned index;
		bool readdir, lookup; /* which of them tells */
	} lies[] = {
		{lie_rec_len_0, 2, true, true},
		{lie_rec_len_8, 2, true, true},
		{lie_rec_len_odd, 2, true, true},
		{lie_rec_len_long, 3, true, true},
		{lie_name_long, 3, true, false},
		{lie_slash, 3, true, false},
		{lie_zero, 3, true, false},
		{lie_inode, 2, false, true},
		{lie_journal, 2, false, true},
		{lie_reserved, 2, false, true},
		{lie_free_inode, 2, false, true},
		{lie_itself, 2, false, true},
	};
	struct listing *l = malloc(sizeof(*l));

	for (unsigned i = 0; i < COUNT_OF(lies); i++) {
		struct rt_vnode *d, *v;
		struct ext_run run;
		long r;

		begin(4 * MIB, "-t ext4 -b 1024 -O ^metadata_csum");
		d = make(root, "d", S_IFDIR | 0755);
		EXPECT(d->ino == 12, "inode %llu", (unsigned long long)d->ino);
		make_and_put(d, "first", S_IFREG | 0644);
		make_and_put(d, "second", S_IFREG | 0644);
		make_and_put(root, "other", S_IFREG | 0644);
		ext_map_find(ext_vnode(d), 0, &run);
		__rt_vnode_put(d);
		leave();
		lies[i].lie(
			entry(image.bytes + run.pblk * 1024, lies[i].index));
		mount_again(false);
		d = vfs_find(root, "d");
		r = listing_read(d, l);
		EXPECT(r == (lies[i].readdir ? -EUCLEAN : 0),
		       "lie %u: readdir %ld", i, r);
		v = vfs_find(d, "first");
		EXPECT(!v == lies[i].lookup &&
			       errno == (lies[i].lookup ? EUCLEAN : 0),
		       "lie %u: lookup: %s", i, strerror(errno));
		if (v)
			__rt_vnode_put(v);
		__rt_vnode_put(d);
		v = vfs_find(root, "other");
		EXPECT(v, "lie %u: others are hit", i);
		if (v)
			__rt_vnode_put(v);
		leave();
		image_destroy(&image);
	}
	free(l);
	promise("entries that lie are told, and nothing else suffers");
}

static void test_root(void)
{
	const char *why;
	long r;

	begin(4 * MIB, "-t ext4 -b 1024 -O ^metadata_csum");
	leave();
	shell("debugfs -w -R 'sif <2> mode 0100644' %s", image.path);
	r = vfs_attach(&image, &why);
	EXPECT(r == -EUCLEAN && why && strstr(why, "root"), "%ld %s", r,
	       why ? why : "");
	for (unsigned i = 0; i < VFS_BUCKETS; i++)
		EXPECT(!vfs_table[i], "a vnode is left");
	image_destroy(&image);
	promise("a root that is no directory is refused");
}

/* An inode in the image. */
static struct ext2_inode *inode_at(uint64_t ino)
{
	const struct ext_mount *m = vfs_mount.fs;
	uint32_t per_group = m->fs->super->s_inodes_per_group;
	blk64_t table =
		ext2fs_inode_table_loc(m->fs, (dgrp_t)((ino - 1) / per_group));

	return (void *)(image.bytes + table * m->block_bytes +
			(ino - 1) % per_group * EXT2_INODE_SIZE(m->fs->super));
}

/* What an extent tree lies about: its root, and its first leaf. */
struct lie_tree {
	struct ext3_extent_header *root, *leaf;
	struct ext3_extent_idx *index; /* in the root */
	struct ext3_extent *extent;    /* in the leaf */
	uint32_t leaf_blk;
};

static void tree_lie(const struct lie_tree *t, unsigned lie)
{
	switch (lie) {
	case 0:
		t->root->eh_magic++;
		break;
	case 1:
		t->root->eh_entries = 5;
		break;
	case 2:
		t->root->eh_max = 200;
		break;
	case 3:
		t->root->eh_depth = 0;
		break;
	case 4:
		t->root->eh_depth = 2;
		break;
	case 5:
		t->root->eh_depth = 60000;
		break;
	case 6:
		t->root->eh_entries = 0;
		break;
	case 7:
		t->index[0].ei_leaf = 0;
		break;
	case 8:
		t->index[0].ei_leaf = 1u << 31;
		break;
	case 9:
		t->index[0].ei_leaf_hi = 1;
		break;
	case 10:
		t->index[1].ei_block = 0;
		break;
	case 11:
		t->index[1].ei_leaf = t->index[0].ei_leaf;
		break;
	case 12:
		t->leaf->eh_magic = 0;
		break;
	case 13:
		t->leaf->eh_entries = 0;
		break;
	case 14:
		t->leaf->eh_entries = 200;
		break;
	case 15:
		t->leaf->eh_max = t->leaf->eh_entries = 120;
		break;
	case 16:
		/* A node that leads to itself. */
		t->leaf->eh_depth = 1;
		((struct ext3_extent_idx *)t->extent)->ei_leaf = t->leaf_blk;
		break;
	case 17:
		t->extent[3].ee_len = 0;
		break;
	case 18:
		t->extent[3].ee_block = t->extent[2].ee_block;
		break;
	case 19:
		t->extent[3].ee_block = t->extent[1].ee_block;
		break;
	case 20:
		t->extent[3].ee_len = 3;
		break;
	case 21:
		t->extent[3].ee_start = 0;
		break;
	case 22:
		t->extent[3].ee_start = 1u << 30;
		break;
	case 23:
		t->extent[3].ee_start_hi = 0xffff;
		break;
	default:
		t->extent[t->leaf->eh_entries - 1].ee_block = 100000;
	}
}

#define TREE_LIES 25

static void test_trees(void)
{
	for (unsigned i = 0; i < TREE_LIES; i++) {
		struct lie_tree t;
		struct rt_vnode *v;
		uint8_t *all;
		long r;

		begin(16 * MIB, "-t ext4 -b 1024 -O ^metadata_csum");
		v = make(root, "f", S_IFREG | 0644);
		riddle(v, 200, 1024);
		pay(v);
		vfs_sync();
		t.root = (void *)inode_at(v->ino)->i_block;
		t.index = EXT_FIRST_INDEX(t.root);
		__rt_vnode_put(v);
		leave();
		EXPECT(t.root->eh_depth == 1 && t.root->eh_entries > 1,
		       "a tree of depth %u", t.root->eh_depth);
		t.leaf_blk = t.index->ei_leaf;
		t.leaf = (void *)(image.bytes + t.leaf_blk * 1024ull);
		t.extent = EXT_FIRST_EXTENT(t.leaf);
		tree_lie(&t, i);
		mount_again(false);
		v = vfs_find(root, "f");
		all = malloc(400 * KIB);
		r = v ? vfs_read(v, 0, all, 400 * KIB) : -errno;
		EXPECT(r == -EUCLEAN, "lie %u: read %ld", i, r);
		free(all);
		if (v) {
			r = ops()->punch(v, 0, UINT64_MAX);
			EXPECT(r == -EUCLEAN, "lie %u: punch %ld", i, r);
			r = vfs_unlink(root, "f");
			EXPECT(r == 0, "lie %u: unlink %ld", i, r);
			__rt_vnode_put(v);
		}
		make_and_put(root, "g", S_IFREG | 0644);
		leave();
		image_destroy(&image);
	}
	promise("extent trees that lie are told, and end");
}

/* A map that leads to itself at every level. */
static void test_round_map(void)
{
	struct rt_vnode *v;
	struct ext2_inode *inode;
	uint32_t *numbers, blk;
	uint64_t found;
	long r;

	begin(16 * MIB, "-t ext2 -b 4096");
	v = make(root, "f", S_IFREG | 0644);
	write_pattern(v, (12 + 1024 + 1024 * 1024) * 4 * KIB, 4096, 1);
	vfs_sync();
	inode = inode_at(v->ino);
	__rt_vnode_put(v);
	leave();
	blk = inode->i_block[EXT2_TIND_BLOCK];
	numbers = (void *)(image.bytes + blk * 4096ull);
	for (unsigned i = 0; i < 1024; i++)
		numbers[i] = blk;
	inode->i_block[0] = 1u << 30;
	inode->i_blocks = 30000;
	mount_again(false);
	v = vfs_find(root, "f");
	hang_guard(20);
	r = ops()->seek(v, 4096 * 4096, 1, &found);
	EXPECT(r == 0, "seek %ld", r);
	r = ops()->punch(v, 4096, UINT64_MAX);
	EXPECT(r == -EUCLEAN, "punch %ld", r);
	r = ops()->punch(v, 0, 4096);
	EXPECT(r == -EUCLEAN, "punch of what is not there: %ld", r);
	hang_guard(0);
	vfs_unlink(root, "f");
	__rt_vnode_put(v);
	leave();
	image_destroy(&image);
	promise("a block map that leads round in circles comes to an end");
}

static void test_inodes(void)
{
	struct rt_vnode *v;

	for (unsigned i = 0; i < 7; i++) {
		struct ext2_inode *inode;

		begin(4 * MIB, "-t ext4 -b 1024 -O ^metadata_csum");
		v = make(root, "f", i == 3 ? S_IFLNK | 0777 : S_IFREG | 0644);
		vfs_sync();
		inode = inode_at(v->ino);
		__rt_vnode_put(v);
		leave();
		switch (i) {
		case 0:
			inode->i_mode = 0170644;
			break;
		case 1:
			inode->i_size_high = 0xffffffff;
			break;
		case 2:
			inode->i_blocks = 1u << 30;
			break;
		case 3:
			inode->i_size = 60;
			break;
		case 4:
			inode->i_links_count = 0;
			break;
		case 5:
			/* Of a size that no directory has. */
			inode->i_mode = S_IFDIR | 0755;
			inode->i_size = 1000;
			break;
		default:
			inode->i_mode = S_IFLNK | 0777;
			inode->i_size = 5000;
		}
		mount_again(false);
		v = vfs_find(root, "f");
		EXPECT(!v && errno == EUCLEAN, "lie %u: %s", i,
		       strerror(errno));
		leave();
		image_destroy(&image);
	}
	promise("inodes that cannot be are told");
}

int main(void)
{
	test_entries();
	test_root();
	test_trees();
	test_round_map();
	test_inodes();
	return promises_end();
}
