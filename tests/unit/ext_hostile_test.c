/* SPDX-License-Identifier: ISC */
/*
 * Images that lie. Whatever their bytes say, a mount fails or each call does
 * what it can: nothing crashes, hangs, leaks, or reads what it should not.
 */
#include "ext_fixture.h"
#include "ext_map.h"

#define FEW_NAMES 40
#define DEPTH_MAX 6

static uint64_t seed;
static unsigned mounted, visited, changed;

static unsigned any(unsigned below)
{
	return (unsigned)(random_next(&seed) % below);
}

/* What an image should have, to be lied about. */
static void populate(void)
{
	struct rt_vnode *d, *v;
	char name[64], *data = calloc(1, 40000), target[300];

	d = make(root, "dir", S_IFDIR | 0755);
	for (unsigned i = 0; i < 130; i++) {
		snprintf(name, sizeof(name), "file-with-a-name-%03u", i);
		v = make(d, name, i % 9 ? S_IFREG | 0644 : S_IFDIR | 0755);
		if (i % 9 && i < 30)
			vfs_write(v, 0, name, 30);
		__rt_vnode_put(v);
	}
	__rt_vnode_put(d);
	v = make(root, "large", S_IFREG | 0644);
	for (unsigned i = 0; i < 400; i += 2)
		vfs_write(v, (i * 37 % 400) * 1024ull, data, 1000);
	__rt_vnode_put(v);
	v = make(root, "far", S_IFREG | 0644);
	vfs_write(v, 66 * (uint64_t)MIB, data, 40000);
	ops()->allocate(v, 0, 30000, 1);
	__rt_vnode_put(v);
	memset(target, 't', sizeof(target));
	target[sizeof(target) - 1] = 0;
	vfs_make(root, "slow", S_IFLNK | 0777, target, NULL);
	vfs_make(root, "fast", S_IFLNK | 0777, "dir", NULL);
	v = make(root, "twice", S_IFREG | 0644);
	ops()->link(root, "again", 5, v);
	__rt_vnode_put(v);
	free(data);
}

/* The bytes that say something: all that are not zero, but for file data. */
struct target {
	uint32_t *at;
	size_t count;
};

static struct target targets_find(void)
{
	struct target t = {malloc(image.disk.bytes * sizeof(*t.at)), 0};

	/* Never the superblock: what it says is checked at the mount. */
	for (uint32_t i = 2048; i < image.disk.bytes; i++)
		if (image.bytes[i] && image.bytes[i] != 't')
			t.at[t.count++] = i;
	return t;
}

static void lie(const struct target *t)
{
	static const uint8_t bytes[] = {0, 1, 2, 12, 0x2f, 0x7f, 0x80, 0xff};
	unsigned count = 1 + any(12);

	while (count--) {
		uint8_t *at = image.bytes + t->at[any((unsigned)t->count)];

		switch (any(4)) {
		case 0:
			*at = bytes[any(sizeof(bytes))];
			break;
		case 1:
			*at ^= (uint8_t)(1u << any(8));
			break;
		case 2:
			*at = (uint8_t)any(256);
			break;
		default:
			/* A number from elsewhere: blocks and inodes. */
			memcpy(image.bytes + (t->at[0] & ~3u) +
				       (at - image.bytes - t->at[0]) / 4 * 4,
			       image.bytes +
				       t->at[any((unsigned)t->count)] / 4 * 4,
			       4);
		}
	}
}

static void use_file(struct rt_vnode *v)
{
	static uint8_t pages[16 * 4096];
	struct bp_segment all = {(uintptr_t)pages, sizeof(pages)};
	uint64_t found, at = any(2) ? 0 : random_next(&seed) % (v->size + 1);

	at &= ~4095ull;
	ops()->read(v, at, &all, 1);
	ops()->seek(v, at, 0, &found);
	ops()->seek(v, at, 1, &found);
	if (vfs_mount.read_only || any(2))
		return;
	changed++;
	if (ops()->allocate(v, at, 5000, any(4) == 0) == 0)
		ops()->write(v, at, &all, 1);
	if (!any(4))
		VFS_RETRY(ops()->punch(v, at, at + 70000));
	if (!any(4)) {
		v->size = any(100000);
		VFS_RETRY(ops()->punch(v, v->size, UINT64_MAX));
	}
}

static void visit(struct rt_vnode *v, unsigned depth);

static void use_dir(struct rt_vnode *dir, unsigned depth)
{
	struct listing *l = malloc(sizeof(*l));
	char text[8];

	listing_read(dir, l);
	if (l->count > FEW_NAMES && any(8))
		l->count = FEW_NAMES;
	for (unsigned i = 0; i < l->count; i++) {
		struct rt_vnode *v;

		if (l->entry[i].text[0] == '.')
			continue;
		v = vfs_find(dir, l->entry[i].text);
		if (!v)
			continue;
		visit(v, depth + 1);
		__rt_vnode_put(v);
		if (vfs_mount.read_only || any(6))
			continue;
		snprintf(text, sizeof(text), "n%u", any(9));
		if (any(2))
			vfs_unlink(dir, l->entry[i].text);
		else if (strcmp(text, l->entry[i].text))
			vfs_rename(dir, l->entry[i].text, dir, text, 0);
	}
	free(l);
	if (vfs_mount.read_only || !dir->nlink)
		return;
	snprintf(text, sizeof(text), "m%u", any(99));
	errno = 0;
	if (!vfs_find(dir, text) && errno == ENOENT)
		vfs_make(dir, text, any(2) ? S_IFDIR | 0755 : S_IFREG | 0644,
			 NULL, NULL);
}

static void visit(struct rt_vnode *v, unsigned depth)
{
	char target[5000];
	uint64_t ino;

	visited++;
	if (S_ISDIR(v->mode) && depth < DEPTH_MAX) {
		ops()->lookup(v, "..", 2, &ino);
		use_dir(v, depth);
	} else if (S_ISLNK(v->mode)) {
		ops()->readlink(v, target, sizeof(target));
	} else if (S_ISREG(v->mode)) {
		use_file(v);
	}
}

/* One lie: mounted, walked, changed, unmounted. */
static void try(void)
{
	const char *why;

	if (vfs_attach(&image, &why) < 0)
		return;
	mounted++;
	root = vfs_mount.root;
	visit(root, 0);
	__rt_vnode_put(root);
	if (any(3))
		vfs_sync();
	/* What is still held was found twice, by a lie about its inode. */
	vfs_crash();
}

static void run(const char *options, unsigned count, const char *text)
{
	struct target t;
	uint8_t *good;

	begin(4 * MIB, options);
	populate();
	leave();
	t = targets_find();
	good = malloc(image.disk.bytes);
	memcpy(good, image.bytes, image.disk.bytes);
	mounted = visited = changed = 0;
	for (unsigned i = 0; i < count; i++) {
		memcpy(image.bytes, good, image.disk.bytes);
		lie(&t);
		hang_guard(20);
		try();
		hang_guard(0);
	}
	EXPECT(mounted > count / 4 && visited > count && changed > count / 8,
	       "%u mounted, %u files, %u changed", mounted, visited, changed);
	free(t.at);
	free(good);
	image_destroy(&image);
	promise(text);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 400;

	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	run("-t ext2 -b 1024", count, "lies in ext2 do no harm");
	run("-t ext4 -b 1024 -O ^metadata_csum,^has_journal -I 256", count,
	    "lies in ext4 do no harm");
	run("-t ext4 -b 1024 -J size=1", count,
	    "lies in ext4 with checksums do no harm");
	return promises_end();
}
