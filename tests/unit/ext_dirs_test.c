/* SPDX-License-Identifier: ISC */
/* Directories of ext file systems, large ones above all. */
#include "ext_dir.h"
#include "ext_fixture.h"
#include "ext_map.h"

#define MANY 5000u

static void name_of(char *to, unsigned i)
{
	sprintf(to, "name-%u-%u", i * 2654435761u, i);
}

static bool is_there(struct rt_vnode *dir, unsigned i)
{
	char name[64];
	uint64_t ino;
	long r;

	name_of(name, i);
	r = ops()->lookup(dir, name, strlen(name), &ino);
	EXPECT(r == 0 || r == -ENOENT, "%s: %ld", name, r);
	return r == 0;
}

/* Names of one file: inodes are few. */
static void add_names(struct rt_vnode *dir, struct rt_vnode *file,
		      unsigned from, unsigned to)
{
	char name[64];
	long r = 0;

	for (unsigned i = from; i < to && r == 0; i++) {
		name_of(name, i);
		r = VFS_RETRY(ops()->link(dir, name, strlen(name), file));
		EXPECT(r == 0, "%s: %ld", name, r);
	}
}

static void remove_names(struct rt_vnode *dir, unsigned from, unsigned to,
			 unsigned step)
{
	char name[64];

	for (unsigned i = from; i < to; i += step) {
		long r;

		name_of(name, i);
		r = vfs_unlink(dir, name);
		EXPECT(r == 0, "%s: %ld", name, r);
	}
}

static void expect_names(struct rt_vnode *dir, unsigned from, unsigned to,
			 unsigned step, bool there)
{
	for (unsigned i = from; i < to && tap_broken < 3; i += step)
		EXPECT(is_there(dir, i) == there, "name %u is%s there", i,
		       there ? " not" : "");
}

static struct seen {
	unsigned char count[2 * MANY];
	unsigned room, others;
	uint64_t next;
} seen;

static int see(void *to, const char *name, size_t bytes, uint64_t ino,
	       unsigned type, uint64_t next)
{
	struct seen *s = to;
	char text[RT_NAME_MAX + 1];
	unsigned i;

	(void)ino, (void)type;
	if (!s->room)
		return 1;
	s->room--;
	s->next = next;
	memcpy(text, name, bytes);
	text[bytes] = 0;
	if (sscanf(text, "name-%*u-%u", &i) == 1 && i < COUNT_OF(s->count))
		s->count[i]++;
	else
		s->others++;
	return 0;
}

static long see_some(struct rt_vnode *dir, unsigned room)
{
	seen.room = room;
	return ops()->readdir(dir, seen.next, see, &seen);
}

static unsigned flags_of(struct rt_vnode *v)
{
	return ext_vnode(v)->raw.i_flags;
}

static void test_readdir(void)
{
	struct rt_vnode *d, *file;

	begin(16 * MIB, "-t ext4 -b 1024");
	d = make(root, "d", S_IFDIR | 0755);
	file = make(root, "f", S_IFREG | 0644);
	add_names(d, file, 0, 600);
	memset(&seen, 0, sizeof(seen));
	while (seen.others < 2 || !seen.count[299])
		see_some(d, 1);
	/* What was read goes, and some of what was not. */
	remove_names(d, 0, 600, 3);
	remove_names(d, 1, 300, 3);
	add_names(d, file, 700, 750);
	do {
		see_some(d, 5);
	} while (!seen.room);
	for (unsigned i = 0; i < 600; i++) {
		bool gone = i % 3 == 0 || (i % 3 == 1 && i < 300);

		EXPECT(seen.count[i] == 1 || (gone && !seen.count[i]),
		       "name %u was read %u times", i, seen.count[i]);
	}
	EXPECT(seen.others == 2, "%u others", seen.others);
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	end("names are read once, while others come and go");
}

static void large(const char *options, bool indexed)
{
	struct rt_vnode *d, *file;
	unsigned first = 0;
	uint64_t size;

	begin(16 * MIB, options);
	d = make(root, "d", S_IFDIR | 0755);
	file = make(root, "f", S_IFREG | 0644);
	for (; !indexed && !ext_vnode(d)->no_index; first++) {
		vfs_fail_memory = 0;
		add_names(d, file, first, first + 1);
		vfs_fail_memory = -1;
	}
	add_names(d, file, first, MANY);
	EXPECT(!ext_vnode(d)->index != indexed, "index: %d", !indexed);
	expect_names(d, 0, MANY, 7, true);
	expect_names(d, MANY, MANY + 50, 1, false);
	size = d->size;
	remove_names(d, 0, MANY, 2);
	expect_names(d, 0, MANY, 8, false);
	expect_names(d, 1, MANY, 8, true);
	add_names(d, file, MANY, MANY + MANY / 2 - 100);
	EXPECT(d->size <= size + 4096, "it grew from %llu to %llu",
	       (unsigned long long)size, (unsigned long long)d->size);
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	d = vfs_find(root, "d");
	expect_names(d, 0, MANY, 8, false);
	expect_names(d, 1, MANY, 8, true);
	expect_names(d, MANY, MANY + MANY / 2 - 100, 3, true);
	remove_names(d, 1, MANY, 2);
	remove_names(d, MANY, MANY + MANY / 2 - 100, 1);
	EXPECT(vfs_unlink(root, "d") == 0, "rmdir");
	__rt_vnode_put(d);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
}

