/* SPDX-License-Identifier: ISC */
/* Data of files in ext file systems: what each call promises, at its edges. */
#include "ext_content.h"
#include "ext_extent.h"

static void test_read_list(void)
{
	static uint8_t memory[64][8192];
	struct bp_segment list[64];
	struct rt_vnode *v;
	uint8_t *want;
	long r;

	begin(16 * MIB, "-t ext4 -b 1024");
	v = make(root, "f", S_IFREG | 0644);
	write_pattern(v, 8192, 20000, 1);
	write_pattern(v, 60 * KIB, 30000, 2);
	ops()->allocate(v, 40 * KIB, 8192, 1);
	memset(memory, 0xcc, sizeof(memory));
	for (unsigned i = 0; i < 64; i++)
		list[i] = (struct bp_segment){(uintptr_t)memory[63 - i],
					      i % 2 ? 4096 : 1024};
	/* 160 KiB, past the end. */
	r = ops()->read(v, 0, list, 64);
	EXPECT(r == 0, "read %ld", r);
	want = calloc(1, 64 * 4096);
	vfs_read(v, 0, want, v->size);
	for (unsigned i = 0, at = 0; i < 64; at += list[i++].bytes)
		EXPECT(memcmp(memory[63 - i], want + at, list[i].bytes) == 0 &&
			       memory[63 - i][list[i].bytes] == 0xcc,
		       "piece %u", i);
	free(want);
	__rt_vnode_put(v);
	end("reading scatters data, holes and zeros behind the end");
}

static void test_requests(void)
{
	struct rt_vnode *v;
	unsigned long reads, writes;
	struct bp_segment one;
	uint8_t *p = pattern(MIB, 3);
	long r;

	begin(64 * MIB, "-t ext4 -b 4096");
	v = make(root, "f", S_IFREG | 0644);
	writes = image.writes;
	for (unsigned i = 0; i < 256; i++) {
		one = (struct bp_segment){(uintptr_t)p + i * 4096, 4096};
		r = ops()->allocate(v, i * 4096, 4096, 0);
		v->size = (i + 1) * 4096;
		__rt_vnode_dirty(v, RT_DIRTY_ATTR);
		if (r == 0)
			r = ops()->write(v, i * 4096, &one, 1);
		EXPECT(r == 0, "write %ld", r);
	}
	EXPECT(image.writes == writes + 256, "%lu writes",
	       image.writes - writes);
	reads = image.reads;
	one = (struct bp_segment){(uintptr_t)p, MIB};
	memset(p, 0, MIB);
	r = ops()->read(v, 0, &one, 1);
	EXPECT(r == 0 && image.reads == reads + 1, "%ld, %lu reads", r,
	       image.reads - reads);
	expect_pattern(v, 0, MIB, 3);
	free(p);
	__rt_vnode_put(v);
	end("a file written page by page is read in one request");
}

static void test_side_by_side(void)
{
	struct rt_vnode *v[4];
	char name[8];

	for (unsigned kind = 0; kind < 2; kind++) {
		begin(64 * MIB, kind ? "-t ext3 -b 4096" : "-t ext4 -b 4096");
		for (unsigned i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "f%u", i);
			v[i] = make(root, name, S_IFREG | 0644);
		}
		for (unsigned at = 0; at < 1000; at++)
			for (unsigned i = 0; i < 4; i++)
				write_pattern(v[i], at * 4096, 4096, i);
		for (unsigned i = 0; i < 4; i++) {
			EXPECT(extents_of(v[i]) < 16, "%u extents",
			       extents_of(v[i]));
			expect_pattern(v[i], 999 * 4096, 4096, i);
			__rt_vnode_put(v[i]);
		}
		leave();
		EXPECT(image_clean(&image), "e2fsck");
		image_destroy(&image);
	}
	promise("files that grow side by side are in few pieces");
}

