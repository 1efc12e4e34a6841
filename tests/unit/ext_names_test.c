/* SPDX-License-Identifier: ISC */
/* Names in ext file systems: what each call promises, at its edges. */
#include <sys/sysmacros.h>

#include "ext_fixture.h"

static uint64_t parent_of(struct rt_vnode *dir)
{
	uint64_t ino = 0;
	long r = ops()->lookup(dir, "..", 2, &ino);

	EXPECT(r == 0, "..: %ld", r);
	return ino;
}

static void test_links(void)
{
	static const size_t lengths[] = {1, 59, 60, 61, 1000, 1023};
	char target[2000], got[2000], name[32];
	struct rt_vnode *v;
	long r;

	begin(8 * MIB, "-t ext4 -b 1024");
	memset(target, 'y', sizeof(target));
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < COUNT_OF(lengths); i++) {
			target[lengths[i]] = 0;
			snprintf(name, sizeof(name), "l%zu", lengths[i]);
			r = round ? 0
				  : vfs_make(root, name, S_IFLNK | 0777, target,
					     NULL);
			EXPECT(r == 0, "%s: %ld", name, r);
			v = vfs_find(root, name);
			r = v ? ops()->readlink(v, got, sizeof(got)) : -1;
			EXPECT(r == (long)lengths[i] &&
				       !memcmp(got, target, lengths[i]),
			       "%s: %ld", name, r);
			r = ops()->readlink(v, got, 1);
			EXPECT(r == 1, "%s, one byte: %ld", name, r);
			__rt_vnode_put(v);
			target[lengths[i]] = 'y';
		}
		leave();
		mount_again(false);
	}
	target[1024] = 0;
	r = vfs_make(root, "long", S_IFLNK | 0777, target, NULL);
	EXPECT(r == -ENAMETOOLONG, "too long: %ld", r);
	r = vfs_make(root, "empty", S_IFLNK | 0777, "", NULL);
	EXPECT(r == -ENOENT, "empty: %ld", r);
	EXPECT(!vfs_find(root, "long") && !vfs_find(root, "empty"),
	       "they exist");
	end("symbolic links of every length that fits, and no longer");
}

static void test_nodes(void)
{
	static const struct {
		mode_t mode;
		unsigned major, minor;
	} nodes[] = {
		{S_IFCHR | 0600, 1, 3},		 {S_IFBLK | 0660, 255, 255},
		{S_IFBLK | 0600, 256, 0},	 {S_IFCHR | 0600, 0, 256},
		{S_IFCHR | 0600, 4095, 1048575}, {S_IFIFO | 0644, 0, 0},
		{S_IFSOCK | 0755, 0, 0},
	};
	struct rt_vnode init, *v;
	char name[8];
	uint64_t ino;
	long r;

	begin(8 * MIB, "-t ext3");
	for (unsigned i = 0; i < COUNT_OF(nodes); i++) {
		memset(&init, 0, sizeof(init));
		init.mode = nodes[i].mode;
		init.rdev = makedev(nodes[i].major, nodes[i].minor);
		snprintf(name, sizeof(name), "n%u", i);
		r = ops()->create(root, name, 2, &init, NULL, &ino);
		EXPECT(r == 0, "%s: %ld", name, r);
	}
	leave();
	mount_again(false);
	for (unsigned i = 0; i < COUNT_OF(nodes); i++) {
		snprintf(name, sizeof(name), "n%u", i);
		v = vfs_find(root, name);
		EXPECT(v && v->mode == nodes[i].mode &&
			       major(v->rdev) == nodes[i].major &&
			       minor(v->rdev) == nodes[i].minor,
		       "%s is something else", name);
		if (v)
			__rt_vnode_put(v);
	}
	end("devices, pipes and sockets keep their type and number");
}

static void times_once(const char *options, struct timespec in,
		       struct timespec out)
{
	struct rt_vnode *v;

	begin(8 * MIB, options);
	v = make(root, "f", S_IFREG | 0644);
	v->atime = v->mtime = v->ctime = in;
	v->uid = 0x12345678;
	v->gid = 0xfffffffe;
	v->mode = S_IFREG | 07777;
	__rt_vnode_dirty(v, RT_DIRTY_ATTR | RT_DIRTY_TIMES);
	__rt_vnode_put(v);
	leave();
	mount_again(false);
	v = vfs_find(root, "f");
	EXPECT(v->atime.tv_sec == out.tv_sec && v->atime.tv_nsec == out.tv_nsec,
	       "%s: atime %lld.%ld, not %lld.%ld", options,
	       (long long)v->atime.tv_sec, v->atime.tv_nsec,
	       (long long)out.tv_sec, out.tv_nsec);
	EXPECT(!memcmp(&v->atime, &v->mtime, sizeof(in)) &&
		       !memcmp(&v->atime, &v->ctime, sizeof(in)),
	       "mtime or ctime is another");
	EXPECT(v->uid == 0x12345678 && v->gid == 0xfffffffe &&
		       v->mode == (S_IFREG | 07777),
	       "owner or mode");
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
}

