/* SPDX-License-Identifier: ISC */
/*
 * File systems of every kind, changed at random, compared with a mirror in
 * memory, and checked by e2fsck. Memory and room on the disk run out.
 */
#include "ext_mirror.h"
#include "ext_vnode.h"

#define DATA_MAX   (200u << 10)
#define CHECK_EACH 100 /* operations */
#define NAMES_MAX  400

static uint64_t seed;
static bool files_only_shrink; /* the disk is full */

static unsigned any(unsigned below)
{
	return (unsigned)(random_next(&seed) % below);
}

static struct mname *any_name(mode_t type)
{
	unsigned start = any(MIRROR_NAMES);

	for (unsigned i = 0; i < MIRROR_NAMES; i++) {
		struct mname *n = &mirror_names[(start + i) % MIRROR_NAMES];

		if (n->dir && (!type || (n->file->mode & S_IFMT) == type))
			return n;
	}
	return NULL;
}

static struct mfile *any_dir(void)
{
	struct mname *n = any(4) ? any_name(S_IFDIR) : NULL;

	return n ? n->file : &mirror_files[0];
}

static struct rt_vnode *vnode_of(struct mfile *f)
{
	struct rt_vnode *dir, *v;

	if (f == &mirror_files[0])
		return __rt_vnode_hold(vfs_mount.root);
	if (f->open)
		return __rt_vnode_hold(f->open);
	for (unsigned i = 0; i < MIRROR_NAMES; i++) {
		if (!mirror_names[i].dir || mirror_names[i].file != f)
			continue;
		dir = vnode_of(mirror_names[i].dir);
		v = vfs_find(dir, mirror_names[i].text);
		__rt_vnode_put(dir);
		if (!v)
			printf("# %s is lost: %s\n", mirror_names[i].text,
			       strerror(errno));
		if (!v)
			abort();
		return v;
	}
	abort();
}

/* Errors that may be; the file system is as before then. */
static bool failed(const char *what, long r)
{
	if (r == 0)
		return false;
	EXPECT(r == -ENOMEM || r == -ENOSPC, "%s: %s", what, strerror((int)-r));
	if (r == -ENOSPC)
		files_only_shrink = true;
	return true;
}

static unsigned mirror_total(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MIRROR_NAMES; i++)
		count += mirror_names[i].dir != NULL;
	return count;
}

static void new_text(char *text)
{
	unsigned length = any(20) ? 3 + any(12) : 200 + any(55), i;

	for (i = 0; i < length; i++)
		text[i] = (char)('a' + any(26));
	text[i] = 0;
}

static void op_create(void)
{
	static const mode_t types[] = {S_IFREG, S_IFREG, S_IFREG, S_IFREG,
				       S_IFDIR, S_IFLNK, S_IFLNK, S_IFIFO,
				       S_IFCHR, S_IFSOCK};
	mode_t mode = types[any(COUNT_OF(types))] | any(01000);
	struct mfile *dir = any_dir(), *f;
	char text[RT_NAME_MAX + 1], target[1024];
	struct rt_vnode *v, *init = vnode_of(dir);
	long r;

	new_text(text);
	if (mirror_find(dir, text) || mirror_total() > NAMES_MAX) {
		__rt_vnode_put(init);
		return;
	}
	memset(target, 'x', sizeof(target));
	target[any(10) ? 1 + any(80) : 900 + any(120)] = 0;
	r = vfs_make(init, text, mode, S_ISLNK(mode) ? target : NULL, NULL);
	__rt_vnode_put(init);
	if (failed("create", r))
		return;
	f = mirror_file(mode);
	if (!f)
		abort();
	f->uid = 70000;
	f->mtime.tv_sec = vfs_seconds;
	if (S_ISLNK(mode))
		strcpy(f->target, target);
	mirror_name(dir, text, f);
	v = vnode_of(f);
	if (S_ISREG(mode) && !any(6))
		f->open = __rt_vnode_hold(v);
	__rt_vnode_put(v);
}

