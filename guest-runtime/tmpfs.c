/* SPDX-License-Identifier: ISC */
/*
 * Files in memory. Data lives in the page cache, which keeps what has no disk;
 * a vnode lives as long as it has a name: each holds a reference.
 */
#include "tmpfs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "memory_hook.h"
#include "page.h"
#include "page_pool.h"
#include "vnode.h"

#define TMPFS_MAGIC   0x01021994
#define FIRST_BUCKETS 16
/* What a name and its file take at most, of a quarter of the memory. */
#define NAME_BYTES    1024

struct entry {
	struct entry *hash_next;
	struct entry *prev, *next; /* in the order they were made */
	uint64_t at;		   /* ever growing: for readdir */
	struct tmp_vnode *v;
	size_t bytes;
	char name[];
};

struct tmp_vnode {
	struct rt_vnode v; /* first */
	char *target;	   /* of a link */
	/* Of a directory; the bucket count is a power of two. */
	struct tmp_vnode *parent;
	struct entry **bucket;
	size_t buckets, entries;
	struct entry *first, *last;
	uint64_t next_at;
};

struct tmpfs {
	uint64_t next_ino, names;
};

/* What load() makes the next vnode of. */
static const struct rt_vnode *model;

static struct tmp_vnode *of(struct rt_vnode *v)
{
	return (struct tmp_vnode *)v;
}

static size_t hash(const char *name, size_t bytes)
{
	size_t h = 0xcbf29ce484222325UL;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ (unsigned char)name[i]) * 0x100000001b3UL;
	return h ^ h >> 32;
}

static struct entry *find(const struct tmp_vnode *dir, const char *name,
			  size_t bytes)
{
	struct entry *e = NULL;

	if (dir->buckets)
		e = dir->bucket[hash(name, bytes) & (dir->buckets - 1)];
	while (e && (e->bytes != bytes || memcmp(e->name, name, bytes)))
		e = e->hash_next;
	return e;
}

static long grow(struct tmp_vnode *dir)
{
	size_t n = dir->buckets ? dir->buckets * 2 : FIRST_BUCKETS;
	struct entry **bucket = __rt_calloc(n, sizeof(struct entry *));

	if (!bucket)
		return -ENOMEM;
	for (struct entry *e = dir->first; e; e = e->next) {
		size_t i = hash(e->name, e->bytes) & (n - 1);

		e->hash_next = bucket[i];
		bucket[i] = e;
	}
	__rt_free(dir->bucket);
	dir->bucket = bucket;
	dir->buckets = n;
	return 0;
}

static struct entry *new_entry(struct tmp_vnode *dir, const char *name,
			       size_t bytes)
{
	struct entry *e;

	if (dir->entries >= dir->buckets && grow(dir))
		return NULL;
	e = __rt_calloc(1, sizeof(*e) + bytes);
	if (!e)
		return NULL;
	memcpy(e->name, name, bytes);
	e->bytes = bytes;
	return e;
}

static struct tmpfs *fs_of(const struct tmp_vnode *v)
{
	return v->v.mount->fs;
}

static uint64_t names_most(void)
{
	return __rt_memory_total() / 4 / NAME_BYTES;
}

static void changed(struct tmp_vnode *dir)
{
	__rt_now(&dir->v.mtime);
	dir->v.ctime = dir->v.mtime;
}

/* Puts @e, which names @v, into @dir. */
static void insert(struct tmp_vnode *dir, struct entry *e, struct tmp_vnode *v)
{
	size_t i = hash(e->name, e->bytes) & (dir->buckets - 1);

	e->v = v;
	e->at = ++dir->next_at;
	e->hash_next = dir->bucket[i];
	dir->bucket[i] = e;
	e->prev = dir->last;
	*(dir->last ? &dir->last->next : &dir->first) = e;
	dir->last = e;
	dir->entries++;
	fs_of(dir)->names++;
	dir->v.size = dir->entries * 32;
	changed(dir);
}

