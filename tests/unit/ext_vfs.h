/* SPDX-License-Identifier: ISC */
/*
 * What the runtime is for its file systems, as small as it can be, for tests:
 * a table of vnodes, a clock that ticks, memory that runs out when it should.
 * Pages are not cached: what is written goes to the file system at once.
 */
#ifndef EXT_VFS_H
#define EXT_VFS_H

#include <sys/stat.h>
#include <sys/vfs.h>

#include "ext.h"
#include "ext_image.h"
#include "vnode.h"

#define VFS_BUCKETS 4096
#define VFS_PAGE    4096u

static struct rt_vnode *vfs_table[VFS_BUCKETS];
static struct rt_vnode *vfs_dirty_first;
static struct rt_mount vfs_mount;
static int64_t vfs_seconds = 1600000000;
static long vfs_fail_memory = -1; /* allocations until one fails */
static unsigned long vfs_memory_asked;

void __rt_now(struct timespec *to)
{
	to->tv_sec = vfs_seconds;
	to->tv_nsec = 123456789;
}

static bool memory_left(void)
{
	vfs_memory_asked++;
	return vfs_fail_memory < 0 || vfs_fail_memory-- > 0;
}

void *__rt_malloc(size_t bytes)
{
	return memory_left() ? malloc(bytes) : NULL;
}

void *__rt_calloc(size_t count, size_t bytes)
{
	return memory_left() ? calloc(count, bytes) : NULL;
}

void *__rt_realloc(void *old, size_t bytes)
{
	return memory_left() ? realloc(old, bytes) : NULL;
}

void __rt_free(void *p)
{
	free(p);
}

void __rt_vnode_dirty(struct rt_vnode *v, unsigned what)
{
	if (!v->dirty) {
		v->dirty_prev = NULL;
		v->dirty_next = vfs_dirty_first;
		if (v->dirty_next)
			v->dirty_next->dirty_prev = v;
		vfs_dirty_first = v;
	}
	v->dirty |= what;
}

static inline void vfs_undirty(struct rt_vnode *v)
{
	if (!v->dirty)
		return;
	if (v->dirty_prev)
		v->dirty_prev->dirty_next = v->dirty_next;
	else
		vfs_dirty_first = v->dirty_next;
	if (v->dirty_next)
		v->dirty_next->dirty_prev = v->dirty_prev;
	v->dirty = 0;
}

long __rt_vnode_get(struct rt_mount *mount, uint64_t ino, struct rt_vnode **to)
{
	struct rt_vnode **at = &vfs_table[ino % VFS_BUCKETS], *v;
	long r;

	for (v = *at; v; v = v->hash_next) {
		if (v->ino == ino && v->mount == mount) {
			v->refs++;
			*to = v;
			return 0;
		}
	}
	v = calloc(1, mount->ops->vnode_bytes);
	if (!v)
		abort();
	v->mount = mount;
	v->ino = ino;
	v->refs = 1;
	r = mount->ops->load(v);
	if (r < 0) {
		free(v);
		return r;
	}
	v->hash_next = *at;
	*at = v;
	*to = v;
	return 0;
}

struct rt_vnode *__rt_vnode_hold(struct rt_vnode *v)
{
	v->refs++;
	return v;
}

static inline void vfs_forget(struct rt_vnode *v)
{
	struct rt_vnode **at = &vfs_table[v->ino % VFS_BUCKETS];

	while (*at != v)
		at = &(*at)->hash_next;
	*at = v->hash_next;
	vfs_undirty(v);
	v->mount->ops->evict(v);
	free(v);
}

void __rt_vnode_forget_all(const struct rt_mount *mount)
{
	for (unsigned i = 0; i < VFS_BUCKETS; i++) {
		struct rt_vnode *v = vfs_table[i], *next;

		for (; v; v = next) {
			next = v->hash_next;
			if (!v->refs && !v->dirty && v->mount == mount)
				vfs_forget(v);
		}
	}
}

static inline void vfs_forget_idle(void)
{
	__rt_vnode_forget_all(&vfs_mount);
}

void __rt_vnode_put(struct rt_vnode *v)
{
	if (!--v->refs && !v->nlink)
		vfs_forget(v);
}

/* Everything dirty goes to the file system, which commits it. */
static inline long vfs_sync(void)
{
	while (vfs_dirty_first) {
		struct rt_vnode *v = vfs_dirty_first;
		long r = v->mount->ops->write_attr(v);

		if (r < 0)
			return r;
		vfs_undirty(v);
	}
	return vfs_mount.ops->commit(&vfs_mount);
}

#define VFS_RETRY(change)                               \
	({                                              \
		long vfs_r;                             \
                                                        \
		while ((vfs_r = (change)) == -EAGAIN) { \
			vfs_r = vfs_sync();             \
			if (vfs_r < 0)                  \
				break;                  \
		}                                       \
		vfs_r;                                  \
	})

static inline long vfs_attach(struct image *image, const char **why)
{
	memset(&vfs_mount, 0, sizeof(vfs_mount));
	vfs_mount.dev = 1;
	vfs_mount.path = "/";
	return __rt_ext_mount(&vfs_mount, &image->disk, why);
}

/* As when the machine stops: what was not committed is lost. */
static inline void vfs_crash(void)
{
	for (unsigned i = 0; i < VFS_BUCKETS; i++) {
		while (vfs_table[i]) {
			struct rt_vnode *v = vfs_table[i];

			/* Not deleted: the next mount has to. */
			v->mount->read_only = 1;
			vfs_table[i] = v->hash_next;
			vfs_undirty(v);
			v->mount->ops->evict(v);
			free(v);
		}
	}
	vfs_mount.ops->unmount(&vfs_mount);
}

