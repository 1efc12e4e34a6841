/* SPDX-License-Identifier: ISC */
/* What files hold: bytes that tell where they belong. */
#ifndef EXT_CONTENT_H
#define EXT_CONTENT_H

#include "ext_fixture.h"
#include "ext_map.h"

#define KIB 1024ull

static inline uint8_t *pattern(size_t bytes, unsigned salt)
{
	uint8_t *p = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(i * 7 + i / 251 + salt);
	return p;
}

static inline void write_pattern(struct rt_vnode *v, uint64_t offset,
				 size_t bytes, unsigned salt)
{
	uint8_t *p = pattern(bytes, salt);
	long r = vfs_write(v, offset, p, bytes);

	EXPECT(r == 0, "write at %llu: %ld", (unsigned long long)offset, r);
	free(p);
}

static inline void expect_pattern(struct rt_vnode *v, uint64_t offset,
				  size_t bytes, unsigned salt)
{
	uint8_t *p = pattern(bytes, salt), *got = malloc(bytes);
	long r = vfs_read(v, offset, got, bytes);

	EXPECT(r == 0 && memcmp(p, got, bytes) == 0, "at %llu: %ld",
	       (unsigned long long)offset, r);
	free(p);
	free(got);
}

static inline void expect_zero(struct rt_vnode *v, uint64_t offset,
			       size_t bytes)
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

static inline unsigned extents_of(struct rt_vnode *v)
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

/* A file of which every other block is a hole. */
static inline void riddle(struct rt_vnode *v, unsigned blocks, uint32_t block)
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
static inline void pay(struct rt_vnode *v)
{
	struct ext_vnode *x = ext_vnode(v);

	while (x->owed.count) {
		struct ext_piece p = x->owed.piece[0];
		size_t bytes = (p.to - p.from) << ext_mount(x)->block_bits;
		uint8_t *zero = calloc(1, bytes);
		struct bp_segment one = {(uintptr_t)zero, bytes};
		long r = ops()->write(v, p.from << ext_mount(x)->block_bits,
				      &one, 1);

		EXPECT(r == 0, "write %ld", r);
		free(zero);
	}
}

/* What nobody should see, in all blocks that are free. */
static inline void soil(void)
{
	const struct ext_mount *m = vfs_mount.fs;
	blk64_t end = ext2fs_blocks_count(m->fs->super);

	for (blk64_t blk = m->fs->super->s_first_data_block; blk < end; blk++)
		if (!ext2fs_test_block_bitmap2(m->fs->block_map, blk))
			memset(image.bytes + blk * m->block_bytes, 0xaa,
			       m->block_bytes);
}

/* Takes all free blocks. */
static inline void fill_disk(void)
{
	uint32_t block = ((struct ext_mount *)vfs_mount.fs)->block_bytes;
	char name[32];
	long r;

	for (unsigned i = 0; vfs_sync(), blocks_free(); i++) {
		struct rt_vnode *v;
		uint64_t bytes = blocks_free() * block;

		snprintf(name, sizeof(name), "full%u", i);
		v = make(root, name, S_IFREG | 0644);
		/* The map of it needs some, too. */
		while ((r = VFS_RETRY(ops()->allocate(v, 0, bytes, 1))) ==
		       -ENOSPC)
			bytes -= block;
		EXPECT(r == 0, "fill: %ld", r);
		v->size = bytes;
		__rt_vnode_dirty(v, RT_DIRTY_ATTR);
		__rt_vnode_put(v);
	}
}

#endif