static void delete_entry(struct tmp_vnode *dir, struct entry *e)
{
	struct entry **at;

	at = &dir->bucket[hash(e->name, e->bytes) & (dir->buckets - 1)];
	while (*at != e)
		at = &(*at)->hash_next;
	*at = e->hash_next;
	*(e->prev ? &e->prev->next : &dir->first) = e->next;
	*(e->next ? &e->next->prev : &dir->last) = e->prev;
	dir->entries--;
	fs_of(dir)->names--;
	dir->v.size = dir->entries * 32;
	changed(dir);
	__rt_free(e);
}

static long tmp_load(struct rt_vnode *v)
{
	if (!model)
		return -ESTALE;
	v->mode = model->mode;
	v->uid = model->uid;
	v->gid = model->gid;
	v->rdev = model->rdev;
	v->atime = model->atime;
	v->mtime = model->mtime;
	v->ctime = model->ctime;
	return 0;
}

static void tmp_evict(struct rt_vnode *v)
{
	__rt_free(of(v)->target);
	__rt_free(of(v)->bucket);
}

static long tmp_lookup(struct rt_vnode *dir, const char *name, size_t bytes,
		       uint64_t *ino)
{
	const struct tmp_vnode *d = of(dir);
	const struct entry *e;

	if (bytes == 2 && !memcmp(name, "..", 2)) {
		if (!dir->nlink)
			return -ENOENT;
		*ino = d->parent->v.ino;
		return 0;
	}
	e = find(d, name, bytes);
	if (!e)
		return -ENOENT;
	*ino = e->v->v.ino;
	return 0;
}

/* 0 and 1 are "." and "..". An entry's place is its number and one. */
static long tmp_readdir(struct rt_vnode *dir, uint64_t at, rt_emit *emit,
			void *to)
{
	const struct tmp_vnode *d = of(dir);

	if (at < 1 && emit(to, ".", 1, dir->ino, S_IFDIR >> 12, 1))
		return 0;
	if (at < 2 && emit(to, "..", 2, d->parent ? d->parent->v.ino : dir->ino,
			   S_IFDIR >> 12, 2))
		return 0;
	for (const struct entry *e = d->first; e; e = e->next)
		if (e->at + 1 >= at &&
		    emit(to, e->name, e->bytes, e->v->v.ino,
			 (e->v->v.mode & S_IFMT) >> 12, e->at + 2))
			return 0;
	return 0;
}

static long tmp_readlink(struct rt_vnode *v, char *to, size_t bytes)
{
	if (bytes > v->size)
		bytes = v->size;
	memcpy(to, of(v)->target, bytes);
	return (long)bytes;
}

static long new_vnode(struct rt_mount *mount, const struct rt_vnode *init,
		      struct rt_vnode **v)
{
	struct tmpfs *fs = mount->fs;
	long err;

	model = init;
	err = __rt_vnode_get(mount, fs->next_ino, v);
	model = NULL;
	if (err)
		return err;
	fs->next_ino++;
	return 0;
}

static long create_nameless(struct rt_vnode *dir, const struct rt_vnode *init,
			    uint64_t *ino)
{
	struct rt_vnode *v;
	long err = new_vnode(dir->mount, init, &v);

	if (err)
		return -ENOSPC;
	*ino = v->ino;
	/* It stays, unused, until the caller gets it. */
	v->nlink = 1;
	__rt_vnode_put(v);
	v->nlink = 0;
	return 0;
}

static long tmp_create(struct rt_vnode *dir, const char *name, size_t bytes,
		       const struct rt_vnode *init, const char *target,
		       uint64_t *ino)
{
	struct rt_vnode *v;
	struct entry *e;
	char *copy = NULL;
	long err;

	if (!name)
		return create_nameless(dir, init, ino);
	if (fs_of(of(dir))->names >= names_most())
		return -ENOSPC;
	e = new_entry(of(dir), name, bytes);
	if (!e)
		return -ENOSPC;
	if (target) {
		copy = __rt_malloc(strlen(target) + 1);
		if (!copy)
			goto free_entry;
		strcpy(copy, target);
	}
	err = new_vnode(dir->mount, init, &v);
	if (err)
		goto free_entry;
	*ino = v->ino;
	of(v)->target = copy;
	v->size = target ? strlen(target) : 0;
	v->nlink = 1;
	if (S_ISDIR(v->mode)) {
		v->nlink = 2;
		of(v)->parent = of(dir);
		dir->nlink++;
	}
	insert(of(dir), e, of(v)); /* with the reference */
	return 0;

free_entry:
	__rt_free(copy);
	__rt_free(e);
	return -ENOSPC;
}

