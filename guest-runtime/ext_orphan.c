/* SPDX-License-Identifier: ISC */
#include "ext_orphan.h"

#include <errno.h>

#include "ext_inode.h"

#define NEVER_WRITTEN UINT32_MAX

struct ext_orphan {
	struct ext_orphan *prev, *next;
	struct ext_vnode *x; /* NULL: not in memory */
	ext2_ino_t ino;
	uint32_t written; /* i_dtime on the disk */
	bool doomed;
};

bool ext_orphan_attach(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_orphan *o = m->detached ? m->orphans : NULL;

	while (o && (o->x || o->ino != x->v.ino))
		o = o->next;
	if (!o)
		return false;
	if (o->doomed)
		m->doomed--;
	m->detached--;
	o->doomed = false;
	o->x = x;
	x->orphan = o;
	return true;
}

void ext_orphan_detach(struct ext_vnode *x)
{
	if (!x->orphan)
		return;
	x->orphan->x = NULL;
	x->orphan = NULL;
	ext_mount(x)->detached++;
}

void ext_orphan_doom(struct ext_vnode *x)
{
	x->orphan->doomed = true;
	ext_mount(x)->doomed++;
}

ext2_ino_t ext_orphan_doomed(const struct ext_mount *m)
{
	const struct ext_orphan *o = m->doomed ? m->orphans : NULL;

	while (o && !o->doomed)
		o = o->next;
	return o ? o->ino : 0;
}

uint32_t ext_orphan_next(const struct ext_orphan *o)
{
	return o->next ? o->next->ino : 0;
}

long ext_orphan_add(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_orphan *o;

	if (x->orphan)
		return 0;
	o = __rt_calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->ino = (ext2_ino_t)x->v.ino;
	o->x = x;
	o->written = NEVER_WRITTEN;
	o->next = m->orphans;
	if (o->next)
		o->next->prev = o;
	m->orphans = o;
	x->orphan = o;
	return 0;
}

void ext_orphan_remove(struct ext_vnode *x)
{
	struct ext_mount *m = ext_mount(x);
	struct ext_orphan *o = x->orphan;

	if (!o)
		return;
	if (o->prev)
		o->prev->next = o->next;
	else
		m->orphans = o->next;
	if (o->next)
		o->next->prev = o->prev;
	x->orphan = NULL;
	__rt_free(o);
}

/* The inode of a file that is not in memory. */
static long link_write(struct ext_mount *m, const struct ext_orphan *o)
{
	struct ext2_inode inode;
	errcode_t e = ext2fs_read_inode(m->fs, o->ino, &inode);

	if (!e) {
		inode.i_dtime = ext_orphan_next(o);
		e = ext2fs_write_inode(m->fs, o->ino, &inode);
	}
	return ext_errno(e);
}

long ext_orphan_sync(struct ext_mount *m)
{
	ext2_ino_t head = m->orphans ? m->orphans->ino : 0;

	for (struct ext_orphan *o = m->orphans; o; o = o->next) {
		uint32_t next = ext_orphan_next(o);
		long r;

		if (o->written == next)
			continue;
		r = o->x ? ext_inode_write(o->x) : link_write(m, o);
		if (r < 0)
			return r;
		o->written = next;
	}
	if (m->fs->super->s_last_orphan != head) {
		m->fs->super->s_last_orphan = head;
		ext2fs_mark_super_dirty(m->fs);
	}
	return 0;
}

void ext_orphan_delete_used(struct ext_mount *m)
{
	struct ext_orphan *next;

	for (struct ext_orphan *o = m->orphans; o; o = next) {
		next = o->next;
		if (o->x && !o->x->v.nlink)
			ext_inode_evict(&o->x->v);
	}
}

void ext_orphan_free(struct ext_mount *m)
{
	while (m->orphans) {
		struct ext_orphan *o = m->orphans;

		m->orphans = o->next;
		__rt_free(o);
	}
	m->detached = m->doomed = 0;
}