static void op_link(void)
{
	struct mname *n = any_name(S_IFREG);
	struct mfile *dir = any_dir();
	char text[RT_NAME_MAX + 1];
	struct rt_vnode *v, *d;
	long r;

	new_text(text);
	if (!n || mirror_find(dir, text))
		return;
	v = vnode_of(n->file);
	d = vnode_of(dir);
	r = VFS_RETRY(d->mount->ops->link(d, text, strlen(text), v));
	__rt_vnode_put(d);
	__rt_vnode_put(v);
	if (!failed("link", r))
		mirror_name(dir, text, n->file);
}

static void op_unlink(void)
{
	struct mname *n = any_name(any(3) ? 0 : S_IFREG);
	struct rt_vnode *d;
	long r;

	if (!n)
		return;
	d = vnode_of(n->dir);
	r = vfs_unlink(d, n->text);
	__rt_vnode_put(d);
	if (S_ISDIR(n->file->mode) && mirror_count(n->file, 0)) {
		EXPECT(r == -ENOTEMPTY || r == -ENOMEM, "rmdir %s: %ld",
		       n->text, r);
		return;
	}
	if (!failed("unlink", r))
		mirror_drop_name(n);
}

static bool is_below(const struct mfile *f, const struct mfile *above)
{
	while (f != &mirror_files[0]) {
		unsigned i = 0;

		if (f == above)
			return true;
		while (!mirror_names[i].dir || mirror_names[i].file != f)
			i++;
		f = mirror_names[i].dir;
	}
	return f == above;
}

static void op_rename(void)
{
	struct mname *n = any_name(0), *over = NULL;
	struct mfile *dir = any_dir(), *f;
	char text[RT_NAME_MAX + 1];
	struct rt_vnode *from, *to;
	int exchange;
	long r;

	if (!n)
		return;
	new_text(text);
	if (any(2) && (over = any_name(0))) {
		strcpy(text, over->text);
		dir = over->dir;
	}
	over = mirror_find(dir, text);
	exchange = over && !any(3);
	if (is_below(dir, n->file) ||
	    (exchange && is_below(n->dir, over->file)) ||
	    (over && over->file == n->file))
		return;
	if (over && !exchange &&
	    (S_ISDIR(n->file->mode) != S_ISDIR(over->file->mode)))
		return;
	from = vnode_of(n->dir);
	to = vnode_of(dir);
	r = vfs_rename(from, n->text, to, text, exchange);
	__rt_vnode_put(from);
	__rt_vnode_put(to);
	if (over && !exchange && S_ISDIR(over->file->mode) &&
	    mirror_count(over->file, 0)) {
		EXPECT(r == -ENOTEMPTY || r == -ENOMEM, "rename over %s: %ld",
		       text, r);
		return;
	}
	if (failed("rename", r))
		return;
	f = n->file;
	if (exchange) {
		n->file = over->file;
		over->file = f;
		return;
	}
	f->names++;
	mirror_drop_name(n);
	if (over)
		mirror_drop_name(over);
	mirror_name(dir, text, f);
	f->names--;
}

static void grow(struct mfile *f, uint64_t size)
{
	if (size > f->size || !f->data) {
		f->data = realloc(f->data, size + 1);
		if (size > f->size)
			memset(f->data + f->size, 0, size - f->size);
	}
	f->size = size;
}