static void test_attributes(void)
{
	static const struct timespec now = {1700000000, 999999999},
				     later = {4102444800, 1},
				     last = {0x37fffffff, 5},
				     beyond = {0x400000000, 5},
				     before = {-2000000000, 7},
				     whole = {1700000000, 0},
				     y2038 = {INT32_MAX, 0};

	times_once("-t ext4", now, now);
	times_once("-t ext4", later, later);
	times_once("-t ext4", last, last);
	times_once("-t ext4", beyond, last);
	times_once("-t ext4", before, before);
	times_once("-t ext3 -I 128", now, whole);
	times_once("-t ext3 -I 128", later, y2038);
	promise("times to the nanosecond and past 2038, owners of 32 bits");
}

static void test_rename_directories(void)
{
	struct rt_vnode *a, *b, *moved, *file;
	long r;

	begin(8 * MIB, "-t ext4");
	a = make(root, "a", S_IFDIR | 0755);
	b = make(root, "b", S_IFDIR | 0755);
	moved = make(a, "d", S_IFDIR | 0755);
	make_and_put(moved, "in", S_IFREG | 0644);
	file = make(b, "f", S_IFREG | 0644);
	r = vfs_rename(a, "d", b, "e", 0);
	EXPECT(r == 0 && parent_of(moved) == b->ino && a->nlink == 2 &&
		       b->nlink == 3,
	       "move: %ld", r);
	r = vfs_rename(root, "a", b, "e", 0);
	EXPECT(r == -ENOTEMPTY, "over one with names: %ld", r);
	r = vfs_rename(b, "f", b, "e", 0);
	EXPECT(r == -EISDIR, "file over directory: %ld", r);
	r = vfs_rename(b, "e", b, "f", 0);
	EXPECT(r == -ENOTDIR, "directory over file: %ld", r);
	r = vfs_unlink(moved, "in");
	EXPECT(r == 0, "unlink: %ld", r);
	r = vfs_rename(root, "a", b, "e", 0);
	EXPECT(r == 0 && moved->nlink == 0 && parent_of(a) == b->ino &&
		       b->nlink == 3 && root->nlink == 4,
	       "over an empty one: %ld, %u %u %u", r, moved->nlink, b->nlink,
	       root->nlink);
	__rt_vnode_put(moved);
	make_and_put(root, "g", S_IFREG | 0600);
	r = vfs_rename(root, "g", b, "e", 1);
	EXPECT(r == 0 && parent_of(a) == EXT2_ROOT_INO && b->nlink == 2 &&
		       root->nlink == 5,
	       "exchange: %ld, %u %u", r, b->nlink, root->nlink);
	r = vfs_rename(root, "g", root, "b", 1);
	EXPECT(r == 0, "exchange of directories: %ld", r);
	__rt_vnode_put(file);
	__rt_vnode_put(a);
	__rt_vnode_put(b);
	end("directories move, replace each other and change places");
}

static void test_rename_itself(void)
{
	struct rt_vnode *v;
	long r;

	begin(8 * MIB, "-t ext4");
	v = make(root, "f", S_IFREG | 0644);
	r = ops()->link(root, "g", 1, v);
	EXPECT(r == 0 && v->nlink == 2, "link: %ld", r);
	r = vfs_rename(root, "f", root, "g", 0);
	EXPECT(r == 0 && v->nlink == 2 && vfs_find(root, "f") == v, "%ld", r);
	v->refs--;
	__rt_vnode_put(v);
	end("renaming a file over another name of its does nothing");
}

static void test_link_limits(void)
{
	struct rt_vnode *v, *d;
	long r;

	begin(8 * MIB, "-t ext4");
	v = make(root, "f", S_IFREG | 0644);
	v->nlink = 64999;
	EXPECT((r = ops()->link(root, "g", 1, v)) == 0, "the last: %ld", r);
	EXPECT((r = ops()->link(root, "h", 1, v)) == -EMLINK, "%ld", r);
	EXPECT(!vfs_find(root, "h"), "it was linked");
	v->nlink = 2;
	d = make(root, "d", S_IFDIR | 0755);
	d->nlink = 65000;
	make_and_put(d, "below", S_IFDIR | 0755);
	EXPECT(d->nlink == 1, "%u, not 1: uncounted", d->nlink);
	make_and_put(d, "more", S_IFDIR | 0755);
	r = vfs_unlink(d, "below");
	EXPECT(r == 0 && d->nlink == 1, "%ld, %u", r, d->nlink);
	d->nlink = 3;
	__rt_vnode_put(d);
	__rt_vnode_put(v);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	image_destroy(&image);
	begin(8 * MIB, "-t ext3");
	d = make(root, "d", S_IFDIR | 0755);
	d->nlink = 65000;
	r = vfs_make(d, "below", S_IFDIR | 0755, NULL, NULL);
	EXPECT(r == -EMLINK && !vfs_find(d, "below"), "%ld", r);
	d->nlink = 2;
	__rt_vnode_put(d);
	end("no more than 65000 names, or, with dir_nlink, uncounted");
}