static void test_large(void)
{
	large("-t ext4 -b 4096", true);
	large("-t ext2 -b 1024 -O ^dir_index", true);
	promise("5000 names, half of them replaced, without growing");
	large("-t ext4 -b 1024", false);
	promise("the same where there is no memory for an index");
}

/* A directory with an index on the disk, as e2fsck makes it. */
static void begin_hashed(const char *options, unsigned names,
			 const char *before)
{
	struct rt_vnode *d, *file;

	begin(24 * MIB, options);
	d = make(root, "d", S_IFDIR | 0755);
	file = make(root, "f", S_IFREG | 0644);
	add_names(d, file, 0, names);
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	leave();
	if (before)
		shell("%s %s >/dev/null", before, image.path);
	shell("e2fsck -fyD %s >/dev/null; test $? -le 1", image.path);
	mount_again(false);
}

static void hashed(const char *options, unsigned names, unsigned more,
		   const char *before)
{
	struct rt_vnode *d, *file;

	begin_hashed(options, names, before);
	d = vfs_find(root, "d");
	file = vfs_find(root, "f");
	EXPECT(flags_of(d) & EXT2_INDEX_FL, "it has no index: %#x",
	       flags_of(d));
	expect_names(d, 0, names, 1, true);
	expect_names(d, names, names + 100, 1, false);
	EXPECT(!ext_vnode(d)->index, "an index in memory");
	remove_names(d, 0, names, 5);
	expect_names(d, 0, names, 5, false);
	add_names(d, file, names, names + more);
	EXPECT(flags_of(d) & EXT2_INDEX_FL, "it lost its index");
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	d = vfs_find(root, "d");
	expect_names(d, 0, names, 5, false);
	expect_names(d, 1, names, 5, true);
	expect_names(d, names, names + more, 1, true);
	memset(&seen, 0, sizeof(seen));
	do {
		see_some(d, 100);
	} while (!seen.room);
	for (unsigned i = 1; i < names; i++)
		EXPECT(seen.count[i] == (i % 5 != 0), "name %u: %u times", i,
		       seen.count[i]);
	EXPECT(seen.others == 2, "%u others", seen.others);
	__rt_vnode_put(d);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
}

static void test_hashed(void)
{
	hashed("-t ext4 -b 1024", MANY, 3000, NULL);
	hashed("-t ext4 -b 4096", MANY, 3000, NULL);
	hashed("-t ext3 -b 1024 -O dir_index", MANY, 3000,
	       "debugfs -w -R 'ssv flags 2'");
	hashed("-t ext4 -b 1024", 800, 500, "tune2fs -E hash_alg=tea");
	promise("a directory with hashes is used and grows as one");
}

/* Where block @lblk of it is in the image. */
static uint8_t *block_of(struct rt_vnode *dir, uint64_t lblk)
{
	struct ext_run run;
	long r = ext_map_find(ext_vnode(dir), lblk, &run);

	if (r < 0 || run.state != EXT_DATA)
		abort();
	return image.bytes +
	       run.pblk * ((struct ext_mount *)vfs_mount.fs)->block_bytes;
}

static void test_damaged_hashes(void)
{
	/* In block 0: the version of the hash, the depth, count, a block. */
	static const unsigned at[] = {28, 30, 34, 36, 44};

	for (unsigned i = 0; i < COUNT_OF(at); i++) {
		struct rt_vnode *d, *file;
		uint8_t *byte;

		begin_hashed("-t ext4 -b 1024 -O ^metadata_csum", 800, NULL);
		d = vfs_find(root, "d");
		byte = block_of(d, 0) + at[i];
		__rt_vnode_put(d);
		leave();
		*byte = 0xee;
		mount_again(false);
		d = vfs_find(root, "d");
		file = vfs_find(root, "f");
		expect_names(d, 0, 800, 1, true);
		expect_names(d, 800, 900, 1, false);
		add_names(d, file, 800, 1600);
		expect_names(d, 0, 1600, 1, true);
		__rt_vnode_put(file);
		__rt_vnode_put(d);
		leave();
		/* Unless the damage was never met: that is still there. */
		if (at[i] != 44)
			EXPECT(image_clean(&image), "e2fsck after %u", at[i]);
		image_destroy(&image);
	}
	promise("where the hashes are damaged names are found all the same");
}

