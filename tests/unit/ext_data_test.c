/* SPDX-License-Identifier: ISC */
/* Data of files in ext file systems: what each call promises, at its edges. */
#include "ext_data.h"

#include "ext_extent.h"
#include "ext_fixture.h"
#include "ext_map.h"

#define KIB 1024ull

static uint8_t *pattern(size_t bytes, unsigned salt)
{
	uint8_t *p = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(i * 7 + i / 251 + salt);
	return p;
}

static void write_pattern(struct rt_vnode *v, uint64_t offset, size_t bytes,
			  unsigned salt)
{
	uint8_t *p = pattern(bytes, salt);
	long r = vfs_write(v, offset, p, bytes);

	EXPECT(r == 0, "write at %llu: %ld", (unsigned long long)offset, r);
	free(p);
}

static void expect_pattern(struct rt_vnode *v, uint64_t offset, size_t bytes,
			   unsigned salt)
{
	uint8_t *p = pattern(bytes, salt), *got = malloc(bytes);
	long r = vfs_read(v, offset, got, bytes);

	EXPECT(r == 0 && memcmp(p, got, bytes) == 0, "at %llu: %ld",
	       (unsigned long long)offset, r);
	free(p);
	free(got);
}

static void expect_zero(struct rt_vnode *v, uint64_t offset, size_t bytes)
{
	uint8_t *got = malloc(bytes);
	long r = vfs_read(v, offset, got, bytes);
	size_t i = 0;

	while (r == 0 && i < bytes && !got[i])
		i++;
	EXPECT(r == 0 && i == bytes, "not zero at %llu: %ld",
	       (unsigned long long)(offset + i), r);
	free(got);
}

static unsigned extents_of(struct rt_vnode *v)
{
	struct ext_vnode *x = ext_vnode(v);
	unsigned count = 0;
	struct ext_run run;
	blk64_t next = 0;

	for (uint64_t at = 0; at << ext_mount(x)->block_bits < v->size;
	     at += run.blocks) {
		if (ext_map_find(x, at, &run) < 0)
			abort();
		count += run.state != EXT_HOLE && run.pblk != next;
		next = run.pblk + run.blocks;
	}
	return count;
}

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
		list[i] = (struct bp_segment){ (uintptr_t)memory[63 - i],
					       i % 2 ? 4096 : 1024 };
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
		one = (struct bp_segment){ (uintptr_t)p + i * 4096, 4096 };
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
	one = (struct bp_segment){ (uintptr_t)p, MIB };
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

/* A file of which every other block is a hole. */
static void riddle(struct rt_vnode *v, unsigned blocks, uint32_t block)
{
	uint8_t *p = pattern(block, 9);
	long r = 0;

	for (unsigned i = 0; i < blocks && r == 0; i++) {
		uint64_t at = 2ull * i * block;

		r = VFS_RETRY(ops()->allocate(v, at, block, 0));
		v->size = at + block;
	}
	EXPECT(r == 0, "allocate %ld", r);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	free(p);
}

