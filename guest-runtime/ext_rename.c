/* SPDX-License-Identifier: ISC */
/* Files change names. */
#include <errno.h>
#include <sys/stat.h>

#include "ext_dir.h"
#include "ext_dirent.h"
#include "ext_name.h"
#include "ext_orphan.h"

struct side {
	struct ext_vnode *dir;
	const char *name;
	size_t bytes;
	struct ext_vnode *x; /* whose name it is */
};

static bool is_dir(const struct ext_vnode *x)
{
	return x && S_ISDIR(x->v.mode);
}

static long check_flags(const struct side *old, const struct side *new)
{
	unsigned flags = old->dir->v.flags | old->x->v.flags;

	if (new->x)
		flags |= new->x->v.flags | new->dir->v.flags;
	else
		flags |= new->dir->v.flags &RT_IMMUTABLE;
	return flags & (RT_IMMUTABLE | RT_APPEND) ? -EPERM : 0;
}

/* That a directory which moves can be told of its new parent. */
static long check_parent(struct ext_vnode *x)
{
	struct ext_place at;
	long r = ext_dir_find(x, "..", 2, &at);

	return r == -ENOENT ? -EUCLEAN : r;
}

/* Nothing is changed before all of this is known to succeed. */
static long check(const struct side *old, const struct side *new, bool exchange)
{
	bool moves = old->dir != new->dir;
	struct ext_place at;
	long r = check_flags(old, new);

	if (r < 0)
		return r;
	if (!exchange && new->x && is_dir(old->x) != is_dir(new->x))
		return is_dir(new->x) ? -EISDIR : -ENOTDIR;
	if (moves && is_dir(old->x) && !is_dir(new->x))
		r = ext_name_may_add_dir(new->dir);
	if (r == 0 && moves && exchange && is_dir(new->x) && !is_dir(old->x))
		r = ext_name_may_add_dir(old->dir);
	if (r == 0 && moves && is_dir(old->x))
		r = check_parent(old->x);
	if (r == 0 && moves && exchange && is_dir(new->x))
		r = check_parent(new->x);
	if (r == 0)
		r = ext_name_find(old->dir, old->name, old->bytes, &old->x->v,
				  &at);
	return r;
}

/* The name on @side becomes another file's. */
static long give_name(const struct side *side, const struct ext_vnode *x)
{
	struct ext_place at;
	long r = ext_name_find(side->dir, side->name, side->bytes, &side->x->v,
			       &at);

	return r < 0 ? r : ext_dir_replace(side->dir, &at, x->v.ino, x->v.mode);
}

/* A directory has gone from below @from to below @to. */
static long move_dir(struct ext_vnode *x, struct ext_vnode *from,
		     struct ext_vnode *to)
{
	if (!is_dir(x) || from == to)
		return 0;
	ext_name_remove_dir(from);
	ext_name_add_dir(to);
	return ext_dir_set_parent(x, to->v.ino);
}

static long exchange_names(const struct side *old, const struct side *new)
{
	struct ext_mount *m = ext_mount(old->dir);
	long r = give_name(new, old->x);

	if (r < 0)
		return r;
	r = give_name(old, new->x);
	if (r == 0)
		r = move_dir(old->x, old->dir, new->dir);
	if (r == 0)
		r = move_dir(new->x, new->dir, old->dir);
	return r < 0 ? ext_break(m, r) : 0;
}

static long move_name(const struct side *old, const struct side *new)
{
	struct ext_mount *m = ext_mount(old->dir);
	struct ext_place at;
	long r;

	if (new->x)
		r = give_name(new, old->x);
	else
		r = ext_dir_add(new->dir, new->name, new->bytes, old->x->v.ino,
				old->x->v.mode);
	if (r < 0)
		return r;
	r = ext_name_find(old->dir, old->name, old->bytes, &old->x->v, &at);
	if (r == 0)
		r = ext_dir_remove(old->dir, &at);
	if (r == 0)
		r = move_dir(old->x, old->dir, new->dir);
	if (r < 0)
		return ext_break(m, r);
	if (is_dir(new->x))
		ext_name_remove_dir(new->dir);
	if (new->x)
		ext_name_lost(new->x);
	return 0;
}

long ext_name_rename(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode *v, struct rt_vnode *new_dir,
		     const char *new_name, size_t new_bytes,
		     struct rt_vnode *over, int exchange)
{
	struct side old = {ext_vnode(dir), name, bytes, ext_vnode(v)};
	struct side new = {ext_vnode(new_dir), new_name, new_bytes,
			   over ? ext_vnode(over) : NULL};
	long r;

	if (ext_mount(old.dir)->broken)
		return -EIO;
	if (v == over)
		return 0;
	if (exchange && !over)
		return -ENOENT;
	r = check(&old, &new, exchange);
	if (r == 0 && over && !exchange)
		r = ext_name_may_lose(new.x);
	if (r < 0)
		return r;
	r = exchange ? exchange_names(&old, &new) : move_name(&old, &new);
	if (r < 0) {
		if (over && over->nlink && !exchange)
			ext_orphan_remove(new.x);
		return r;
	}
	ext_name_changed(old.x);
	if (exchange)
		ext_name_changed(new.x);
	ext_name_changed_dir(old.dir);
	ext_name_changed_dir(new.dir);
	return 0;
}