static void test_drop_hashes(void)
{
	struct rt_vnode *d, *file;

	begin_hashed("-t ext4 -b 1024", 800, NULL);
	d = vfs_find(root, "d");
	file = vfs_find(root, "f");
	/* As with a hash that is not known, but with checksums. */
	((struct ext_mount *)vfs_mount.fs)->fs->super->s_flags &= ~3u;
	{
		struct ext_mount *m = vfs_mount.fs;
		struct ext_run run;

		ext_map_find(ext_vnode(d), 0, &run);
		ext_block_read(m, run.pblk, m->dir_block);
		m->dir_block[28] = 77;
		ext_dir_write(ext_vnode(d), 0, m->dir_block);
	}
	add_names(d, file, 800, 900);
	EXPECT(!(flags_of(d) & EXT2_INDEX_FL), "flags %#x", flags_of(d));
	expect_names(d, 0, 900, 1, true);
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	end("an index that cannot be kept is dropped, with right checksums");
}

/* Leaves so many blocks free. */
static void fill_disk(uint64_t left)
{
	struct rt_vnode *v = make(root, "full", S_IFREG | 0644);
	uint64_t bytes;
	long r;

	vfs_sync();
	bytes = (blocks_free() - left) *
		((struct ext_mount *)vfs_mount.fs)->block_bytes;
	v->size = bytes;
	r = ops()->allocate(v, 0, bytes, 1);
	EXPECT(r == 0, "fill: %ld", r);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	__rt_vnode_put(v);
	vfs_sync();
	EXPECT(blocks_free() <= left, "%llu left",
	       (unsigned long long)blocks_free());
}

static void test_full(void)
{
	char target[200], name[64];
	struct rt_vnode *d, *file;
	unsigned i = 0;
	uint64_t inodes;
	long r;

	begin(8 * MIB, "-t ext4 -b 1024 -N 512");
	d = make(root, "d", S_IFDIR | 0755);
	file = make(root, "f", S_IFREG | 0644);
	fill_disk(0);
	inodes = inodes_free();
	memset(target, 'x', sizeof(target));
	target[sizeof(target) - 1] = 0;
	r = vfs_make(d, "s", S_IFLNK | 0777, target, NULL);
	EXPECT(r == -ENOSPC, "link: %ld", r);
	r = vfs_make(d, "below", S_IFDIR | 0755, NULL, NULL);
	EXPECT(r == -ENOSPC && d->nlink == 2, "directory: %ld", r);
	do {
		name_of(name, i++);
		r = ops()->link(d, name, strlen(name), file);
	} while (r == 0);
	EXPECT(r == -ENOSPC && i > 20 && file->nlink == i,
	       "name %u: %ld, %u links", i, r, file->nlink);
	r = vfs_make(d, "a-name-that-takes-more-room-than-is-left-there",
		     S_IFREG | 0644, NULL, NULL);
	EXPECT(r == -ENOSPC, "file: %ld", r);
	r = vfs_rename(root, "f", d, "a-name-longer-than-what-is-left-there",
		       0);
	EXPECT(r == -ENOSPC && vfs_find(root, "f") == file, "rename: %ld", r);
	file->refs--;
	EXPECT(d->size == 1024 && inodes_free() == inodes, "%llu inodes",
	       (unsigned long long)inodes_free());
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	end("on a full disk names are added only where there is room");
}

static void test_full_hashed(void)
{
	struct rt_vnode *d, *file;
	unsigned i = 800;
	char name[64];
	uint64_t size;
	long r;

	begin_hashed("-t ext4 -b 1024", 800, NULL);
	d = vfs_find(root, "d");
	file = vfs_find(root, "f");
	/* A leaf is split only where there is enough of everything. */
	size = d->size;
	do {
		name_of(name, i++);
		vfs_fail_memory = 0;
		r = ops()->link(d, name, strlen(name), file);
		vfs_fail_memory = -1;
	} while (r == 0 && d->size == size);
	EXPECT(r == -ENOMEM && d->size == size, "%ld", r);
	EXPECT(!is_there(d, i - 1), "it is there");
	fill_disk(10);
	do {
		r = ops()->link(d, name, strlen(name), file);
		name_of(name, i++);
	} while (r == 0);
	EXPECT(r == -ENOSPC && d->size == size, "%ld", r);
	EXPECT(flags_of(d) & EXT2_INDEX_FL, "it lost its index");
	__rt_vnode_put(file);
	__rt_vnode_put(d);
	end("hashes are kept when memory or the disk runs out");
}

int main(void)
{
	test_readdir();
	test_large();
	test_hashed();
	test_damaged_hashes();
	test_drop_hashes();
	test_full();
	test_full_hashed();
	return promises_end();
}