/* Takes what is owed for written. */
static void pay(struct rt_vnode *v)
{
	struct ext_vnode *x = ext_vnode(v);

	while (x->owed.count) {
		struct ext_piece p = x->owed.piece[0];
		size_t bytes = (p.to - p.from)
			       << ext_mount(x)->block_bits;
		uint8_t *zero = calloc(1, bytes);
		struct bp_segment one = { (uintptr_t)zero, bytes };
		long r = ops()->write(v, p.from << ext_mount(x)->block_bits,
				      &one, 1);

		EXPECT(r == 0, "write %ld", r);
		free(zero);
	}
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
	static const uint64_t at[] = { 0, 11, 12, 267, 268, 65803, 65804,
				       65804 + 65536, 16843019 };
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

/* What nobody should see, in all blocks that are free. */
static void soil(void)
{
	const struct ext_mount *m = vfs_mount.fs;
	blk64_t end = ext2fs_blocks_count(m->fs->super);

	for (blk64_t blk = m->fs->super->s_first_data_block; blk < end; blk++)
		if (!ext2fs_test_block_bitmap2(m->fs->block_map, blk))
			memset(image.bytes + blk * m->block_bytes, 0xaa,
			       m->block_bytes);
}

static void test_owed(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	long r;

	for (unsigned kind = 0; kind < 2; kind++) {
		begin(16 * MIB, kind ? "-t ext2 -b 1024" : "-t ext4 -b 1024");
		soil();
		v = make(root, "f", S_IFREG | 0644);
		write_pattern(v, 0, 10 * KIB, 1);
		vfs_sync();
		blocks = v->blocks;
		r = ops()->allocate(v, 10 * KIB, 500 * KIB, 0);
		EXPECT(r == 0 && v->blocks >= blocks + 1000, "%ld", r);
		/* What was there before is not to be seen. */
		v->size = 300 * KIB;
		__rt_vnode_dirty(v, RT_DIRTY_ATTR);
		write_pattern(v, 100 * KIB, 1000, 2);
		expect_pattern(v, 100 * KIB, 1000, 2);
		expect_zero(v, 10 * KIB, 90 * KIB);
		expect_zero(v, 104 * KIB, 196 * KIB);
		vfs_sync();
		EXPECT(v->blocks <= blocks + 14, "%llu blocks",
		       (unsigned long long)v->blocks);
		EXPECT(!ext_vnode(v)->owed.count, "still owed");
		__rt_vnode_put(v);
		leave();
		EXPECT(image_clean(&image), "e2fsck");
		mount_again(false);
		v = vfs_find(root, "f");
		expect_pattern(v, 0, 10 * KIB, 1);
		expect_pattern(v, 100 * KIB, 1000, 2);
		expect_zero(v, 10 * KIB, 90 * KIB);
		expect_zero(v, 104 * KIB, 196 * KIB);
		__rt_vnode_put(v);
		leave();
		image_destroy(&image);
	}
	promise("what was allocated and never written is zero, and goes");
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
	EXPECT(r == 0 && v->blocks == 800 && extents_of(v) == 1, "%ld, %llu",
	       r, (unsigned long long)v->blocks);
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
	EXPECT(blocks_free() == blocks - 1 && v->blocks == 808,
	       "%llu blocks", (unsigned long long)v->blocks);
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

static void test_full(void)
{
	struct rt_vnode *v, *w;
	uint64_t free_before;
	long r;

	for (unsigned kind = 0; kind < 2; kind++) {
		begin(8 * MIB, kind ? "-t ext2 -b 1024" : "-t ext4 -b 1024");
		v = make(root, "f", S_IFREG | 0644);
		w = make(root, "w", S_IFREG | 0644);
		/* Only single blocks are left: every other one. */
		riddle(v, 1000, 1024);
		pay(v);
		r = 0;
		for (uint64_t at = 0; r == 0; at += 64 * KIB) {
			r = VFS_RETRY(ops()->allocate(w, at, 64 * KIB, 0));
			if (r == 0)
				w->size = at + 64 * KIB;
		}
		pay(w);
		vfs_sync();
		EXPECT(r == -ENOSPC, "%ld", r);
		free_before = blocks_free();
		r = ops()->allocate(w, w->size, (free_before + 1) * KIB, 0);
		EXPECT(r == -ENOSPC && blocks_free() == free_before,
		       "%ld, %llu blocks of %llu", r,
		       (unsigned long long)blocks_free(),
		       (unsigned long long)free_before);
		/* Enough for the data, not for the map of it. */
		if (free_before) {
			r = VFS_RETRY(ops()->allocate(v, 3000 * KIB,
						      free_before * KIB, 0));
			EXPECT(r == 0 || r == -ENOSPC, "%ld", r);
			if (r == 0)
				v->size = (3000 + free_before) * KIB;
			pay(v);
		}
		/* Freed, but not given out again before a commit. */
		while (ops()->allocate(w, w->size, 1024, 0) == 0) {
			w->size += KIB;
			pay(w);
		}
		vfs_sync();
		ops()->punch(v, 0, 100 * KIB);
		r = ops()->allocate(w, w->size, 10 * KIB, 0);
		EXPECT(r == -EAGAIN, "%ld", r);
		r = vfs_sync();
		EXPECT(r == 0, "sync %ld", r);
		r = ops()->allocate(w, w->size, 10 * KIB, 0);
		EXPECT(r == 0, "%ld", r);
		__rt_vnode_put(v);
		__rt_vnode_put(w);
		leave();
		EXPECT(image_clean(&image), "e2fsck");
		image_destroy(&image);
	}
	promise("a full disk: all or nothing, and a commit may make room");
}

static void test_limits(void)
{
	static const char *const options[] = { "-t ext4 -b 1024",
					       "-t ext4 -b 4096" };
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
	struct bp_segment one = { (uintptr_t)p, 4096 };
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

/* Blocks in so many groups that freeing them takes more than one commit. */
static struct rt_vnode *vast_file(const char *name)
{
	struct rt_vnode *v = make(root, name, S_IFREG | 0644);
	long r = 0;

	v->size = 1500ull * MIB;
	for (uint64_t i = 0; i < 1500 && r == 0; i++)
		r = VFS_RETRY(ops()->allocate(v, i * MIB, 768 * KIB, 1));
	EXPECT(r == 0, "allocate %ld", r);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	EXPECT(vfs_sync() == 0, "sync");
	return v;
}

static void test_vast(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	long r;

	begin(1600ull * MIB, "-t ext4 -b 1024 -J size=1 -N 256");
	vfs_sync();
	blocks = blocks_free();
	v = vast_file("f");
	v->size = 5000;
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	r = ops()->punch(v, 5000, UINT64_MAX);
	EXPECT(r == -EAGAIN && v->blocks > 2000, "%ld, %llu", r,
	       (unsigned long long)v->blocks);
	vfs_sync();
	root->refs--;
	vfs_crash();
	mount_again(false);
	v = vfs_find(root, "f");
	/* Five, and what is left of the tree. */
	EXPECT(v->size == 5000 && v->blocks <= 14, "%llu bytes, %llu blocks",
	       (unsigned long long)v->size, (unsigned long long)v->blocks);
	vfs_unlink(root, "f");
	__rt_vnode_put(v);
	v = vast_file("g");
	vfs_unlink(root, "g");
	__rt_vnode_put(v);
	EXPECT(((struct ext_mount *)vfs_mount.fs)->doomed == 1 &&
		       ops()->pending(&vfs_mount),
	       "all of it went at once");
	r = vfs_sync();
	EXPECT(r == 0 && !((struct ext_mount *)vfs_mount.fs)->doomed,
	       "sync %ld", r);
	EXPECT(blocks_free() == blocks, "%llu blocks lost",
	       (unsigned long long)(blocks - blocks_free()));
	v = vast_file("h");
	vfs_unlink(root, "h");
	vfs_sync();
	root->refs--;
	vfs_crash();
	mount_again(false);
	EXPECT(blocks_free() == blocks, "%llu blocks lost",
	       (unsigned long long)(blocks - blocks_free()));
	end("a vast file is freed in several commits, also after a crash");
}

int main(void)
{
	test_read_list();
	test_requests();
	test_side_by_side();
	test_deep_tree();
	test_block_map();
	test_owed();
	test_unwritten();
	test_full();
	test_limits();
	test_io_errors();
	test_vast();
	return promises_end();
}