static void test_deep_tree(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	unsigned depth;
	long r;

	begin(32 * MIB, "-t ext4 -b 1024");
	vfs_sync();
	blocks = blocks_free();
	v = make(root, "f", S_IFREG | 0644);
	/* Alternately at the front and at the end of what is there. */
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t at = (i % 2 ? 5000 + 2 * i : 5000 - 2 * i) * KIB;

		write_pattern(v, at, 1024, i);
	}
	depth = ((struct ext3_extent_header *)(void *)ext_vnode(v)->raw.i_block)
			->eh_depth;
	EXPECT(depth >= 2, "a tree of depth %u", depth);
	for (unsigned i = 0; i < 2000; i += 17)
		expect_pattern(v, (i % 2 ? 5000 + 2 * i : 5000 - 2 * i) * KIB,
			       1024, i);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	v = vfs_find(root, "f");
	/* Holes filled, then the middle taken out, then the ends. */
	for (unsigned i = 0; i < 2000; i += 2)
		write_pattern(v, (5001 - 2 * i) * KIB, 1024, i);
	r = VFS_RETRY(ops()->punch(v, 3000 * KIB, 6000 * KIB));
	EXPECT(r == 0, "punch %ld", r);
	expect_zero(v, 3000 * KIB, 3000 * KIB);
	r = vfs_truncate(v, 7000 * KIB);
	EXPECT(r == 0, "truncate %ld", r);
	r = VFS_RETRY(ops()->punch(v, 0, 2000 * KIB));
	EXPECT(r == 0, "punch %ld", r);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	vfs_unlink(root, "f");
	vfs_sync();
	EXPECT(blocks_free() == blocks, "%llu blocks lost",
	       (unsigned long long)(blocks - blocks_free()));
	end("an extent tree grows and shrinks at both ends and in the middle");
}

static void test_block_map(void)
{
	/* The last block of each kind, and the first of the next. */
	static const uint64_t at[] = {
		0, 11, 12, 267, 268, 65803, 65804, 65804 + 65536, 16843019};
	uint64_t blocks;
	struct rt_vnode *v;
	long r;

	begin(16 * MIB, "-t ext2 -b 1024");
	vfs_sync();
	blocks = blocks_free();
	v = make(root, "f", S_IFREG | 0644);
	EXPECT(v->max_size == 16843020 * KIB, "%llu at most",
	       (unsigned long long)v->max_size);
	for (unsigned i = 0; i < COUNT_OF(at); i++)
		write_pattern(v, at[i] * KIB, 1024, i);
	r = ops()->allocate(v, v->max_size, 1, 0);
	EXPECT(r == -EFBIG, "past the end: %ld", r);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	v = vfs_find(root, "f");
	for (unsigned i = 0; i < COUNT_OF(at); i++)
		expect_pattern(v, at[i] * KIB, 1024, i);
	expect_zero(v, 300 * KIB, 100 * KIB);
	r = ops()->punch(v, 12 * KIB, 65804 * KIB);
	EXPECT(r == 0, "punch %ld", r);
	for (unsigned i = 0; i < COUNT_OF(at); i++)
		if (at[i] >= 12 && at[i] < 65804)
			expect_zero(v, at[i] * KIB, 1024);
		else
			expect_pattern(v, at[i] * KIB, 1024, i);
	EXPECT((r = vfs_truncate(v, 65805 * KIB)) == 0, "truncate %ld", r);
	expect_pattern(v, 65804 * KIB, 1024, 6);
	vfs_unlink(root, "f");
	__rt_vnode_put(v);
	vfs_sync();
	EXPECT(blocks_free() == blocks, "%llu blocks lost",
	       (unsigned long long)(blocks - blocks_free()));
	end("a block map at all of its borders, and as large as it gets");
}

static void test_unwritten(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	uint64_t found;
	long r;

	begin(16 * MIB, "-t ext4 -b 4096");
	soil();
	v = make(root, "f", S_IFREG | 0644);
	v->size = 100 * KIB;
	r = ops()->allocate(v, 0, 400 * KIB, 1);
	EXPECT(r == 0 && v->blocks == 800 && extents_of(v) == 1, "%ld, %llu", r,
	       (unsigned long long)v->blocks);
	r = ops()->allocate(v, 0, 400 * KIB, 1);
	EXPECT(r == 0 && v->blocks == 800, "again: %ld", r);
	expect_zero(v, 0, 100 * KIB);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	v = vfs_find(root, "f");
	EXPECT(v->blocks == 800, "%llu blocks", (unsigned long long)v->blocks);
	blocks = blocks_free();
	write_pattern(v, 50 * KIB, 10 * KIB, 1);
	for (unsigned i = 0; i < 20; i++)
		write_pattern(v, (100 + 8 * i) * KIB, 8 * KIB, i);
	/* One more, for the tree. */
	EXPECT(blocks_free() == blocks - 1 && v->blocks == 808, "%llu blocks",
	       (unsigned long long)v->blocks);
	expect_zero(v, 0, 50 * KIB);
	expect_pattern(v, 50 * KIB, 10 * KIB, 1);
	expect_zero(v, 60 * KIB, 40 * KIB);
	expect_pattern(v, 252 * KIB, 8 * KIB, 19);
	r = ops()->seek(v, 0, 0, &found);
	EXPECT(r == 0 && found == 48 * KIB, "data at %llu",
	       (unsigned long long)found);
	r = ops()->seek(v, 52 * KIB, 1, &found);
	EXPECT(r == 0 && found == 60 * KIB, "hole at %llu",
	       (unsigned long long)found);
	r = ops()->seek(v, 100 * KIB, 1, &found);
	EXPECT(r == 0 && found == 260 * KIB, "end at %llu",
	       (unsigned long long)found);
	r = ops()->seek(v, 260 * KIB, 0, &found);
	EXPECT(r == 0 && found == 260 * KIB, "past the end %llu",
	       (unsigned long long)found);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
	begin(8 * MIB, "-t ext3");
	v = make(root, "f", S_IFREG | 0644);
	r = ops()->allocate(v, 0, 4096, 1);
	EXPECT(r == -EOPNOTSUPP && !v->blocks, "%ld", r);
	__rt_vnode_put(v);
	end("preallocated blocks are zero until they are written");
}