/* 0 or -errno. All vnodes but those in use are gone, and then these too. */
static inline long vfs_detach(void)
{
	long r = vfs_mount.read_only ? 0 : vfs_sync(), closed;

	vfs_forget_idle();
	closed = vfs_mount.ops->unmount(&vfs_mount);
	for (unsigned i = 0; i < VFS_BUCKETS; i++) {
		while (vfs_table[i]) {
			struct rt_vnode *v = vfs_table[i];

			vfs_table[i] = v->hash_next;
			vfs_undirty(v);
			free(v);
		}
	}
	return r < 0 ? r : closed;
}

/* The file a name leads to; NULL, and errno, where it does not. */
static inline struct rt_vnode *vfs_find(struct rt_vnode *dir, const char *name)
{
	struct rt_vnode *v = NULL;
	uint64_t ino;
	long r = dir->mount->ops->lookup(dir, name, strlen(name), &ino);

	if (r == 0)
		r = __rt_vnode_get(dir->mount, ino, &v);
	errno = r < 0 ? (int)-r : 0;
	return r < 0 ? NULL : v;
}

static inline long vfs_make(struct rt_vnode *dir, const char *name, mode_t mode,
			    const char *target, struct rt_vnode **to)
{
	struct rt_vnode init = {.mode = mode, .uid = 70000, .gid = 5};
	uint64_t ino;
	long r;

	__rt_now(&init.mtime);
	init.atime = init.ctime = init.mtime;
	r = VFS_RETRY(dir->mount->ops->create(
		dir, name, name ? strlen(name) : 0, &init, target, &ino));
	if (r == 0 && to)
		r = __rt_vnode_get(dir->mount, ino, to);
	return r;
}

static inline long vfs_unlink(struct rt_vnode *dir, const char *name)
{
	struct rt_vnode *v = vfs_find(dir, name);
	long r;

	if (!v)
		return -errno;
	r = VFS_RETRY(dir->mount->ops->unlink(dir, name, strlen(name), v));
	__rt_vnode_put(v);
	return r;
}

static inline long vfs_rename(struct rt_vnode *dir, const char *name,
			      struct rt_vnode *new_dir, const char *new_name,
			      int exchange)
{
	struct rt_vnode *v = vfs_find(dir, name), *over;
	long r;

	if (!v)
		return -errno;
	over = vfs_find(new_dir, new_name);
	r = VFS_RETRY(dir->mount->ops->rename(
		dir, name, strlen(name), v, new_dir, new_name, strlen(new_name),
		over, exchange));
	__rt_vnode_put(v);
	if (over)
		__rt_vnode_put(over);
	return r;
}

/* Whole pages around the range, read, changed, and written. */
static inline long vfs_write(struct rt_vnode *v, uint64_t offset,
			     const void *from, size_t bytes)
{
	uint64_t start = offset / VFS_PAGE * VFS_PAGE;
	uint64_t end = (offset + bytes + VFS_PAGE - 1) / VFS_PAGE * VFS_PAGE;
	uint8_t *pages = malloc(end - start);
	struct bp_segment all = {(uintptr_t)pages, end - start};
	long r = VFS_RETRY(v->mount->ops->allocate(v, offset, bytes, 0));

	if (r == 0)
		r = v->mount->ops->read(v, start, &all, 1);
	if (r == 0) {
		memcpy(pages + (offset - start), from, bytes);
		if (offset + bytes > v->size)
			v->size = offset + bytes;
		__rt_vnode_dirty(v, RT_DIRTY_ATTR | RT_DIRTY_TIMES);
		r = v->mount->ops->write(v, start, &all, 1);
	}
	free(pages);
	return r;
}

static inline long vfs_read(struct rt_vnode *v, uint64_t offset, void *to,
			    size_t bytes)
{
	uint64_t start = offset / VFS_PAGE * VFS_PAGE;
	uint64_t end = (offset + bytes + VFS_PAGE - 1) / VFS_PAGE * VFS_PAGE;
	uint8_t *pages = malloc(end - start);
	struct bp_segment all = {(uintptr_t)pages, end - start};
	long r = v->mount->ops->read(v, start, &all, 1);

	if (r == 0)
		memcpy(to, pages + (offset - start), bytes);
	free(pages);
	return r;
}

/* The end of a page that is cut off is made zero, as no one else does. */
static inline long vfs_truncate(struct rt_vnode *v, uint64_t size)
{
	uint64_t old = v->size;
	char zero[VFS_PAGE] = "";
	long r = 0;

	if (size < old && size % VFS_PAGE) {
		uint64_t n = VFS_PAGE - size % VFS_PAGE;

		if (n > old - size)
			n = old - size;
		/* A hole stays one. */
		{
			uint8_t page[VFS_PAGE];
			struct bp_segment all = {(uintptr_t)page, VFS_PAGE};

			r = v->mount->ops->read(v, size / VFS_PAGE * VFS_PAGE,
						&all, 1);
			memcpy(page + size % VFS_PAGE, zero, n);
			if (r == 0)
				r = v->mount->ops->write(
					v, size / VFS_PAGE * VFS_PAGE, &all, 1);
		}
	}
	v->size = size;
	__rt_vnode_dirty(v, RT_DIRTY_ATTR | RT_DIRTY_TIMES);
	if (r == 0 && size < old)
		r = VFS_RETRY(v->mount->ops->punch(v, size, UINT64_MAX));
	return r;
}

#endif