static void op_write(void)
{
	struct mname *n = any_name(S_IFREG);
	uint64_t offset, bytes;
	struct rt_vnode *v;
	struct mfile *f;
	uint8_t *data;
	long r;

	if (!n)
		return;
	f = n->file;
	offset = any(3) ? f->size : any(DATA_MAX);
	bytes = any(4) ? 1 + any(9000) : 1 + any(60000);
	if (offset + bytes > DATA_MAX)
		return;
	data = malloc(bytes);
	for (uint64_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)random_next(&seed);
	v = vnode_of(f);
	r = vfs_write(v, offset, data, bytes);
	if (!failed("write", r)) {
		if (offset + bytes > f->size)
			grow(f, offset + bytes);
		memcpy(f->data + offset, data, bytes);
	} else if (v->size > f->size) {
		/* The page went nowhere; the size is the caller's affair. */
		v->size = f->size;
	}
	f->touched = true;
	__rt_vnode_put(v);
	free(data);
}

static void op_truncate(void)
{
	struct mname *n = any_name(S_IFREG);
	struct rt_vnode *v;
	uint64_t size;

	if (!n)
		return;
	size = any(3) ? any((unsigned)n->file->size + 1) : any(DATA_MAX);
	v = vnode_of(n->file);
	if (!failed("truncate", vfs_truncate(v, size)))
		grow(n->file, size);
	else
		v->size = n->file->size;
	n->file->touched = true;
	__rt_vnode_put(v);
}

static void op_punch(void)
{
	struct mname *n = any_name(S_IFREG);
	uint64_t from = any(DATA_MAX), to = from + any(80000);
	uint32_t block = 0;
	struct statfs fs;
	struct rt_vnode *v;

	if (!n)
		return;
	v = vnode_of(n->file);
	vfs_mount.ops->statfs(&vfs_mount, &fs);
	block = (uint32_t)fs.f_bsize;
	from = from / block * block;
	to = to / block * block;
	if (!failed("punch", VFS_RETRY(v->mount->ops->punch(v, from, to)))) {
		if (to > n->file->size)
			to = n->file->size;
		if (from < to)
			memset(n->file->data + from, 0, to - from);
	} else {
		/* It may have done a part: let it be. */
		vfs_fail_memory = -1;
		if (from < n->file->size) {
			if (to > n->file->size)
				to = n->file->size;
			vfs_read(v, 0, n->file->data, n->file->size);
		}
	}
	n->file->touched = true;
	__rt_vnode_put(v);
}

static void op_preallocate(void)
{
	struct mname *n = any_name(S_IFREG);
	struct rt_vnode *v;
	long r;

	if (!n)
		return;
	v = vnode_of(n->file);
	r = VFS_RETRY(
		v->mount->ops->allocate(v, any(DATA_MAX), 1 + any(90000), 1));
	if (r != -EOPNOTSUPP)
		failed("preallocate", r);
	__rt_vnode_put(v);
}

static void op_attributes(void)
{
	struct mname *n = any_name(0);
	struct rt_vnode *v;

	if (!n || S_ISDIR(n->file->mode))
		return;
	v = vnode_of(n->file);
	v->uid = n->file->uid = any(1u << 31);
	v->mode = n->file->mode = (n->file->mode & S_IFMT) | any(010000);
	v->mtime.tv_sec = n->file->mtime.tv_sec = any(1u << 31);
	__rt_vnode_dirty(v, RT_DIRTY_ATTR);
	__rt_vnode_put(v);
}

static void op_close(void)
{
	struct mfile *f = &mirror_files[any(MIRROR_FILES)];

	if (!f->open)
		return;
	__rt_vnode_put(f->open);
	f->open = NULL;
	mirror_drop_file(f);
}

static void op_sync(void)
{
	long r = vfs_sync();

	EXPECT(r == 0 || r == -ENOMEM, "sync %ld", r);
	if (any(2))
		vfs_forget_idle();
}

static void (*const growing[])(void) = {
	op_create, op_create, op_link,	   op_write, op_write,
	op_write,  op_rename, op_truncate, op_punch, op_preallocate,
	op_unlink, op_unlink, op_close,	   op_sync,  op_attributes,
};

static void (*const shrinking[])(void) = {
	op_unlink, op_unlink, op_truncate, op_close, op_rename, op_punch,
};