static void test_limits(void)
{
	static const char *const options[] = {"-t ext4 -b 1024",
					      "-t ext4 -b 4096"};
	struct rt_vnode *v;
	uint8_t byte = 0;

	for (unsigned i = 0; i < COUNT_OF(options); i++) {
		begin(16 * MIB, options[i]);
		v = make(root, "f", S_IFREG | 0644);
		write_pattern(v, v->max_size - 4096, 4096, 1);
		EXPECT(v->size == v->max_size && v->blocks <= 16, "%llu",
		       (unsigned long long)v->size);
		EXPECT(ops()->allocate(v, v->size, 1, 0) == -EFBIG, "past it");
		__rt_vnode_put(v);
		leave();
		EXPECT(image_clean(&image), "e2fsck");
		mount_again(false);
		v = vfs_find(root, "f");
		expect_pattern(v, v->max_size - 4096, 4096, 1);
		vfs_read(v, v->max_size / 2, &byte, 1);
		EXPECT(!byte, "%#x in a hole", byte);
		__rt_vnode_put(v);
		leave();
		image_destroy(&image);
	}
	promise("the last byte that a file can have");
}

static void test_io_errors(void)
{
	struct rt_vnode *v;
	uint8_t *p = pattern(4096, 1);
	struct bp_segment one = {(uintptr_t)p, 4096};
	long r;

	begin(16 * MIB, "-t ext4 -b 4096");
	v = make(root, "f", S_IFREG | 0644);
	r = ops()->allocate(v, 0, 8192, 0);
	v->size = 8192;
	image.fail_after = 0;
	r = ops()->write(v, 0, &one, 1);
	EXPECT(r == -EIO, "write %ld", r);
	r = ops()->write(v, 0, &one, 1);
	EXPECT(r == 0, "write again %ld", r);
	image.fail_after = 0;
	r = ops()->read(v, 0, &one, 1);
	EXPECT(r == -EIO, "read %ld", r);
	image.fail_after = 0;
	r = vfs_sync();
	EXPECT(r == -EIO, "sync %ld", r);
	image.fail_after = -1;
	r = vfs_sync();
	EXPECT(r == 0, "sync again %ld", r);
	expect_pattern(v, 0, 4096, 1);
	expect_zero(v, 4096, 4096);
	free(p);
	__rt_vnode_put(v);
	end("errors of the disk are told, and can be overcome");
}

static void test_backwards(void)
{
	struct rt_vnode *v;
	long r = 0;

	begin(16 * MIB, "-t ext4 -b 1024");
	v = make(root, "f", S_IFREG | 0644);
	v->size = 500 * KIB;
	ops()->allocate(v, 0, 500 * KIB, 1);
	for (unsigned i = 500; i-- > 0;)
		write_pattern(v, i * KIB, 1024, i);
	EXPECT(extents_of(v) == 1 && v->blocks == 1000, "%u extents, %llu",
	       extents_of(v), (unsigned long long)v->blocks);
	for (unsigned i = 0; i < 500; i += 3)
		expect_pattern(v, i * KIB, 1024, i);
	r = vfs_truncate(v, 0);
	EXPECT(r == 0 && !v->blocks, "truncate %ld", r);
	__rt_vnode_put(v);
	end("a file filled from its end is one piece");
}

int main(void)
{
	test_read_list();
	test_requests();
	test_side_by_side();
	test_deep_tree();
	test_block_map();
	test_unwritten();
	test_limits();
	test_io_errors();
	test_backwards();
	return promises_end();
}
