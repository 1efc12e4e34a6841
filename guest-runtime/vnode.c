/* SPDX-License-Identifier: ISC */
/*
 * Vnodes in memory: one for each file that is or was lately in use.
 *
 * THEORY OF OPERATION
 * A table finds a vnode by mount and inode. One that nobody uses stays, with
 * its pages, on the list of idle ones until there are too many of them; a
 * deleted one goes at once. One that has anything to write is on the list of
 * dirty ones too, and is written before it may be forgotten.
 */
#include "vnode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mount.h"
#include "page.h"

#define BUCKETS	 4096
#define IDLE_MAX 4096

static struct rt_vnode *table[BUCKETS];
static struct rt_vnode *idle_first, *idle_last;
static struct rt_vnode *dirty_first, *dirty_last;
static size_t idle_count;

static struct rt_vnode **bucket(const struct rt_mount *mount, uint64_t ino)
{
	uint64_t hash = (ino + mount->dev) * 0x9e3779b97f4a7c15ULL;

	return &table[hash >> 52];
}

_Static_assert(BUCKETS == 1 << 12, "the bits bucket() takes");

static void idle_remove(struct rt_vnode *v)
{
	*(v->idle_prev ? &v->idle_prev->idle_next : &idle_first) = v->idle_next;
	*(v->idle_next ? &v->idle_next->idle_prev : &idle_last) = v->idle_prev;
	idle_count--;
}

static void idle_add(struct rt_vnode *v)
{
	v->idle_prev = idle_last;
	v->idle_next = NULL;
	*(idle_last ? &idle_last->idle_next : &idle_first) = v;
	idle_last = v;
	idle_count++;
}

static int is_dirty(const struct rt_vnode *v)
{
	/* What is mapped may become dirty at any time. */
	return v->dirty || v->dirty_pages || v->maps;
}

static int on_dirty_list(const struct rt_vnode *v)
{
	return v->dirty_prev || dirty_first == v;
}

void __rt_vnode_list_dirty(struct rt_vnode *v)
{
	if (on_dirty_list(v))
		return;
	v->dirty_prev = dirty_last;
	v->dirty_next = NULL;
	*(dirty_last ? &dirty_last->dirty_next : &dirty_first) = v;
	dirty_last = v;
}

static void dirty_remove(struct rt_vnode *v)
{
	if (!on_dirty_list(v))
		return;
	*(v->dirty_prev ? &v->dirty_prev->dirty_next : &dirty_first) =
		v->dirty_next;
	*(v->dirty_next ? &v->dirty_next->dirty_prev : &dirty_last) =
		v->dirty_prev;
	v->dirty_prev = v->dirty_next = NULL;
}

void __rt_vnode_dirty(struct rt_vnode *v, unsigned what)
{
	v->dirty |= what;
	__rt_vnode_list_dirty(v);
	__rt_mount_changed(v->mount);
}

static long write_attr(struct rt_vnode *v)
{
	long err = 0;

	if (v->dirty && v->mount->ops->write_attr)
		err = v->mount->ops->write_attr(v);
	if (!err)
		v->dirty = 0;
	return err;
}

/*
 * Every vnode of @mount (NULL: of all) that is dirty: its pages, then its
 * attributes. Goes on after an error, whose first is returned.
 */
long __rt_vnode_write_back(const struct rt_mount *mount)
{
	struct rt_vnode *v, *next;
	long first = 0, err;

	for (v = dirty_first; v; v = next) {
		next = v->dirty_next;
		if (mount && v->mount != mount)
			continue;
		err = __rt_page_write_back(v);
		if (!err)
			err = write_attr(v);
		if (err && !first)
			first = err;
		if (!is_dirty(v))
			dirty_remove(v);
	}
	return first;
}

static void unhash(struct rt_vnode *v)
{
	struct rt_vnode **at = bucket(v->mount, v->ino);

	while (*at != v)
		at = &(*at)->hash_next;
	*at = v->hash_next;
}

static void forget(struct rt_vnode *v)
{
	__rt_page_drop(v, 0);
	dirty_remove(v);
	unhash(v);
	v->mount->ops->evict(v);
	__rt_free(v);
}

/* Forgets idle vnodes, oldest first, until at most @left are there. */
static void trim(size_t left)
{
	struct rt_vnode *v, *next;

	for (v = idle_first; v && idle_count > left; v = next) {
		next = v->idle_next;
		/* One that cannot be written must not be lost. */
		if (__rt_page_write_back(v) || write_attr(v))
			continue;
		idle_remove(v);
		forget(v);
	}
}

int __rt_vnode_shrink(void)
{
	size_t before = idle_count;

	trim(0);
	return idle_count < before;
}

long __rt_vnode_get(struct rt_mount *mount, uint64_t ino, struct rt_vnode **to)
{
	struct rt_vnode **at = bucket(mount, ino), *v;
	long err;

	for (v = *at; v; v = v->hash_next) {
		if (v->ino == ino && v->mount == mount) {
			*to = __rt_vnode_hold(v);
			return 0;
		}
	}
	v = __rt_calloc(1, mount->ops->vnode_bytes);
	if (!v && __rt_vnode_shrink())
		v = __rt_calloc(1, mount->ops->vnode_bytes);
	if (!v)
		return -ENOMEM;
	v->mount = mount;
	v->ino = ino;
	v->refs = 1;
	err = mount->ops->load(v);
	if (err) {
		__rt_free(v);
		return err;
	}
	v->hash_next = *at;
	*at = v;
	*to = v;
	return 0;
}

struct rt_vnode *__rt_vnode_hold(struct rt_vnode *v)
{
	if (!v->refs++)
		idle_remove(v);
	return v;
}

void __rt_vnode_put(struct rt_vnode *v)
{
	if (--v->refs)
		return;
	if (!v->nlink) {
		forget(v);
		return;
	}
	idle_add(v);
	if (idle_count > IDLE_MAX)
		trim(IDLE_MAX);
}

void __rt_vnode_forget_all(const struct rt_mount *mount)
{
	struct rt_vnode *v, *next;

	for (v = idle_first; v; v = next) {
		next = v->idle_next;
		if (v->mount != mount)
			continue;
		idle_remove(v);
		forget(v);
	}
}