static long tmp_link(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode *v)
{
	struct entry *e = NULL;

	if (fs_of(of(dir))->names < names_most())
		e = new_entry(of(dir), name, bytes);
	if (!e)
		return -ENOSPC;
	v->nlink++;
	insert(of(dir), e, of(__rt_vnode_hold(v)));
	v->ctime = dir->ctime;
	return 0;
}

static void lost_name(struct rt_vnode *dir, struct rt_vnode *v)
{
	if (S_ISDIR(v->mode)) {
		dir->nlink--;
		v->nlink = 0;
	} else {
		v->nlink--;
	}
	__rt_now(&v->ctime);
	__rt_vnode_put(v);
}

static long tmp_unlink(struct rt_vnode *dir, const char *name, size_t bytes,
		       struct rt_vnode *v)
{
	if (of(v)->entries)
		return -ENOTEMPTY;
	delete_entry(of(dir), find(of(dir), name, bytes));
	lost_name(dir, v);
	return 0;
}

static void moved(struct rt_vnode *v, struct rt_vnode *from,
		  struct rt_vnode *to)
{
	if (S_ISDIR(v->mode)) {
		of(v)->parent = of(to);
		from->nlink--;
		to->nlink++;
	}
	__rt_now(&v->ctime);
}

static long tmp_rename(struct rt_vnode *dir, const char *name, size_t bytes,
		       struct rt_vnode *v, struct rt_vnode *new_dir,
		       const char *new_name, size_t new_bytes,
		       struct rt_vnode *over, int exchange)
{
	struct entry *e = find(of(dir), name, bytes), *new;

	if (over && !exchange && of(over)->entries)
		return -ENOTEMPTY;
	new = over ? find(of(new_dir), new_name, new_bytes)
		   : new_entry(of(new_dir), new_name, new_bytes);
	if (!new)
		return -ENOSPC;
	if (exchange && over) {
		new->v = of(v);
		e->v = of(over);
		moved(v, dir, new_dir);
		moved(over, new_dir, dir);
		changed(of(dir));
		changed(of(new_dir));
		return 0;
	}
	if (over)
		new->v = of(v);
	else
		insert(of(new_dir), new, of(v));
	changed(of(new_dir));
	delete_entry(of(dir), e);
	moved(v, dir, new_dir);
	if (over)
		lost_name(new_dir, over);
	return 0;
}

static long tmp_statfs(struct rt_mount *mount, struct statfs *to)
{
	const struct tmpfs *fs = mount->fs;

	to->f_type = TMPFS_MAGIC;
	to->f_blocks = __rt_memory_total() / 2 / RT_PAGE_BYTES;
	to->f_bfree = to->f_bavail = __rt_pool_left();
	to->f_files = names_most();
	to->f_ffree = names_most() - fs->names;
	return 0;
}

static const struct rt_fs_ops tmpfs_ops = {
	.name = "tmpfs",
	.vnode_bytes = sizeof(struct tmp_vnode),
	.load = tmp_load,
	.evict = tmp_evict,
	.lookup = tmp_lookup,
	.readdir = tmp_readdir,
	.readlink = tmp_readlink,
	.create = tmp_create,
	.link = tmp_link,
	.unlink = tmp_unlink,
	.rename = tmp_rename,
	.seek = __rt_page_seek,
	.statfs = tmp_statfs,
};

long __rt_tmpfs_mount(struct rt_mount *mount)
{
	struct rt_vnode init = {.mode = S_IFDIR | 0755};
	struct tmpfs *fs = __rt_calloc(1, sizeof(*fs));
	long err;

	if (!fs)
		return -ENOMEM;
	fs->next_ino = 1;
	mount->ops = &tmpfs_ops;
	mount->fs = fs;
	__rt_now(&init.mtime);
	init.atime = init.ctime = init.mtime;
	err = new_vnode(mount, &init, &mount->root);
	if (err) {
		__rt_free(fs);
		return err;
	}
	mount->root->nlink = 2;
	of(mount->root)->parent = of(mount->root);
	return 0;
}