static void operate(void)
{
	static unsigned shrink_left;

	if (files_only_shrink)
		shrink_left = 60;
	files_only_shrink = false;
	vfs_seconds++;
	vfs_fail_memory = any(25) ? -1 : (long)any(4);
	if (shrink_left) {
		shrink_left--;
		shrinking[any(COUNT_OF(shrinking))]();
	} else {
		growing[any(COUNT_OF(growing))]();
	}
	vfs_fail_memory = -1;
}

static void close_all(void)
{
	for (unsigned i = 0; i < MIRROR_FILES; i++) {
		struct mfile *f = &mirror_files[i];

		if (!f->open)
			continue;
		__rt_vnode_put(f->open);
		f->open = NULL;
		mirror_drop_file(f);
	}
}

/* A clean end, e2fsck, and a new beginning. */
static void check(struct image *image)
{
	struct rt_vnode *root;
	const char *why;
	bool types;
	long r;

	types = ext2fs_has_feature_filetype(
		((struct ext_mount *)vfs_mount.fs)->fs->super);
	mirror_compare(types);
	close_all();
	root = vfs_mount.root;
	__rt_vnode_put(root);
	r = vfs_detach();
	EXPECT(r == 0, "unmount %ld", r);
	EXPECT(image_clean(image), "e2fsck");
	r = vfs_attach(image, &why);
	EXPECT(r == 0 && !vfs_mount.read_only, "mount %ld %s", r,
	       why ? why : "");
	if (r)
		exit(1);
	mirror_compare(types);
}

static void run(size_t bytes, const char *options, unsigned operations)
{
	struct image image;
	const char *why;
	long r;

	image_make(&image, bytes, options);
	mirror_clear();
	r = vfs_attach(&image, &why);
	EXPECT(r == 0 && !why, "mount %ld %s", r, why ? why : "");
	if (r)
		exit(1);
	/* mke2fs makes one, the mirror has none. */
	r = vfs_unlink(vfs_mount.root, "lost+found");
	EXPECT(r == 0, "lost+found %ld", r);
	for (unsigned i = 1; i <= operations; i++) {
		operate();
		if (i % CHECK_EACH == 0)
			check(&image);
		if (tap_broken)
			break;
	}
	close_all();
	__rt_vnode_put(vfs_mount.root);
	vfs_detach();
	image_destroy(&image);
	mirror_clear();
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	static const struct {
		const char *name, *options;
		size_t bytes;
	} kinds[] = {
		{"ext2 with blocks of 1 KiB", "-t ext2 -b 1024", 8 << 20},
		{"ext3 with blocks of 1 KiB", "-t ext3 -b 1024", 8 << 20},
		{"ext3 with blocks of 2 KiB and inodes of 128 bytes",
		 "-t ext3 -b 2048 -I 128", 12 << 20},
		{"ext4 with blocks of 4 KiB", "-t ext4 -b 4096", 24 << 20},
		{"ext4 with blocks of 1 KiB", "-t ext4 -b 1024", 10 << 20},
		{"ext4 without checksums",
		 "-t ext4 -b 1024 -O ^metadata_csum,^64bit", 10 << 20},
		{"ext4 with uninit_bg and no flex_bg",
		 "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^flex_bg",
		 20 << 20},
		{"ext4 without a journal", "-t ext4 -b 4096 -O ^has_journal",
		 12 << 20},
		{"ext2 without types in directories, or dir_index",
		 "-t ext2 -b 1024 -O ^filetype,^dir_index,^large_file",
		 8 << 20},
	};

	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	for (unsigned long round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
			uint64_t start = seed;
			char text[128];

			run(kinds[i].bytes, kinds[i].options, 1500);
			snprintf(text, sizeof(text), "%s, changed at random",
				 kinds[i].name);
			if (tap_broken)
				printf("# seed %#llx\n",
				       (unsigned long long)start);
			promise(text);
		}
	}
	return promises_end();
}
