/* SPDX-License-Identifier: ISC */
/* File systems that others made, of kinds that are only read here. */
#include <ftw.h>

#include "ext_fixture.h"

static char tree[] = "/tmp/ext_images_test.XXXXXX";

static void tree_file(const char *name, size_t bytes, unsigned salt)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	f = fopen(path, "w");
	if (!f)
		abort();
	for (size_t i = 0; i < bytes; i++)
		fputc((int)(i * 7 + i / 251 + salt) & 0xff, f);
	fclose(f);
}

/* Sizes around those at which a file moves from one kind of place to another */
static const size_t sizes[] = {0,    1,	   59,	  60,	 61,	100,
			       160,  161,  1024,  4095,	 4096,	4097,
			       8191, 8192, 20000, 65536, 300000};

static void tree_make(void)
{
	char name[300], link[200];

	if (!mkdtemp(tree))
		abort();
	snprintf(name, sizeof(name), "mkdir -p %s/dir/deeper %s/many", tree,
		 tree);
	shell("%s", name);
	for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
		snprintf(name, sizeof(name), "dir/size%zu", sizes[i]);
		tree_file(name, sizes[i], i);
	}
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "many/one-of-many-%u", i);
		tree_file(name, i, i);
	}
	tree_file("dir/deeper/end", 3, 0);
	memset(link, 'l', sizeof(link));
	for (unsigned i = 0; i < 3; i++) {
		static const size_t bytes[] = {10, 70, 190};

		link[bytes[i]] = 0;
		snprintf(name, sizeof(name), "%s/link%zu", tree, bytes[i]);
		if (symlink(link, name))
			abort();
		link[bytes[i]] = 'l';
	}
}

static int tree_remove(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void expect_file(struct rt_vnode *v, size_t bytes, unsigned salt)
{
	uint8_t *got = malloc(bytes + VFS_PAGE);
	size_t i = 0;
	long r;

	EXPECT(v->size == bytes, "size %llu, not %zu",
	       (unsigned long long)v->size, bytes);
	memset(got, 0xcc, bytes + VFS_PAGE);
	r = vfs_read(v, 0, got, bytes + VFS_PAGE);
	while (r == 0 && i < bytes &&
	       got[i] == (uint8_t)(i * 7 + i / 251 + salt))
		i++;
	EXPECT(r == 0 && i == bytes, "byte %zu of %zu: %ld", i, bytes, r);
	while (i < bytes + VFS_PAGE && !got[i])
		i++;
	EXPECT(i == bytes + VFS_PAGE, "byte %zu behind %zu is not 0", i, bytes);
	free(got);
}

static void expect_tree(void)
{
	struct listing *l = malloc(sizeof(*l));
	struct rt_vnode *dir = vfs_find(root, "dir"), *v, *many;
	char name[300], target[300];
	uint64_t ino, found;
	long r;

	for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
		snprintf(name, sizeof(name), "size%zu", sizes[i]);
		v = vfs_find(dir, name);
		EXPECT(v, "no %s: %s", name, strerror(errno));
		if (!v)
			continue;
		expect_file(v, sizes[i], i);
		r = ops()->seek(v, 0, 0, &found);
		EXPECT(r == 0 && found == 0, "%s: data at %llu", name,
		       (unsigned long long)found);
		r = ops()->seek(v, 0, 1, &found);
		EXPECT(r == 0 && found == sizes[i], "%s: hole at %llu", name,
		       (unsigned long long)found);
		__rt_vnode_put(v);
	}
	many = vfs_find(root, "many");
	r = listing_read(many, l);
	EXPECT(r == 0 && l->count == 202, "%ld, %u names", r, l->count);
	for (unsigned i = 0; i < 200; i += 9) {
		snprintf(name, sizeof(name), "one-of-many-%u", i);
		v = vfs_find(many, name);
		EXPECT(v && v->size == i, "%s", name);
		if (v)
			__rt_vnode_put(v);
	}
	__rt_vnode_put(many);
	v = vfs_find(dir, "deeper");
	r = ops()->lookup(v, "..", 2, &ino);
	EXPECT(r == 0 && ino == dir->ino, "..: %ld", r);
	r = ops()->lookup(v, "nothing", 7, &ino);
	EXPECT(r == -ENOENT, "nothing: %ld", r);
	r = listing_read(v, l);
	EXPECT(r == 0 && l->count == 3 && !strcmp(l->entry[2].text, "end") &&
		       l->entry[1].ino == dir->ino,
	       "%ld, %u names", r, l->count);
	__rt_vnode_put(v);
	for (unsigned i = 10; i < 200; i += 60) {
		snprintf(name, sizeof(name), "link%u", i);
		v = vfs_find(root, name);
		if (!v)
			continue;
		r = ops()->readlink(v, target, sizeof(target));
		EXPECT(r == (long)i && target[0] == 'l' && target[i - 1] == 'l',
		       "%s: %ld", name, r);
		__rt_vnode_put(v);
	}
	__rt_vnode_put(dir);
	free(l);
}

static void test_read_only(const char *options, const char *reason)
{
	char all[400];
	uint8_t *before;
	const char *why;
	long r;

	snprintf(all, sizeof(all), "%s -d %s", options, tree);
	image_make(&image, 16 * MIB, all);
	before = malloc(image.disk.bytes);
	memcpy(before, image.bytes, image.disk.bytes);
	r = vfs_attach(&image, &why);
	EXPECT(r == 0 && vfs_mount.read_only && why && strstr(why, reason),
	       "%s: %ld, %d, %s", options, r, vfs_mount.read_only,
	       why ? why : "");
	if (r)
		exit(1);
	root = vfs_mount.root;
	expect_tree();
	leave();
	EXPECT(memcmp(before, image.bytes, image.disk.bytes) == 0,
	       "it was written");
	free(before);
	image_destroy(&image);
}

static void test_written_disk(void)
{
	char all[400];
	const char *why;
	long r;

	snprintf(all, sizeof(all), "-t ext4 -d %s", tree);
	begin(16 * MIB, all);
	expect_tree();
	leave();
	image.disk.read_only = 1;
	r = vfs_attach(&image, &why);
	EXPECT(r == 0 && vfs_mount.read_only && !why, "%ld %s", r,
	       why ? why : "");
	root = vfs_mount.root;
	expect_tree();
	leave();
	image_destroy(&image);
	promise("what mke2fs copied is read, from a read-only disk too");
}

static void test_refused(void)
{
	const char *why;
	long r;

	image_create(&image, 4 * MIB);
	r = vfs_attach(&image, &why);
	EXPECT(r == -EINVAL, "nothing: %ld", r);
	image_destroy(&image);
	image_make(&image, 64 * MIB, "-t ext4 -b 65536");
	r = vfs_attach(&image, &why);
	EXPECT(r == -EOPNOTSUPP && why && strstr(why, "4096"), "%ld %s", r,
	       why ? why : "");
	image_destroy(&image);
	promise("what is no file system, or has large blocks, is refused");
}

int main(void)
{
	tree_make();
	test_read_only("-t ext4 -I 256 -O inline_data", "inside inodes");
	test_read_only("-t ext4 -I 1024 -b 1024 -O inline_data",
		       "inside inodes");
	promise("files and directories inside of inodes are read");
	test_read_only("-t ext4 -b 1024 -O bigalloc -C 16384", "clusters");
	promise("a file system with clusters is read");
	test_written_disk();
	test_refused();
	nftw(tree, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
	return promises_end();
}
