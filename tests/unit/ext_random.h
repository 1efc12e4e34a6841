/* SPDX-License-Identifier: ISC */
/* Changes at random, to a file system and to the mirror of it. */
#ifndef EXT_RANDOM_H
#define EXT_RANDOM_H

#include "ext_mirror.h"

#define DATA_MAX  (200u << 10)
#define NAMES_MAX 400

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

#endif