static void test_no_inodes(void)
{
	uint64_t before_blocks, before_inodes;
	char name[300];
	unsigned made = 0;
	long r;

	begin(8 * MIB, "-t ext4 -N 64");
	before_blocks = blocks_free();
	before_inodes = inodes_free();
	for (;;) {
		snprintf(name, sizeof(name), "%0250u", made);
		r = vfs_make(root, name, made % 2 ? S_IFDIR : S_IFREG, NULL,
			     NULL);
		if (r)
			break;
		made++;
	}
	EXPECT(r == -ENOSPC && made == before_inodes && !inodes_free(),
	       "%ld after %u of %llu", r, made,
	       (unsigned long long)before_inodes);
	leave();
	EXPECT(image_clean(&image), "e2fsck");
	mount_again(false);
	while (made--) {
		snprintf(name, sizeof(name), "%0250u", made);
		r = vfs_unlink(root, name);
		EXPECT(r == 0, "unlink %u: %ld", made, r);
	}
	vfs_sync();
	/* The root has kept its blocks. */
	EXPECT(inodes_free() == before_inodes &&
		       blocks_free() + 32 >= before_blocks,
	       "%llu inodes, %llu blocks", (unsigned long long)inodes_free(),
	       (unsigned long long)blocks_free());
	end("without free inodes nothing is made, and nothing leaks");
}

static void test_flags(void)
{
	struct rt_vnode *v, *d;
	uint64_t ino;
	long r;

	begin(8 * MIB, "-t ext4");
	__rt_vnode_put(full_file(root, "immutable"));
	__rt_vnode_put(full_file(root, "append"));
	d = make(root, "d", S_IFDIR | 0755);
	make_and_put(d, "in", S_IFREG | 0644);
	__rt_vnode_put(d);
	leave();
	shell("debugfs -w -R 'sif immutable flags 0x80010' %s >/dev/null",
	      image.path);
	shell("debugfs -w -R 'sif append flags 0x80020' %s >/dev/null",
	      image.path);
	shell("debugfs -w -R 'sif d flags 0x80010' %s >/dev/null", image.path);
	mount_again(false);
	v = vfs_find(root, "immutable");
	EXPECT(v->flags == RT_IMMUTABLE, "flags %#x", v->flags);
	EXPECT((r = ops()->allocate(v, 0, 1, 0)) == -EPERM, "%ld", r);
	EXPECT((r = ops()->punch(v, 0, 4096)) == -EPERM, "%ld", r);
	EXPECT((r = ops()->link(root, "l", 1, v)) == -EPERM, "%ld", r);
	EXPECT((r = vfs_unlink(root, "immutable")) == -EPERM, "%ld", r);
	EXPECT((r = vfs_rename(root, "immutable", root, "x", 0)) == -EPERM,
	       "%ld", r);
	EXPECT((r = vfs_rename(root, "d", root, "immutable", 1)) == -EPERM,
	       "%ld", r);
	__rt_vnode_put(v);
	v = vfs_find(root, "append");
	EXPECT(v->flags == RT_APPEND, "flags %#x", v->flags);
	EXPECT((r = ops()->allocate(v, 50000, 9000, 0)) == 0, "%ld", r);
	EXPECT((r = ops()->punch(v, 0, UINT64_MAX)) == -EPERM, "%ld", r);
	EXPECT((r = vfs_unlink(root, "append")) == -EPERM, "%ld", r);
	__rt_vnode_put(v);
	d = vfs_find(root, "d");
	EXPECT((r = vfs_unlink(d, "in")) == -EPERM, "%ld", r);
	EXPECT((r = vfs_make(d, "new", S_IFREG, NULL, NULL)) == -EPERM, "%ld",
	       r);
	EXPECT(ops()->lookup(d, "in", 2, &ino) == 0, "lookup");
	__rt_vnode_put(d);
	end("immutable files and those that only grow are left alone");
}

static void test_garbage_tables(void)
{
	struct rt_vnode *v;
	char name[16];

	/* A disk that had something else on it, of which mke2fs left most. */
	image_create(&image, 32 * MIB);
	memset(image.bytes, 0xaa, image.disk.bytes);
	EXPECT(shell("mke2fs -q -F -t ext4 -b 1024 -N 4096 "
		     "-E nodiscard,lazy_itable_init=1 %s",
		     image.path) == 0,
	       "mke2fs");
	mount_again(false);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		v = make(root, name, i % 5 ? S_IFREG | 0644 : S_IFDIR | 0755);
		EXPECT(v->mtime.tv_sec == vfs_seconds && !v->rdev, "%s", name);
		__rt_vnode_put(v);
	}
	end("tables of inodes that were never cleared make no difference");
}

int main(void)
{
	test_links();
	test_nodes();
	test_attributes();
	test_rename_directories();
	test_rename_itself();
	test_link_limits();
	test_no_inodes();
	test_flags();
	test_garbage_tables();
	return promises_end();
}
