/* SPDX-License-Identifier: ISC */
/* Blocks of ext file systems: given, taken back, and none left. */
#include "ext_content.h"

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

static void test_owed_when_full(void)
{
	struct rt_vnode *v[3];
	long r;

	begin(16 * MIB, "-t ext4 -b 1024");
	soil();
	for (unsigned i = 0; i < 3; i++) {
		char name[] = {(char)('a' + i), 0};

		/* A root of four extents, in one of which a part is owed. */
		v[i] = make(root, name, S_IFREG | 0644);
		for (unsigned at = 0; at < 4; at++)
			write_pattern(v[i], at * 100 * KIB, 20 * KIB, at);
	}
	for (unsigned i = 0; i < 3; i++) {
		r = ops()->allocate(v[i], 20 * KIB, 20 * KIB, 0);
		EXPECT(r == 0, "allocate %ld", r);
		write_pattern(v[i], 32 * KIB, 8 * KIB, 9);
	}
	fill_disk();
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(!ext_vnode(v[i])->owed.count, "still owed");
		expect_pattern(v[i], 0, 20 * KIB, 0);
		expect_zero(v[i], 20 * KIB, 12 * KIB);
		expect_pattern(v[i], 32 * KIB, 8 * KIB, 9);
		__rt_vnode_put(v[i]);
	}
	end("what is owed becomes zero where there is no room to take it back");
}

static void test_many_pieces(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	long r = 0;

	begin(32 * MIB, "-t ext4 -b 1024");
	v = make(root, "f", S_IFREG | 0644);
	for (unsigned i = 0; i < 4500 && r == 0; i++) {
		v->size = (2 * i + 1) * KIB;
		r = ops()->allocate(v, 2 * i * KIB, 1024, 0);
	}
	EXPECT(r == -EAGAIN && ext_vnode(v)->owed.count == 4096,
	       "%ld, %u pieces", r, ext_vnode(v)->owed.count);
	vfs_sync();
	EXPECT(!v->blocks, "%llu blocks", (unsigned long long)v->blocks);
	/* Of 40 pieces, each second exists; the rest comes at once. */
	for (unsigned i = 0; i < 40; i++)
		write_pattern(v, 2 * i * KIB, 1024, i);
	blocks = v->blocks;
	r = ops()->allocate(v, 0, 80 * KIB, 0);
	EXPECT(r == 0 && v->blocks == blocks + 80, "%ld, %llu", r,
	       (unsigned long long)v->blocks);
	for (unsigned i = 0; i < 40; i++) {
		expect_pattern(v, 2 * i * KIB, 1024, i);
		expect_zero(v, (2 * i + 1) * KIB, 1024);
	}
	pay(v);
	__rt_vnode_put(v);
	end("a range of many pieces is filled in one call");
}

static void test_undo(void)
{
	struct rt_vnode *v;
	uint64_t left, sectors;
	long r;

	begin(16 * MIB, "-t ext4 -b 1024");
	v = make(root, "f", S_IFREG | 0644);
	/* Unwritten, but for single blocks; then a hole. */
	v->size = 2000 * KIB;
	ops()->allocate(v, 0, 1000 * KIB, 1);
	for (unsigned i = 0; i < 83; i++)
		write_pattern(v, (10 * i + 5) * KIB, 1024, i);
	fill_disk();
	r = 0;
	left = blocks_free();
	sectors = v->blocks;
	/* Each is one more entry, until the tree would need a block. */
	for (unsigned i = 0; i < 83 * 3 && r == 0; i++)
		r = ops()->allocate(v, (10 * (i % 83) + i / 83 * 2) * KIB, 1024,
				    0);
	EXPECT(r == -ENOSPC, "convert %ld", r);
	r = ops()->allocate(v, 830 * KIB, 500 * KIB, 0);
	EXPECT(r == -ENOSPC && blocks_free() == left && v->blocks == sectors,
	       "%ld", r);
	pay(v);
	for (unsigned i = 0; i < 83; i++) {
		expect_pattern(v, (10 * i + 5) * KIB, 1024, i);
		expect_zero(v, (10 * i + 6) * KIB, 1024);
	}
	EXPECT(vfs_sync() == 0, "sync");
	__rt_vnode_put(v);
	end("what was preallocated is as before where writing fails");
}

static void test_undo_hole(void)
{
	struct rt_vnode *v, *small;
	uint64_t sectors;
	long r;

	begin(16 * MIB, "-t ext4 -b 1024");
	v = make(root, "f", S_IFREG | 0644);
	small = make(root, "small", S_IFREG | 0644);
	write_pattern(v, 0, 1024, 1);
	write_pattern(v, 10 * KIB, 1024, 2);
	ops()->allocate(v, 24 * KIB, 4 * KIB, 1);
	v->size = 28 * KIB;
	write_pattern(small, 0, 4 * KIB, 3);
	fill_disk();
	sectors = v->blocks;
	vfs_unlink(root, "small");
	__rt_vnode_put(small);
	vfs_sync();
	EXPECT(blocks_free() == 4, "%llu free",
	       (unsigned long long)blocks_free());
	/* Room for the hole, and for its entry, but not for one more. */
	r = ops()->allocate(v, 20 * KIB, 5 * KIB, 0);
	EXPECT(r == -ENOSPC && v->blocks == sectors && blocks_free() == 4,
	       "%ld, %llu blocks", r, (unsigned long long)v->blocks);
	EXPECT(!ext_vnode(v)->owed.count, "something is owed");
	expect_zero(v, 11 * KIB, 17 * KIB);
	__rt_vnode_put(v);
	end("a hole that was filled is one again where the rest fails");
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

static void test_deleted_unreadable(void)
{
	struct rt_vnode *v;
	uint64_t blocks;
	long r;

	begin(16 * MIB, "-t ext4 -b 1024");
	vfs_sync();
	blocks = blocks_free();
	v = make(root, "f", S_IFREG | 0644);
	riddle(v, 500, 1024);
	pay(v);
	__rt_vnode_put(v);
	leave();
	mount_again(false);
	v = vfs_find(root, "f");
	vfs_unlink(root, "f");
	/* What a commit reads is known after the first one. */
	vfs_sync();
	image.fail_reads = true;
	__rt_vnode_put(v);
	r = vfs_sync();
	EXPECT(r == 0 && ops()->pending(&vfs_mount) &&
		       blocks_free() < blocks - 500,
	       "%ld, %llu blocks free", r, (unsigned long long)blocks_free());
	image.fail_reads = false;
	r = vfs_sync();
	EXPECT(r == 0 && !ops()->pending(&vfs_mount) && blocks_free() == blocks,
	       "%ld, %llu blocks lost", r,
	       (unsigned long long)(blocks - blocks_free()));
	end("what cannot be deleted now is deleted when it can be");
}

int main(void)
{
	test_owed();
	test_full();
	test_owed_when_full();
	test_many_pieces();
	test_undo();
	test_undo_hole();
	test_vast();
	test_deleted_unreadable();
	return promises_end();
}
